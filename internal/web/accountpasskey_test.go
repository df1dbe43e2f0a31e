package web

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// A person with a real browser and a passkey: the account made, left, entered again, and proved.
func TestAPasskeyOpensAnAccount(t *testing.T) {
	b := browser.Start(t)
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		srv := httptest.NewServer(tn.handler)
		t.Cleanup(srv.Close)
		base := browser.Localhost(t, srv.URL)
		tn.People.RP.Origins = []string{base}
		tn.visitor(l).post("/sign-up", url.Values{"mail": {"mei@mail.example"}})
		_, _, link := tn.mailed()

		p := b.Page(t, base, browser.View{Lang: l})
		p.Allow("403") // asking for a proof is no success
		device := p.Passkey()
		p.Go(link)
		p.Click(say("Make a passkey on this device", "この端末でパスキーを作る"))
		p.Has(say("I have kept them", "保管しました"))
		p.Click(say("日本語", "English")) // the codes come along
		p.Has(say("保管しました", "I have kept them"))
		p.Click(say("English", "日本語"))
		p.Click(say("I have kept them", "保管しました"))
		p.Has(say("What stands before a report", "報告を送信できない理由"))
		if n := device.Count(); n != 1 {
			t.Errorf("the device keeps %d passkeys", n)
		}

		p.Go("/account")
		p.Click(say("Sign out", "サインアウト"))
		p.Has(say("You are signed out on this browser.", "このブラウザーからサインアウトしました。"))
		// The device takes the offer that waits in the field at once, without a click.
		p.Go("/sign-in?next=/account/tokens")
		p.WaitFor("#token")

		tn.wait(person.Lately + time.Minute)
		p.Go("/account/codes")
		p.Click(say("Make new codes", "新しいコードを発行する"))
		p.Has(say("Show that it is you", "ご本人の確認"))
		p.Click(say("Show my passkey", "パスキーで確認する"))
		p.Has(say("I have kept them", "保管しました"))

		tn.wait(person.Lately + time.Minute)
		device.Verify(false)
		p.Go("/account/passkeys/new")
		p.Click(say("Show my passkey", "パスキーで確認する"))
		p.Has(say("The passkey was not used", "パスキーを使用できませんでした"))
	})
}
