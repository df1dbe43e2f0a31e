package story

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/web"
)

// A clock is the product's time in a story that takes months. It runs on from where it is set, because
// sessions and ids want it to move.
type clock struct {
	mu  sync.Mutex // guards off
	off time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// set turns the clock to ten in the morning of a day in Japan.
func (c *clock) set(d calendar.Date) {
	at := d.Start(calendar.JST).Add(10 * time.Hour)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = time.Until(at)
}

// A till is a house in which money is paid.
type till struct {
	*house
	clock  *clock
	people map[string]web.DemoPerson
	who    map[string]access.Caller
}

// TestTheMoney takes three awards from their proposal to their end, in the browser: a resident is paid in
// yen, a non-resident with a treaty form in dollars, and one lets the month pass.
func TestTheMoney(t *testing.T) {
	b := browser.Start(t)
	t.Run("english on sqlite", func(t *testing.T) { openTill(t, b, lang.EN, "").pay() })
	t.Run("japanese on postgres", func(t *testing.T) { openTill(t, b, lang.JA, dbtest.PostgresURL(t)).pay() })
}

func openTill(t *testing.T, b *browser.Browser, l lang.Lang, database string) *till {
	t.Helper()
	c := &clock{}
	c.set(calendar.Of(2018, 9, 12))
	m := &till{clock: c, people: map[string]web.DemoPerson{}, who: map[string]access.Caller{}}
	m.house = openWith(t, b, "", l, app.Config{
		Database: database, Demo: true, Now: c.now, RateSource: "Example Bank, TTM",
		Originator: bankfile.Originator{
			ClientCode: "1234567890", NameKana: "カ）ヒノミ", Name: "Hinomi KK", Town: "Tokyo", Country: "JP", BIC: "DEMOJPJT",
			Bank:    bankfile.Bank{Code: "0001", NameKana: "レイ", Branch: "001", BranchNameKana: "ホンテン"},
			Account: bankfile.Account{Kind: bank.Ordinary, Number: "7654321"},
		},
	})
	m.app.Pages.DemoPeople = func(context.Context) ([]web.DemoPerson, error) {
		var all []web.DemoPerson
		for _, p := range m.people {
			all = append(all, p)
		}
		return all, nil
	}
	return m
}

func (m *till) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// add makes somebody, who is one click away from then on.
func (m *till) add(name string, kind access.Kind, roles ...access.Role) access.Caller {
	m.t.Helper()
	local := strings.ToLower(strings.Fields(name)[0])
	p, err := m.app.People.Add(m.t.Context(), access.Self, person.Newcomer{
		Kind: kind, Mail: local + "@till.example", Name: name, Lang: m.lang, Roles: roles, Password: "correct horse battery " + local, TOTP: []byte("01234567890123456789"),
	})
	m.must(err)
	m.people[name] = web.DemoPerson{ID: p.ID, Name: name}
	m.who[name] = p.Caller("")
	return m.who[name]
}

// guest makes a participant who may report.
func (m *till) guest(name, country string) access.Caller {
	m.t.Helper()
	ctx, who := m.t.Context(), m.add(name, access.Participant)
	m.must(m.app.Participants.SetProfile(ctx, who, participant.Form{Name: name, Lang: m.lang, Country: country, Born: "1990-04-01"}))
	terms, _ := m.app.Program.At(m.clock.now())
	answers := map[string]participant.Answer{}
	for _, c := range terms.Clauses() {
		if c.Kind == program.Qualification && c.Depth == 3 {
			answers[c.ID] = participant.Yes
		}
	}
	m.must(m.app.Participants.Declare(ctx, who, answers, m.lang))
	m.must(m.app.Participants.Accept(ctx, who, terms.ID, terms.Hash, m.lang))
	return who
}

// as opens a window in which somebody is signed in.
func (m *till) as(name string) *browser.Page {
	m.t.Helper()
	p := m.window(false)
	m.become(p, name)
	return p
}

// become signs somebody in: when the clock was turned, sessions have run out.
func (m *till) become(p *browser.Page, name string) {
	m.t.Helper()
	p.Go("/demo")
	p.Click(m.say("Sign in as "+name, name+" としてサインイン"))
}

// accepted is a report of somebody that was accepted for a reward.
func (m *till) accepted(name, place string) string {
	m.t.Helper()
	ctx, who, triager := m.t.Context(), m.who[name], m.who["Triager"]
	d, err := m.app.Reports.NewDraft(ctx, who, report.Submission{
		Title: "Stored script " + place, Target: "https://store.line.me/" + place, Reached: "web", Class: "xss", Found: "self", OthersData: "no",
		Steps: "1. Set the name.\n2. Look at the page " + place, Proof: "<script>alert(1)</script>", Impact: "It runs for every reader.",
	})
	m.must(err)
	r, err := m.app.Reports.Submit(ctx, who, d.ID, m.lang)
	m.must(err)
	for _, k := range []report.Decision{{Kind: report.ToTriaged, Reason: "Repeated."}, {Kind: report.ToAccepted, Clause: "3.1.ii", Reason: "Covered."}} {
		_, err = m.app.Reports.Decide(ctx, triager, r.ID, k)
		m.must(err)
	}
	return r.ID
}

// file keeps a text to be uploaded.
func (m *till) file(name, text string) string {
	m.t.Helper()
	path := filepath.Join(m.t.TempDir(), name)
	m.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// pay is the story.
func (m *till) pay() {
	m.add("Triager", access.Staff, access.Triager)
	m.add("Owner", access.Staff, access.Owner)
	m.add("Payer", access.Staff, access.Payer)
	m.add("Second", access.Staff, access.Payer)
	m.guest("Ann Suzuki", "JP")
	m.guest("Bob Weiss", "DE")
	m.guest("Cat Moran", "IE")
	triager, owner, payer := m.as("Triager"), m.as("Owner"), m.as("Payer")
	ids := map[string]string{}
	for name, place := range map[string]string{"Ann Suzuki": "one", "Bob Weiss": "two", "Cat Moran": "three"} {
		ids[name] = m.accepted(name, place)
		m.reward(triager, owner, ids[name])
	}
	awards := m.awards(payer, ids)
	for _, a := range awards {
		payer.Go("/desk/payments/" + a)
		if strings.Contains(payer.Text(), m.say("Ask for payment details", "支払情報を依頼する")) {
			payer.Click(m.say("Ask for payment details", "支払情報を依頼する"))
		}
		payer.Has(m.say("Payment details requested", "支払情報を依頼済み"))
	}
	payer.Accessible()
	m.give()
	m.clock.set(calendar.Of(2018, 10, 10))
	m.become(payer, "Payer")
	m.become(owner, "Owner")
	m.prepare(payer, awards)
	m.run(owner, payer, "JPY", awards["Ann Suzuki"], "¥50,988")
	m.run(owner, payer, "USD", awards["Bob Weiss"], "$500.00")
	m.lapse(owner, awards["Cat Moran"], ids["Cat Moran"])
	m.become(payer, "Payer")
	payer.Go("/desk/payments/ledger")
	payer.Has("−$500.00", "−¥50,988")
	payer.Accessible()
}

// awards waits until every approved award is a payment at the desk, and returns them by payee.
func (m *till) awards(payer *browser.Page, ids map[string]string) map[string]string {
	m.t.Helper()
	for range 100 { // they come by a message
		payer.Go("/desk/payments?view=all")
		if payer.Count("[data-row]") == len(ids) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	payer.Accessible()
	awards := map[string]string{}
	for name, id := range ids {
		path := browser.Eval[string](payer, `[...document.querySelectorAll("[data-row] a")].find((a) => a.textContent === "`+id+`").getAttribute("href")`)
		awards[name] = strings.TrimPrefix(path, "/desk/payments/")
	}
	return awards
}

// give lets two of the three say where they are paid.
func (m *till) give() {
	ann := m.as("Ann Suzuki")
	ann.Go("/account/payments")
	for field, value := range map[string]string{"kana": "スズキ アン", "street": "1-1", "town": "Tokyo", "phone": "03", "bank": "0005", "branch": "123", "number": "1234567", "holder_kana": "スズキ アン"} {
		ann.Fill("#f-"+field, value)
	}
	ann.Check("#f-own")
	ann.Click(m.say("Give these payment details", "支払情報を提出する"))
	ann.Has("0005-123 ****567")
	bob := m.as("Bob Weiss")
	bob.Go("/account/payments?account=abroad")
	for field, value := range map[string]string{"street": "Allee 1", "town": "Berlin", "phone": "49", "bic": "DEUTDEFF", "iban": "DE89 3704 0044 0532 0130 00", "holder": "Bob Weiss"} {
		bob.Fill("#f-"+field, value)
	}
	bob.Check("#f-own")
	bob.Click(m.say("Give these payment details", "支払情報を提出する"))
	bob.Has("DEUTDE ****000")
}

// prepare makes both payments ready: lists, rates by two people, categories, screening, amounts.
func (m *till) prepare(payer *browser.Page, awards map[string]string) {
	m.t.Helper()
	payer.Go("/desk/payments/lists")
	payer.Fill("#f-list", "own")
	payer.Upload("#f-files", m.file("own.csv", "name,aliases,birth date,country,note\nIvan Groznij,,1930,RU,test\n"))
	payer.Click(m.say("Load the list", "リストを読み込む"))
	payer.Has(m.say("fresh", "有効"))
	payer.Accessible()
	second := m.as("Second")
	for _, r := range [][3]string{{"TTM", "2018-09-28", "113.57"}, {"TTB", "2018-10-10", "112.05"}} {
		for _, p := range []*browser.Page{payer, second} {
			p.Go("/desk/payments/rates?kind=" + r[0])
			browser.Eval[any](p, `document.querySelector("#f-day").value = "`+r[1]+`"`)
			p.Fill("#f-value", r[2])
			p.Click(m.say("Type the rate", "レートを入力する"))
		}
	}
	second.Go("/desk/payments/rates?year=2018")
	second.Has("113.57", "2018-09-28")
	second.Accessible()
	m.tax(payer, awards["Ann Suzuki"], "resident_fee", "Income Tax Act 204(1)(i)", "", "")
	m.tax(payer, awards["Bob Weiss"], "nonresident", "Income Tax Act 161, 212", "0", "2018-10-09")
	for _, name := range []string{"Ann Suzuki", "Bob Weiss"} {
		payer.Go("/desk/payments/" + awards[name])
		payer.Click(m.say("Screen the payee", "制裁リストと照合する"))
		payer.Click(m.say("Set the amount", "金額を確定する"))
		payer.Has(m.say("Ready to be paid", "支払可能"))
	}
	payer.Click(m.say("View the account unmasked", "口座情報をすべて表示する"))
	payer.Fill("#f-why", m.say("The bank asked", "銀行からの照会"))
	payer.Click(m.say("View the account", "口座情報を表示する"))
	payer.Has("DE89370400440532013000")
}

func (m *till) tax(p *browser.Page, award, category, head, treaty, form string) {
	m.t.Helper()
	p.Go("/desk/payments/" + award)
	p.Click("#tax summary")
	p.Click("#tax [name=category][value=" + category + "]")
	p.Fill("#f-head", head)
	browser.Eval[any](p, `document.querySelector("#f-from").value = "2018-01-01"`)
	p.Fill("#f-treaty", treaty)
	browser.Eval[any](p, `document.querySelector("#f-form_day").value = "`+form+`"`)
	p.Click("#tax button")
	p.Has(head)
}

// run pays what is ready in a currency: the owner proposes, the payer releases.
func (m *till) run(owner, payer *browser.Page, currency, award, net string) {
	m.t.Helper()
	owner.Go("/desk/payments/runs")
	browser.Eval[any](owner, `document.querySelector("#day-`+currency+`").value = "2018-10-10"`)
	owner.Click(map[string]string{
		"JPY": m.say("Propose a run in yen", "円の支払処理を提案する"), "USD": m.say("Propose a run in dollars", "ドルの支払処理を提案する"),
	}[currency])
	owner.Click(m.say("Check the run", "支払処理を確認する"))
	owner.Has(net)
	owner.Accessible()
	payer.Go(owner.Path())
	payer.Allow("422")
	payer.Fill("#f-approve_count", "2")
	payer.Click(m.say("Approve the run of "+net, net+" の支払処理を承認する"))
	payer.Has(m.say("Type the number of payments in this run, 1, to go on.", "続けるには、この支払処理の件数（1）を入力してください。"))
	payer.Fill("#f-approve_count", "1")
	payer.Click(m.say("Approve the run of "+net, net+" の支払処理を承認する"))
	payer.Fill("#f-lock_count", "1")
	payer.Click(m.say("Lock the run of "+net, net+" の支払処理を確定する"))
	if b, err := os.ReadFile(payer.Download(m.say("Take the file for the bank", "銀行用ファイルを出力する"))); err != nil || len(b) < 300 {
		m.t.Errorf("the file has %d bytes (%v)", len(b), err)
	}
	payer.Fill("#f-sent_count", "1")
	payer.Click(m.say("The bank has the file", "銀行に送付済みとする"))
	payer.Fill("#f-settle_count", "1")
	payer.Click(m.say("Put the bank’s answer on record", "結果を登録する"))
	payer.Has(m.say("credited", "入金"))
	payer.Go("/desk/payments/" + award)
	payer.Has(m.say("Paid", "支払済み"), net)
}

// lapse lets the month of the third pass: the product proposes, a person decides, and the participant
// reads it with the clause.
func (m *till) lapse(owner *browser.Page, award, id string) {
	m.t.Helper()
	row, err := m.app.Payouts.Row(m.t.Context(), access.Self, award)
	m.must(err)
	for _, before := range []int{14, 3, 0, -1} {
		m.clock.set(row.LastDay.Add(-before))
		m.must(m.app.Payouts.Tick(m.t.Context())) // the loop looks every ten minutes
	}
	m.become(owner, "Owner")
	owner.Go("/desk/payments?view=decide")
	owner.Has(id)
	owner.Go("/desk/payments/" + award)
	owner.Has(m.say("Proposed: The right counts as waived (6.5)", "提案：権利放棄とみなす（6.5）"))
	owner.Fill("#f-answer", m.say("Delivered, and reminded three times.", "到達済み。3回お知らせ済み。"))
	end := m.say("Agree, end the payment of $500.00", "同意し、$500.00 の支払いを終了する")
	owner.Click(end)
	owner.Click(m.say("This ends the payment. Go on?", "支払いが終了します。実行しますか？"))
	owner.Has(m.say("Waived (terms 6.5)", "放棄（規約6.5）"))
	cat := m.as("Cat Moran")
	cat.Go("/account/payments")
	cat.Has(m.say("Waived (terms 6.5)", "放棄（規約6.5）"), m.say("Delivered, and reminded three times.", "到達済み。3回お知らせ済み。"))
	cat.Accessible()
}
