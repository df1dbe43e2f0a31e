package story

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/lang"
)

// An event is sent by the API; the alert is read and marked; a rule is written, with a mistake first, tried
// and set live; and it rings.
func TestFromAnEventToABetterRule(t *testing.T) {
	b := browser.Start(t)
	t.Run("english", func(t *testing.T) { open(t, b, "", lang.EN, "").watch() })
	t.Run("japanese", func(t *testing.T) { open(t, b, "", lang.JA, "").watch() })
}

const nightRule = `title: A message of an assistant
name: assistant_message
level: medium
logsource: {product: hinomi, service: events}
detection:
  said: {type: message, actor_kind: assistant}
  condition: sad
`

func (h *house) watch() {
	hana := h.staff("hana@desk.example", access.Responder)
	send := h.token(hana)
	h.engine()
	send("friend_request", 1)
	hana.Go("/desk/alerts")
	hana.WaitFor(".alerts .title a") // by itself, when the alert comes
	hana.Has("contact_without_consent", "u-reached")
	hana.Accessible()
	hana.Click(".alerts .title a")
	hana.Has(h.say("rang here", "ここで検知"), "friend_request")
	hana.Accessible()
	hana.Check(h.say("False alarm: nothing is wrong", "誤検知：問題はない"))
	hana.Allow("status of 422") // the browser logs what is refused
	hana.Click(h.say("Save the mark", "判定を保存"))
	hana.Has(h.say("Say why this is a false alarm", "誤検知と判断した理由を書いてください"))
	hana.Fill(h.say("Reason", "理由"), h.say("Our own test account", "自社の試験用アカウント"))
	hana.Click(h.say("Save the mark", "判定を保存"))
	hana.Has(h.say("Marked as a false alarm.", "「誤検知」と判定しました。"))
	hana.Go("/desk/alerts?view=false")
	hana.Has("contact_without_consent")

	send("message", 1)
	hana.Go("/desk/rules/new")
	hana.Fill(h.say("File", "ファイル名"), "night")
	hana.Fill(h.say("Text", "内容"), nightRule)
	hana.Click(h.say("Check and try", "検査して試す"))
	hana.WaitFor(".complaints")
	hana.Has(h.say("line 7, column 14", "7行14文字目"), "said")
	hana.Accessible()
	hana.Fill(h.say("Text", "内容"), strings.Replace(nightRule, "sad", "said", 1))
	hana.Click(h.say("Check and try", "検査して試す"))
	hana.WaitFor("#trial")
	hana.Has(h.say("No mistake.", "誤りはありません。"), h.say("1 alert", "1件のアラート"))
	hana.Check("#f-state") // live
	hana.Click(h.say("Save the new file", "新しいファイルを保存"))
	hana.Has(h.say("night.yml is saved.", "night.yml を保存しました。"), "assistant_message")
	hana.Accessible()
	h.engine()
	send("message", 2)
	hana.Go("/desk/alerts?rule=assistant_message")
	hana.WaitFor(".alerts .title a")
	for _, path := range []string{"/desk/rules", "/desk/stream"} {
		hana.Go(path)
		hana.Accessible()
	}
}

// engine waits until the engine runs with all rules as they are.
func (h *house) engine() {
	h.t.Helper()
	for range 300 {
		s, err := h.app.Watch.Status(h.t.Context(), access.Self)
		if err != nil {
			h.t.Fatal(err)
		}
		if s.Holder != "" && !s.Waiting && s.Replay == nil && !s.At.IsZero() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatal("the engine does not run")
}

// token makes a token for events on the page for it, and returns what sends an event of a type with it.
func (h *house) token(p *browser.Page) func(kind string, n int) {
	h.t.Helper()
	p.Go("/account/tokens")
	p.Fill("#f-token_name", "gateway")
	p.Click(`[name=scopes][value="event.send"]`)
	p.Fill("#f-sources", "chat")
	p.Click(h.say("Make the token", "トークンを発行する"))
	p.WaitFor(".receipt pre")
	token := browser.Eval[string](p, `document.querySelector(".receipt pre").textContent`)
	return func(kind string, n int) {
		h.t.Helper()
		event := fmt.Sprintf(`{"specversion":"1.0","id":"%s-%d","source":"chat/1","type":"%s","time":%q,"data":{"actor":"a-lamp","actor_kind":"assistant","target":"u-reached","region":"JP"}}`,
			kind, n, kind, h.app.Config.Now().UTC().Format(time.RFC3339Nano))
		r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.origin+"/api/v1/events", strings.NewReader(event))
		if err != nil {
			h.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/cloudevents+json")
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			h.t.Fatalf("sending an event: %d %v", res.StatusCode, err)
		}
	}
}
