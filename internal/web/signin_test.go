package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

func TestSigningInWithPasswordAndCode(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		tn.keyed("mei")
		tn.keyed("sato", access.Triager)
		v := tn.visitor(l)
		has(t, v.get("/sign-in?next=/reports/new"), 200, say("Sign in with a passkey", "パスキーでサインイン"), `autocomplete="username webauthn"`, `value="/reports/new"`)

		form := url.Values{"next": {"/account/access"}, "mail": {"mei@mail.example"}, "password": {"wrong words on paper"}, "code": {tn.code()}}
		w := v.post("/sign-in", form)
		has(t, w, 403, say("Not signed in.", "サインインできませんでした。"), `value="mei@mail.example"`, `value="/account/access"`)
		lacks(t, w, "wrong words", form.Get("code"))
		form.Set("password", goodPassword)
		form.Set("code", tn.code())
		has(t, v.follow(v.post("/sign-in", form), "/account/access"), 200)
		if w := v.get("/sign-in"); w.Header().Get("Location") != "/reports" {
			t.Errorf("signed in, the page leads to %q", w.Header().Get("Location"))
		}

		desk := tn.visitor(l)
		w = desk.post("/sign-in", url.Values{"next": {"https://evil.example/"}, "mail": {"sato@mail.example"}, "password": {goodPassword}, "code": {tn.code()}})
		if w.Code != 303 || w.Header().Get("Location") != "/desk" {
			t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
		}
	})
}

// Whether an address has an account cannot be told from an answer.
func TestAnswersDoNotTellWhoHasAnAccount(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		tn.keyed("mei")
		for _, path := range []string{"/sign-up", "/sign-in/help"} {
			known := tn.visitor(l).post(path, url.Values{"mail": {"mei@mail.example"}})
			unknown := tn.visitor(l).post(path, url.Values{"mail": {"nobody@mail.example"}})
			if known.Code != 303 || known.Code != unknown.Code || known.Header().Get("Location") != unknown.Header().Get("Location") {
				t.Errorf("%s: %d %q for one who is known, %d %q for one who is not", path,
					known.Code, known.Header().Get("Location"), unknown.Code, unknown.Header().Get("Location"))
			}
			has(t, tn.visitor(l).get(known.Header().Get("Location")), 200, say("Look into your mail", "メールをご確認ください"))
		}
		page := func(mail string) string {
			w := tn.visitor(l).post("/sign-in", url.Values{"mail": {mail}, "password": {"wrong words on paper"}, "code": {"000000"}})
			return strings.ReplaceAll(w.Body.String(), mail, "…")
		}
		if a, b := page("mei@mail.example"), page("nobody@mail.example"); a != b {
			t.Errorf("signing in tells who has an account:\n%s\n\n%s", a, b)
		}
		has(t, tn.visitor(l).post("/sign-up", url.Values{"mail": {"no address"}}), 422, `id="f-mail-wrong"`)
	})
}

func TestTooManyTriesAreAnsweredInPlace(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		tn.keyed("mei")
		v := tn.visitor(l)
		form := url.Values{"mail": {"mei@mail.example"}, "password": {"wrong words on paper"}, "code": {"000000"}}
		w := v.post("/sign-in", form)
		for range 8 {
			if w.Code != http.StatusForbidden {
				break
			}
			w = v.post("/sign-in", form)
		}
		has(t, w, 429, say("There were too many wrong tries", "入力の誤りが続いたため"), say("Sign in with a passkey", "パスキーでサインイン"), `value="mei@mail.example"`)
		if w.Header().Get("Retry-After") == "" {
			t.Error("it does not say when to come back")
		}
		for range 5 {
			w = v.post("/sign-up", url.Values{"mail": {"many@mail.example"}})
		}
		has(t, w, 429, `value="many@mail.example"`, say("Send me a link", "リンクを送る"))
	})
}

func TestAKeptFormComesThroughSigningIn(t *testing.T) {
	tn := newTown(t)
	tn.keyed("mei")
	v := tn.visitor(lang.JA)
	w := v.post("/account", url.Values{"name": {"佐藤 芽衣さんの長いお名前、どこまでも"}, "writes": {"ja"}})
	has(t, w, 401)
	action, fields := hidden(t, w)
	w = v.post(action, fields)
	has(t, w, 200, "入力内容は保持されています", "パスキーでサインイン")
	form := url.Values{"kept": {value(t, w, "kept")}, "mail": {"mei@mail.example"}, "password": {goodPassword}, "code": {"000000"}}
	w = v.post("/sign-in", form)
	has(t, w, 403, "サインインできませんでした")
	form.Set("kept", value(t, w, "kept"))
	form.Set("code", tn.code())
	w = v.post("/sign-in", form)
	has(t, w, 200, "入力内容を送信する", "サインインしています。")
	action, fields = hidden(t, w)
	has(t, v.follow(v.post(action, fields), "/account"), 200, "どこまでも")
}

func TestAPasskeyWithoutScriptSaysWhatToDo(t *testing.T) {
	tn := newTown(t)
	has(t, tn.visitor(lang.EN).post("/sign-in/passkey", nil), 422, "Your browser was not asked for a passkey")
	has(t, tn.visitor(lang.JA).post("/sign-in/passkey", url.Values{"ceremony": {"x"}, "credential": {"{}"}}), 403, "パスキーを確認できませんでした")
	w := tn.visitor(lang.EN).post("/sign-in/begin", nil, header("Accept", "application/json"))
	has(t, w, 200, `"id":`, `"publicKey":`)
}

func TestAParticipantComesInByALink(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.visitor(l)
		v.post("/sign-up", url.Values{"mail": {"mei@mail.example"}})
		_, _, link := tn.mailed()
		has(t, v.get(link), 200, "mei@mail.example", say("Make a passkey on this device", "この端末でパスキーを作る"), `data-passkey="register"`)
		w := v.get(link + "/password")
		has(t, w, 200, `<svg class="qr"`)
		form := url.Values{
			"secret": {value(t, w, "secret")}, "sealed": {value(t, w, "sealed")}, "uri": {value(t, w, "uri")},
			"password": {goodPassword}, "new_code": {"000000"},
		}
		w = v.post(link+"/password", form)
		has(t, w, 422, `id="f-new_code-wrong"`, form.Get("secret"))
		lacks(t, w, goodPassword)
		form.Set("new_code", tn.totp(form.Get("secret")))
		w = v.post(link+"/password", form)
		has(t, w, 200, say("I have kept them", "保管しました"), `href="/account/participation"`, `href="/account"`)
		codes := value(t, w, "codes")
		other := say("ja", "en")
		has(t, v.post("/account/codes?keep&lang="+other, url.Values{"codes": {codes}, "next": {"/account/participation"}}), 200, strings.Fields(codes)[9], `href="/account/participation"`)
		lacks(t, v.get("/account/codes?lang="+string(l)), strings.Fields(codes)[0])
		has(t, v.get("/account/participation"), 200, say("What stands before a report", "報告を送信できない理由"))
		has(t, v.get(link), 404, say("This link does not work any more", "このリンクは使用済みか"))
	})
}

func TestALostPasswordIsReset(t *testing.T) {
	tn := newTown(t)
	tn.keyed("mei")
	old := tn.as(person.Person{ID: tn.idOf("mei@mail.example")}, lang.EN)
	v := tn.visitor(lang.EN)
	v.post("/sign-in/help", url.Values{"mail": {"mei@mail.example"}})
	_, _, link := tn.mailed()
	has(t, v.get(link), 200, "Set a new way to sign in", `name="code"`)
	lacks(t, v.get(link+"/password"), `<svg class="qr"`) // the app stays, and is asked for
	form := url.Values{"password": {"entirely other words"}, "code": {"000000"}}
	has(t, v.post(link+"/password", form), 403, `id="f-code-wrong"`)
	form.Set("code", tn.code())
	w := v.post(link+"/password", form)
	has(t, w, 200, "I have kept them") // there were no recovery codes
	if w := old.get("/account"); w.Code != 303 {
		t.Errorf("the old session goes on: %d", w.Code)
	}
}

func (tn *town) idOf(mail string) string {
	tn.t.Helper()
	all, err := tn.People.List(tn.t.Context(), access.Self, person.Query{Text: mail})
	tn.ok(err)
	return all[0].ID
}

func TestStaffComeInByInvitation(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		boss := tn.as(tn.add("boss", access.Admin), l)
		has(t, boss.post("/desk/people/invite", url.Values{"mail": {"sato@mail.example"}, "writes": {"ja"}}), 422)
		form := url.Values{"mail": {"sato@mail.example"}, "roles": {"triager", "auditor"}, "writes": {"ja"}}
		has(t, boss.follow(boss.post("/desk/people/invite", form), "/desk/people"), 200, "sato@mail.example", say("Take the invitation back", "取り消す"))
		template, to, link := tn.mailed()
		if template != "invite" || to != "sato@mail.example" {
			t.Errorf("%s to %s", template, to)
		}
		v := tn.visitor(l)
		has(t, v.get(link), 200, say("Welcome to the desk", "運営へようこそ"), say("triager", "トリアージ担当"), `name="name"`)
		w := v.get(link + "/password")
		enter := url.Values{"secret": {value(t, w, "secret")}, "sealed": {value(t, w, "sealed")}, "password": {goodPassword}}
		enter.Set("new_code", tn.totp(enter.Get("secret")))
		has(t, v.post(link+"/password", enter), 422, `id="f-name-wrong"`)
		enter.Set("name", "佐藤 遥")
		has(t, v.post(link+"/password", enter), 200, `href="/desk"`)
		has(t, v.get("/account"), 200, say("auditor", "監査"))

		boss.post("/desk/people/invite", url.Values{"mail": {"abe@mail.example"}, "roles": {"board"}, "writes": {"ja"}})
		_, _, link = tn.mailed()
		id := value(t, boss.get("/desk/people"), "invitation")
		has(t, boss.follow(boss.post("/desk/people/invitations/cancel", url.Values{"invitation": {id}}), "/desk/people"), 200)
		has(t, tn.visitor(l).get(link), 404)
	})
}
