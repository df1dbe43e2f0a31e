package web

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// conditionIDs are the conditions of the terms in force.
var conditionIDs = []string{"2.1.i", "2.1.ii", "2.1.iii", "2.1.iv", "2.1.v"}

func answers(a string, l lang.Lang) url.Values {
	form := url.Values{"shown": {string(l)}}
	for _, id := range conditionIDs {
		form.Set(id, a)
	}
	return form
}

func TestTakingPart(t *testing.T) {
	const path = "/account/participation"
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.as(tn.add("mei"), l)
		w := v.get(path)
		has(t, w, 200, `href="#f-country"`, `href="#f-2.1.iii"`, `href="#terms"`, say("The participant is an adult.", "成年に達していることが必要です。"), `/terms/2017-04-10#c-2.1.i`)
		terms := url.Values{"terms": {value(t, w, "terms")}, "hash": {value(t, w, "hash")}, "shown": {string(l)}}

		profile := url.Values{"name": {"佐藤 芽衣"}, "country": {"JP"}, "born": {"yesterday"}}
		has(t, v.post(path+"/profile", profile), 422, `id="f-born-wrong"`)
		profile.Set("born", "1990-04-01")
		w = v.follow(v.post(path+"/profile", profile), path)
		has(t, w, 200, `value="1990-04-01"`, say(">Japan</option>", ">日本</option>"))
		lacks(t, w, `href="#f-country"`)

		has(t, v.post(path+"/declare", url.Values{"shown": {string(l)}, "2.1.i": {"perhaps"}}), 422)
		form := answers("yes", l)
		form.Set("2.1.iii", "ask")
		has(t, v.follow(v.post(path+"/declare", form), path), 200, `href="#f-2.1.iii"`)
		has(t, v.post(path+"/accept", terms), 422, say("Tick that you", "チェックを入れて"))
		terms.Set("agree", "yes")
		changed := url.Values{"terms": terms["terms"], "hash": {"00"}, "shown": {string(l)}, "agree": {"yes"}}
		has(t, v.post(path+"/accept", changed), 409, say("The terms have changed", "規約が変わりました"))
		has(t, v.follow(v.post(path+"/accept", terms), path), 200, say("here", "この画面"))

		// The desk answers the question; then nothing is missing.
		owner := tn.as(tn.add("owner", access.Owner), l)
		id := tn.idOf("mei@mail.example")
		has(t, owner.get("/desk/people?view=asked"), 200, "佐藤 芽衣", say("asks the desk", "確認したい"))
		has(t, owner.get("/desk/people/"+id), 200, say("May take part", "参加を認める"), say("Japan", "日本"))
		has(t, owner.post("/desk/people/"+id+"/admit", url.Values{"clause": {"2.1.iii"}, "admit": {"yes"}}), 422)
		admit := url.Values{"clause": {"2.1.iii"}, "admit": {"yes"}, "reason": {"That project ended in 2015."}}
		w = owner.follow(owner.post("/desk/people/"+id+"/admit", admit), "/desk/people/"+id)
		has(t, w, 200, "That project ended in 2015.")
		lacks(t, w, say("May take part", "参加を認める"))
		has(t, v.get(path), 200, say("Nothing is missing", "手続きはすべて完了しています"), "That project ended in 2015.", say("admitted by the desk", "運営が参加を承認"))
	})
}

// photoForm is a form with a picture of one colour.
func photoForm(t *testing.T, path string, fields url.Values) *http.Request {
	t.Helper()
	var body, pic bytes.Buffer
	if err := png.Encode(&pic, image.NewGray(image.Rect(0, 0, 600, 300))); err != nil {
		t.Fatal(err)
	}
	m := multipart.NewWriter(&body)
	for name := range fields {
		_ = m.WriteField(name, fields.Get(name))
	}
	f, err := m.CreateFormFile("photo", "me.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(pic.Bytes())
	_ = m.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return r
}

func TestCreditIsAskedForPostedAndTakenBack(t *testing.T) {
	const path, desk = "/account/credit", "/desk/credit"
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v, stranger := tn.as(tn.add("mei"), l), tn.as(tn.add("stranger"), l)
		owner := tn.as(tn.add("owner", access.Owner), l)
		has(t, v.get(path), 200, say("the company decides whether to post", "掲載するかどうかは会社が決めます"), "c-12.1")
		has(t, owner.get(desk), 200, say("Nothing waits.", "承認待ちはありません。"))

		yes := url.Values{"shown": {string(l)}, "warranty": {"yes"}}
		has(t, v.post(path+"/name", url.Values{"shown": {string(l)}}), 422)
		has(t, v.follow(v.post(path+"/name", yes), path), 200, say("waits for the company", "運営の承認待ち"))
		has(t, v.post(path+"/alias", yes), 422, `id="f-alias-wrong"`)
		has(t, v.post(path+"/photo", yes), 422, `id="f-photo-wrong"`)
		has(t, v.follow(v.send(photoForm(t, path+"/photo", yes)), path), 200, `src="/account/credit/photo/`)

		w := owner.get(desk)
		has(t, w, 200, "mei", `<span class="count">2</span>`)
		_, rest, _ := strings.Cut(w.Body.String(), `src="/desk/credit/photo/`)
		photo, _, _ := strings.Cut(rest, `"`)
		if p := owner.get("/desk/credit/photo/" + photo); p.Code != 200 || p.Header().Get("Content-Type") != "image/png" {
			t.Errorf("the photo: %d %s", p.Code, p.Header().Get("Content-Type"))
		}
		_, consent, _ := strings.Cut(photo, "/")
		has(t, v.get("/account/credit/photo/"+consent), 200, "PNG")
		has(t, stranger.get("/account/credit/photo/"+consent), 404)
		has(t, stranger.post(path+"/photo/revoke", url.Values{"consent": {consent}}), 404)

		has(t, owner.post(desk+"/decline", url.Values{"consent": {consent}}), 422)
		owner.follow(owner.post(desk+"/decline", url.Values{"consent": {consent}, "decline_reason": {"A face is needed."}}), desk)
		has(t, v.get(path), 200, "A face is needed.", say("not posted", "掲載見送り"))
		name := value(t, owner.get(desk), "consent")
		has(t, owner.follow(owner.post(desk+"/approve", url.Values{"consent": {name}}), desk), 200, say("Take down", "取り下げる"))
		has(t, v.get(path), 200, say("posted", "掲載中"))

		special := url.Values{"special": {"mei"}, "year": {"2020"}, "why": {"helped"}}
		has(t, owner.follow(owner.post(desk+"/special", special), desk), 200, "helped")
		has(t, owner.post(desk+"/special", url.Values{"special": {"nobody"}, "year": {"2020"}, "why": {"x"}}), 422, `id="f-special-wrong"`)
		has(t, owner.post(desk+"/special", url.Values{"special": {"mei"}, "year": {"2099"}, "why": {"x"}}), 422, `id="f-year-wrong"`)
		gone := url.Values{"person": {tn.idOf("mei@mail.example")}, "year": {"2020"}}
		lacks(t, owner.follow(owner.post(desk+"/unspecial", gone), desk), "helped")

		owner.follow(owner.post(desk+"/takedown", url.Values{"consent": {name}, "takedown_reason": {"Somebody complained."}}), desk)
		has(t, v.get(path), 200, "Somebody complained.", say("taken down", "掲載終了"))
		v.post(path+"/alias", url.Values{"shown": {string(l)}, "warranty": {"yes"}, "alias": {"火の玉"}})
		alias := value(t, v.get(path), "consent")
		has(t, v.follow(v.post(path+"/alias/revoke", url.Values{"consent": {alias}}), path), 200, say("taken back", "取り消し済み"))
		lacks(t, owner.get(desk), "火の玉")
	})
}

func TestLeaving(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.as(tn.keyed("mei"), l)
		has(t, v.get("/account/leave"), 200, say("What is destroyed", "破棄されるもの"), say("This cannot be undone.", "この操作は取り消せません。"))
		has(t, v.post("/account/leave", url.Values{"typed": {"yes"}}), 422, `id="f-typed-wrong"`)
		typed := url.Values{"typed": {say("leave the program", "退会する")}}

		holds := []lang.Text{{EN: "A report is open.", JA: "対応中の報告があります。"}}
		tn.Participants.Holds = fixed(holds)
		has(t, v.get("/account/leave"), 200, say("Your wish would wait", "手続きは保留されます"), holds[0].In(l))
		has(t, v.follow(v.post("/account/leave", typed), "/account/leave"), 200, holds[0].In(l), say("Stay after all", "退会をやめる"))
		has(t, v.follow(v.post("/account/stay", nil), "/account/leave"), 200, say("What is destroyed", "破棄されるもの"))

		tn.Participants.Holds = nil
		tn.wait(person.Lately + time.Minute)
		w := v.post("/account/leave", typed)
		has(t, w, 403, say("Show that it is you", "ご本人の確認"))
		w = v.post("/account/prove", url.Values{"kept": {value(t, w, "kept")}, "password": {goodPassword}, "code": {tn.code()}})
		has(t, w, 200, say("You have left", "退会しました"), `href="/sign-in"`)
		if w := v.get("/account"); w.Code != 303 {
			t.Errorf("the account is still there: %d", w.Code)
		}
	})
}

func TestTheDeskLooksAfterPeople(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		boss, sato := tn.add("boss", access.Admin), tn.add("sato", access.Triager)
		tn.add("mei")
		v, auditor := tn.as(boss, l), tn.as(tn.add("audit", access.Auditor), l)
		one := "/desk/people/" + sato.ID
		has(t, v.get("/desk/people"), 200, "sato@mail.example", say("Invite somebody", "メンバーを招待する"))
		has(t, v.get("/desk/people?view=participants&q=MEI"), 200, "mei@mail.example")
		has(t, v.get("/desk/people?view=participants&q=zzz"), 200, say("Nobody is called that.", "該当する人はいません。"))
		has(t, v.get("/desk/people?view=asked"), 200, say("Nobody waits for an answer.", "回答を待っている参加者はいません。"))
		has(t, v.get("/desk/people/"+boss.ID), 200, say("Nobody changes their own roles", "自分の役割や状態は変更できません"))

		has(t, v.follow(v.post(one+"/roles", url.Values{"roles": {"triager", "responder"}}), one), 200, `value="responder" checked`)
		has(t, v.post(one+"/roles", url.Values{"roles": {"admin", "payer"}}), 422)
		has(t, v.post(one+"/vouch", nil), 422, `id="f-how-wrong"`)
		v.follow(v.post(one+"/vouch", url.Values{"how": {"seen at the office"}}), one)
		if template, to, _ := tn.mailed(); template != "reset" || to != "sato@mail.example" {
			t.Errorf("%s to %s", template, to)
		}
		has(t, v.follow(v.post(one+"/disable", url.Values{"disable_reason": {"left"}}), one), 200, say("disabled", "無効"), say("Enable the account", "アカウントを有効にする"))
		has(t, v.follow(v.post(one+"/enable", url.Values{"enable_reason": {"back"}}), one), 200, say("active", "有効"))

		// Reading is not changing.
		w := auditor.get(one)
		has(t, w, 200, "sato@mail.example")
		lacks(t, w, "/disable", "/roles", "/vouch")
		lacks(t, auditor.get("/desk/people"), "/desk/people/invite")
		for _, path := range []string{"/roles", "/disable", "/enable", "/vouch", "/admit"} {
			has(t, auditor.post(one+path, url.Values{"roles": {"admin"}}), 403)
		}
		for _, path := range []string{"/desk/people", one, "/desk/credit"} {
			has(t, tn.as(sato, l).get(path), 403)
		}
	})
}

// A change to somebody else's account wants a proof, and is then made.
func TestRolesAreChangedAfterAProof(t *testing.T) {
	tn := newTown(t)
	v, sato := tn.as(tn.keyed("boss", access.Admin), lang.EN), tn.add("sato", access.Triager)
	tn.wait(person.Lately + time.Minute)
	one := "/desk/people/" + sato.ID
	w := v.post(one+"/roles", url.Values{"roles": {"board"}})
	has(t, w, 403, "Show that it is you")
	w = v.post("/account/prove", url.Values{"kept": {value(t, w, "kept")}, "password": {goodPassword}, "code": {tn.code()}})
	has(t, v.follow(w, one), 200, `value="board" checked`)
}

func TestADemonstrationLetsOnePickWhoToBe(t *testing.T) {
	tn := newTown(t)
	has(t, tn.visitor(lang.EN).get("/demo"), 404)
	sato, mei := tn.add("sato", access.Triager), tn.add("mei")
	tn.Demo, tn.Registry = true, nil
	tn.DemoPeople = func(context.Context) ([]DemoPerson, error) {
		return []DemoPerson{{ID: sato.ID, Name: "Sato Haruka", Role: "triager", Does: lang.Text{EN: "answers", JA: "対応"}}}, nil
	}
	tn.handler = tn.Handler()
	v := tn.visitor(lang.JA)
	has(t, v.get("/sign-in"), 200, `href="/demo"`)
	has(t, v.get("/demo"), 200, "Sato Haruka としてサインイン", "トリアージ担当")
	has(t, v.post("/demo/enter", url.Values{"person": {mei.ID}}), 404)
	has(t, v.get("/account"), 303)
	if w := v.post("/demo/enter", url.Values{"person": {sato.ID}}); w.Code != 303 || w.Header().Get("Location") != "/desk" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	has(t, v.get("/account"), 200, "sato")
	// A visitor keeps the language that their browser asks for, whatever sato's is.
	japanese := tn.visitor("")
	japanese.cookies = map[string]string{}
	ask := func(r *http.Request) { r.Header.Set("Accept-Language", "ja") }
	japanese.post("/demo/enter", url.Values{"person": {sato.ID}}, ask)
	has(t, japanese.get("/account", ask), 200, `<html lang="ja">`)
}

// fixed is a Holds that says always the same.
func fixed(all []lang.Text) func(context.Context, db.Querier, string) ([]lang.Text, error) {
	return func(context.Context, db.Querier, string) ([]lang.Text, error) { return all, nil }
}
