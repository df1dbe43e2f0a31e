package story

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
)

// A house is the product at work, with a browser in front of it and the binary beside it.
type house struct {
	t       *testing.T
	lang    lang.Lang
	app     *app.App
	browser *browser.Browser
	origin  string
	binary  string
}

func TestTheWholeStory(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hinomi")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "hinomi.dev/hinomi/cmd/hinomi")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	b := browser.Start(t)
	t.Run("english on sqlite", func(t *testing.T) { open(t, b, binary, lang.EN, "").play() })
	t.Run("japanese on postgres", func(t *testing.T) { open(t, b, binary, lang.JA, dbtest.PostgresURL(t)).play() })
	t.Run("japanese on sqlite", func(t *testing.T) { open(t, b, binary, lang.JA, "").play() })
	t.Run("english on postgres", func(t *testing.T) { open(t, b, binary, lang.EN, dbtest.PostgresURL(t)).play() })
}

func open(t *testing.T, b *browser.Browser, binary string, l lang.Lang, database string) *house {
	t.Helper()
	return openWith(t, b, binary, l, app.Config{Database: database})
}

// openWith opens the product as a configuration has it, on an address and in a directory of its own.
func openWith(t *testing.T, b *browser.Browser, binary string, l lang.Lang, cfg app.Config) *house {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := browser.Localhost(t, "http://"+ln.Addr().String()) // passkeys want a name
	cfg.Addr, cfg.Origin, cfg.DataDir, cfg.LogName = ln.Addr().String(), origin, t.TempDir(), "story.example/log"
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{t: t, lang: l, app: a, browser: b, origin: origin, binary: binary}
}

// say returns the words of the language the story is played in.
func (h *house) say(en, ja string) string { return lang.Text{EN: en, JA: ja}.In(h.lang) }

// window opens a window for one person.
func (h *house) window(dark bool) *browser.Page {
	return h.browser.Page(h.t, h.origin, browser.View{Lang: h.lang, Dark: dark})
}

// letter waits for the newest mail to an address and returns the link in it. It reads the mail where
// it lies before it leaves: no page shows a key.
func (h *house) letter(to string) string {
	h.t.Helper()
	for range 100 {
		var body string
		err := h.app.DB.Read().QueryRowContext(h.t.Context(), `
			SELECT body FROM mail WHERE to_address = $1 ORDER BY id DESC LIMIT 1`, to).Scan(&body)
		if err == nil {
			for word := range strings.FieldsSeq(body) {
				if rest, ok := strings.CutPrefix(word, h.origin); ok {
					return rest
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.t.Fatalf("no mail with a link came to %s", to)
	return ""
}

// enter opens the link of a mail and makes a passkey. Staff say their name there.
func (h *house) enter(p *browser.Page, mail, name string) {
	h.t.Helper()
	p.Passkey()
	p.Go(h.letter(mail))
	if name != "" {
		p.Fill("#f-name", name)
	}
	p.Click(h.say("Make a passkey on this device", "この端末でパスキーを作る"))
	p.Click(h.say("I have kept them", "保管しました"))
}

// staff invites somebody to the desk and lets them in.
func (h *house) staff(mail string, roles ...access.Role) *browser.Page {
	h.t.Helper()
	if err := h.app.People.Invite(h.t.Context(), access.Self, mail, roles, h.lang); err != nil {
		h.t.Fatal(err)
	}
	p := h.window(false)
	h.enter(p, mail, "Desk "+mail)
	return p
}

// participant signs up with a passkey, answers article 2 and accepts the terms.
func (h *house) participant(mail, name string) *browser.Page {
	h.t.Helper()
	p := h.window(false)
	p.Go("/sign-up")
	p.Accessible()
	p.Fill(h.say("Mail address", "メールアドレス"), mail)
	p.Click(h.say("Send me a link", "リンクを送る"))
	h.enter(p, mail, "")
	p.Go("/account/participation")
	p.Accessible()
	p.Fill(h.say("Name", "お名前"), name)
	browser.Eval[any](p, `document.querySelector("[name=country]").value = "JP"`)
	browser.Eval[any](p, `document.querySelector("[name=born]").value = "1990-04-01"`)
	p.Click(h.say("Save", "保存する"))
	browser.Eval[any](p, `document.querySelectorAll("#declare input[value=yes]").forEach((e) => e.click())`)
	p.Click(h.say("Answer", "回答する"))
	p.Check(h.say("I have read the terms and accept them.", "規約を読み、同意します。"))
	p.Click(h.say("Accept the terms", "規約に同意する"))
	p.Has(h.say("Nothing is missing", "手続きはすべて完了しています"))
	return p
}

// report sends a report with an attachment and returns its number.
func (h *house) report(p *browser.Page, title, steps string) string {
	h.t.Helper()
	p.Go("/reports/new")
	p.Click(h.say("Begin a report", "報告を書き始める"))
	p.Fill(h.say("Title", "件名"), title)
	p.Check(h.say("in a browser", "ブラウザー"))
	p.Fill(h.say("Target", "対象"), "https://store.line.me/")
	p.Click(h.say("Check the target against the terms", "対象が規約の範囲かを確認する"))
	p.Has(h.say("Covered.", "対象内です。"))
	browser.Eval[any](p, `(() => { const e = document.querySelector("[name=class]"); e.value = "xss"; e.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	p.Fill(h.say("Steps", "再現手順"), steps)
	p.Fill(h.say("Working proof", "動作する実証"), "```\n<script>alert(document.domain)</script>\n```")
	p.Fill(h.say("Impact", "影響"), h.say("The script runs in the reader's session.", "閲覧者のセッションでスクリプトが実行されます。"))
	p.Check(h.say("I found it myself", "自分で見つけた"))
	browser.Eval[any](p, `document.querySelector("[name=others_data][value=no]").click()`)
	proof := filepath.Join(h.t.TempDir(), "proof.html")
	if err := os.WriteFile(proof, []byte("<script>alert(1)</script>"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	p.Upload(h.say("Evidence", "証拠"), proof)
	p.WaitFor("#files .hash")
	p.Click(h.say("Send the report", "報告を送信する"))
	p.WaitFor(".receipt")
	p.Has(h.say("We have your report, all of it", "報告の全内容を"))
	return strings.TrimPrefix(p.Path(), "/reports/")
}

// verify lets the binary judge a file that somebody walked away with.
func (h *house) verify(file string) {
	h.t.Helper()
	c := exec.CommandContext(h.t.Context(), h.binary, "verify", "--log", h.origin+"/log", "--key", h.app.Receipts.Key.Verifier(), file)
	if out, err := c.CombinedOutput(); err != nil {
		h.t.Errorf("hinomi verify %s: %v\n%s", filepath.Base(file), err, out)
	}
}

// play is the story: two people report the same, one is the first.
func (h *house) play() {
	owner := h.staff("owner@desk.example", access.Owner)
	triager := h.staff("triager@desk.example", access.Triager)
	ann := h.participant("ann@example.com", "佐藤 あん")
	first := h.report(ann, h.say("Stored script in a profile name", "プロフィール名に保存されるスクリプト"),
		h.say("1. Set the profile name to a script.\n2. Open the profile as somebody else.", "1. プロフィール名にスクリプトを設定する。\n2. 別の人としてプロフィールを開く。"))
	h.verify(ann.Download(h.say("Download the signed receipt", "署名付き受領証を保存")))
	ben := h.participant("ben@example.com", "Ben Ō")
	second := h.report(ben, h.say("Script stored in the name of a profile", "プロフィールの名前に保存されるスクリプト"),
		h.say("1. Set the name of the profile to a script.\n2. Open the profile as somebody else.", "1. プロフィールの名前にスクリプトを設定する。\n2. 別の人としてプロフィールを開く。"))

	h.triage(triager, first)
	h.duplicate(triager, second, first)
	ben.Go("/reports/" + second)
	ben.Has(h.say("An earlier entry in the log describes the same vulnerability.", "同じ脆弱性を示す先の記録がログにあります。"))
	ben.Lacks(first)
	h.verify(ben.Download(h.say("Proof of the earlier entry", "先の記録の証明を保存")))

	h.reward(triager, owner, first)
	ann.Go("/reports/" + first)
	ann.Has("$500.00")
	h.fame(ann, owner, "佐藤 あん")
}

// triage looks at a report as a triager does: finds it in the queue, says it is real, writes, accepts.
func (h *house) triage(p *browser.Page, id string) {
	h.t.Helper()
	p.Go("/desk")
	p.Has(id)
	p.Go("/desk/reports/" + id)
	p.Click(h.say("Triage: it is real", "確認済みにする"))
	p.Fill("#f-say", h.say("Thank you. We could repeat it.", "ご報告ありがとうございます。再現を確認しました。"))
	p.Click("#compose button.primary")
	p.Click(h.say("Accept for a reward", "採用する（報奨金の対象）"))
	p.Has(h.say("Eligible", "報奨金の対象"))
}

// duplicate closes a report against an earlier one.
func (h *house) duplicate(p *browser.Page, id, original string) {
	h.t.Helper()
	p.Go("/desk/reports/" + id)
	p.Has(original) // it is proposed as the original
	p.Click("#duplicate summary")
	p.Fill("#f-duplicate_original", original)
	p.Click("[name=duplicate_one_fix][value=yes]")
	p.Fill("#f-duplicate_reason", h.say("Both write the name into the page without escaping.", "どちらも名前をエスケープせずに出力しています。"))
	p.Fill("#f-duplicate_would_change", h.say("Another place where it is written.", "別の出力箇所が示された場合。"))
	p.Click("#duplicate button.primary")
	p.Has(h.say("Duplicate", "重複"))
}

// reward proposes an amount, and somebody else approves it.
func (h *house) reward(triager, owner *browser.Page, id string) {
	h.t.Helper()
	triager.Go("/desk/reports/" + id)
	triager.Fill("#f-award_seriousness", h.say("Runs in every reader's session", "閲覧者全員のセッションで実行"))
	triager.Fill("#f-award_novelty", h.say("First of its kind here", "初めての報告"))
	triager.Click(h.say("Propose the reward", "報奨金を提案する"))
	triager.Lacks(h.say("Approve the reward of $500.00", "報奨金 $500.00 を承認する")) // nobody approves their own proposal
	owner.Go("/desk/awards")
	owner.Accessible()
	owner.Has(id)
	owner.Go("/desk/reports/" + id)
	owner.Click(h.say("Approve the reward of $500.00", "報奨金 $500.00 を承認する"))
	owner.Has(h.say("Approved", "承認済み"))
}

// fame lets somebody ask for their name, the owner post it, and everybody read it.
func (h *house) fame(p, owner *browser.Page, name string) {
	h.t.Helper()
	p.Go("/account/credit")
	p.Check("#f-warranty-name")
	p.Click(h.say("Ask to post my name", "お名前の掲載を希望する"))
	owner.Go("/desk/credit")
	owner.Has(name)
	owner.Click(h.say("Post it", "掲載する"))
	anybody := h.window(true)
	for range 50 { // the award reaches the hall by a message
		if anybody.Go("/hall-of-fame"); strings.Contains(anybody.Text(), name) {
			anybody.Accessible()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.t.Errorf("%s is not in the hall of fame", name)
}
