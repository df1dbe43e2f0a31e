package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
	"hinomi.dev/hinomi/internal/screening"
)

// A town is the application over real nouns and a database, with a clock that a test moves.
type town struct {
	*Server
	t       testing.TB
	handler http.Handler
	db      *db.DB
	log     *bytes.Buffer
	mu      sync.Mutex
	at      time.Time
}

const (
	goodPassword = "four words on paper"
	appSecret    = "12345678901234567890"
)

func newTown(t testing.TB) *town {
	t.Helper()
	d := dbtest.SQLite(t)
	tn := &town{t: t, db: d, log: &bytes.Buffer{}, at: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	prog, trail, limits := program.Default(), &audit.Log{DB: d, Now: tn.now}, &limit.Limits{Now: tn.now}
	people := &person.People{
		DB: d, Audit: trail, Now: tn.now, Limits: limits, Key: bytes.Repeat([]byte{7}, person.KeySize),
		RP: person.RelyingParty{ID: "localhost", Name: "Hinomi", Origins: []string{"http://localhost"}},
	}
	reports := report.New()
	reports.Colleague = people.Colleague
	reports.DB, reports.Audit, reports.Program, reports.Now = d, trail, prog, tn.now
	tn.Server = &Server{
		Now: tn.now, Log: slog.New(slog.NewTextHandler(tn.log, nil)),
		Nouns: Nouns{
			Program: prog, People: people, Audit: trail, Limits: limits, Reports: reports,
			Participants: &participant.Participants{DB: d, Audit: trail, Now: tn.now, Program: prog, People: people, Holds: report.Holds, Barred: report.Barred},
			Awards:       &reward.Awards{DB: d, Audit: trail, Program: prog, Reports: reports, Now: tn.now},
			Payouts:      &payout.Payouts{DB: d, Audit: trail, Now: tn.now, Key: make([]byte, person.KeySize), Countries: screening.ShippedCountries()},
			Mails:        &mail.Mails{DB: d, Audit: trail, Now: tn.now},
			Files:        &attachment.Store{Dir: t.TempDir()},
		},
	}
	tn.handler = tn.Handler()
	return tn
}

func (tn *town) now() time.Time { tn.mu.Lock(); defer tn.mu.Unlock(); return tn.at }

func (tn *town) wait(d time.Duration) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.at = tn.at.Add(d)
}

func (tn *town) ok(err error) {
	tn.t.Helper()
	if err != nil {
		tn.t.Fatal(err)
	}
}

// add adds a person, without roles a participant.
func (tn *town) add(name string, roles ...access.Role) person.Person {
	tn.t.Helper()
	return tn.newcomer(person.Newcomer{Name: name}, roles...)
}

// keyed adds a person with a password and an authenticator app, which costs a hash.
func (tn *town) keyed(name string, roles ...access.Role) person.Person {
	tn.t.Helper()
	return tn.newcomer(person.Newcomer{Name: name, Password: goodPassword, TOTP: []byte(appSecret)}, roles...)
}

func (tn *town) newcomer(in person.Newcomer, roles ...access.Role) person.Person {
	tn.t.Helper()
	in.Kind, in.Mail, in.Lang = access.Participant, in.Name+"@mail.example", lang.EN
	if len(roles) > 0 {
		in.Kind, in.Roles = access.Staff, roles
	}
	n, err := tn.People.Add(tn.t.Context(), access.Self, in)
	tn.ok(err)
	return n
}

// mailed returns what the last mail that was asked for says.
func (tn *town) mailed() (template, to, link string) {
	tn.t.Helper()
	var body string
	tn.ok(tn.db.Read().QueryRowContext(tn.t.Context(), `SELECT body FROM outbox WHERE subject = 'mail.requested' ORDER BY id DESC LIMIT 1`).Scan(&body))
	var m struct {
		To, Template string
		Data         map[string]string
	}
	tn.ok(json.Unmarshal([]byte(body), &m))
	return m.Template, m.To, m.Data["link"]
}

// totp is what an authenticator app shows for a secret in base 32, with or without groups.
func (tn *town) totp(secret string) string {
	tn.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	tn.ok(err)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, tn.now().Unix()/30)
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// code is the next code of everybody's app: a code is taken once.
func (tn *town) code() string {
	tn.wait(30 * time.Second)
	return tn.totp(base32.StdEncoding.EncodeToString([]byte(appSecret)))
}

// A visitor is a browser with its cookies.
type visitor struct {
	tn      *town
	lang    lang.Lang
	cookies map[string]string
}

func (tn *town) visitor(l lang.Lang) *visitor {
	return &visitor{tn: tn, lang: l, cookies: map[string]string{"lang": string(l)}}
}

// as is a visitor who is signed in, a moment ago.
func (tn *town) as(n person.Person, l lang.Lang) *visitor {
	tn.t.Helper()
	v := tn.visitor(l)
	e, err := tn.People.Open(context.Background(), access.Self, n.ID, "")
	tn.ok(err)
	v.cookies["session"] = e.Token
	return v
}

func (v *visitor) get(path string, more ...asking) *httptest.ResponseRecorder {
	return v.send(httptest.NewRequest(http.MethodGet, path, nil), more...)
}

func (v *visitor) post(path string, form url.Values, more ...asking) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.send(r, more...)
}

func (v *visitor) send(r *http.Request, more ...asking) *httptest.ResponseRecorder {
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	for _, change := range more {
		change(r)
	}
	w := httptest.NewRecorder()
	v.tn.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c.Value
		}
	}
	return w
}

// follow opens the page that an answer leads to.
func (v *visitor) follow(w *httptest.ResponseRecorder, to string) *httptest.ResponseRecorder {
	v.tn.t.Helper()
	at, _, _ := strings.Cut(w.Header().Get("Location"), "#")
	if w.Code != http.StatusSeeOther || at != to {
		v.tn.t.Fatalf("status %d to %q, want %q:\n%s", w.Code, at, to, w.Body)
	}
	return v.get(at)
}

// value returns the value of a field on a page.
func value(t testing.TB, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input[^>]* name="` + regexp.QuoteMeta(name) + `"[^>]*? value="([^"]*)"`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("there is no field %s:\n%s", name, w.Body)
	}
	return html.UnescapeString(m[1])
}

// eachLang runs a story in both languages. say picks the words that the page must have.
func eachLang(t *testing.T, story func(t *testing.T, l lang.Lang, say func(en, ja string) string)) {
	for _, l := range []lang.Lang{lang.EN, lang.JA} {
		t.Run(string(l), func(t *testing.T) {
			story(t, l, func(en, ja string) string { return lang.Text{EN: en, JA: ja}.In(l) })
		})
	}
}

func TestEveryActionAndRoleHasWords(t *testing.T) {
	for _, a := range access.Actions() {
		if w := actionNames[a]; w.EN == "" || w.JA == "" {
			t.Errorf("the action %s has no words", a)
		}
	}
	for _, r := range access.Roles {
		if n, d := roleNames[r], roleDoes[r]; n.EN == "" || n.JA == "" || d.EN == "" || d.JA == "" {
			t.Errorf("the role %s has no words", r)
		}
	}
}

func TestAnAccountIsChanged(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.as(tn.add("mei"), l)
		has(t, v.get("/account"), 200, "mei@mail.example", say("No report of yours can be taken yet:", "現在、報告を送信できません。"), say("Taking part", "参加の手続き"))

		w := v.post("/account", url.Values{"name": {"佐藤 芽衣"}, "writes": {"ja"}})
		has(t, v.follow(w, "/account"), 200, "佐藤 芽衣", say("Saved.", "保存しました。"))
		has(t, v.post("/account", url.Values{"name": {"a\u202eb"}, "writes": {"ja"}}), 422, `id="f-name-wrong"`)
		has(t, v.post("/account", url.Values{"name": {"mei"}, "writes": {"fr"}}), 422, `id="f-writes-wrong"`)

		v.follow(v.post("/account/mail", url.Values{"mail": {"new@mail.example"}}), "/account")
		template, to, link := tn.mailed()
		if to != "new@mail.example" {
			t.Errorf("%s went to %s", template, to)
		}
		if w := tn.visitor(l).get(link); w.Code != 303 || w.Header().Get("Location") != "/sign-in?next="+link {
			t.Errorf("signed out, the link leads to %d %q", w.Code, w.Header().Get("Location"))
		}
		has(t, v.get(link), 200, "new@mail.example", say("Confirm this address", "このアドレスを使う"))
		has(t, v.follow(v.post(link+"/mail", nil), "/account"), 200, "new@mail.example")
		has(t, v.post(link+"/mail", nil), 404)
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	tn := newTown(t)
	n := tn.keyed("mei")
	here, there := tn.as(n, lang.EN), tn.as(n, lang.EN)
	w := here.get("/account/access")
	has(t, w, 200, "this browser", "End it", "None yet.", "an authenticator app", "None are left")
	has(t, here.follow(here.post("/account/sessions/end", url.Values{"session": {"others"}}), "/account/access"), 200, "Every other session is ended.")
	if w := there.get("/account"); w.Code != 303 {
		t.Errorf("the other session goes on: %d", w.Code)
	}
	other := tn.as(tn.add("stranger"), lang.EN)
	id := value(t, here.get("/account/access"), "session")
	has(t, other.post("/account/sessions/end", url.Values{"session": {id}}), 404)
	if w := here.post("/sign-out", nil); w.Code != 303 || w.Header().Get("Location") != "/" {
		t.Errorf("signing out: %d", w.Code)
	}
	if _, kept := here.cookies["session"]; kept {
		t.Error("the browser keeps the cookie")
	}
}

func TestATokenIsShownOnce(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.as(tn.add("mei"), l)
		has(t, v.get("/account/tokens"), 200, say("Send reports", "報告の送信"))
		lacks(t, v.get("/account/tokens"), say("Release payments", "支払いの実行"))
		has(t, v.post("/account/tokens", url.Values{"ends": {"90"}, "scopes": {"report.submit"}}), 422, `id="f-token_name-wrong"`)
		has(t, v.post("/account/tokens", url.Values{"token_name": {"ci"}, "ends": {"90"}}), 422, `id="f-scopes-wrong"`)
		has(t, v.post("/account/tokens", url.Values{"token_name": {"ci"}, "ends": {"90"}, "scopes": {"award.pay"}}), 403)

		w := v.post("/account/tokens", url.Values{"token_name": {"ci"}, "ends": {"90"}, "scopes": {"report.submit"}})
		has(t, w, 200, say("I have copied it", "コピーしました"))
		shown := value(t, w, "shown_token")
		if _, who, err := tn.People.AuthenticateToken(t.Context(), shown); err != nil || !access.Allow(who, access.ReportSubmit) {
			t.Errorf("the token does not work: %v", err)
		}
		// Another language shows it still, the list alone does not.
		w = v.post("/account/tokens?keep&lang="+say("ja", "en"), url.Values{"shown_token": {shown}, "shown_name": {"ci"}})
		has(t, w, 200, shown)
		list := v.get("/account/tokens")
		lacks(t, list, shown)
		has(t, v.follow(v.post("/account/tokens/revoke", url.Values{"token": {value(t, list, "token")}}), "/account/tokens"), 200)
		if _, _, err := tn.People.AuthenticateToken(t.Context(), shown); err == nil {
			t.Error("a revoked token works")
		}
	})
}

func TestWhatChangesTheWayInIsProvedAndThenDone(t *testing.T) {
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		v := tn.as(tn.keyed("mei"), l)
		tn.wait(person.Lately + time.Minute)

		w := v.post("/account/codes", nil)
		has(t, w, 403, say("Show that it is you", "ご本人の確認"), `name="kept"`)
		kept := value(t, w, "kept")
		w = v.post("/account/prove", url.Values{"kept": {kept}, "password": {"wrong words on paper"}, "code": {tn.code()}})
		has(t, w, 403, say("Not confirmed.", "確認できませんでした。"))
		w = v.post("/account/prove", url.Values{"kept": {value(t, w, "kept")}, "password": {goodPassword}, "code": {tn.code()}})
		has(t, w, 200, say("I have kept them", "保管しました"))
		codes := strings.Fields(value(t, w, "codes"))
		if len(codes) != 10 {
			t.Errorf("%d codes", len(codes))
		}

		tn.wait(person.Lately + time.Minute)
		w = v.get("/account/password")
		w = v.follow(w, "/account/prove?next=%2Faccount%2Fpassword")
		w = v.post("/account/prove", url.Values{"next": {value(t, w, "next")}, "password": {goodPassword}, "code": {codes[0]}})
		has(t, v.follow(w, "/account/password"), 200, say("Change the password", "パスワードの変更"))
		lacks(t, v.get("/account/password"), "<svg class=\"qr\"") // the app in use stays
		has(t, v.post("/account/password", url.Values{"password": {"short"}}), 422, `id="f-password-wrong"`)
		has(t, v.follow(v.post("/account/password", url.Values{"password": {"another four words"}}), "/account/access"), 200)

		w = v.get("/account/app")
		has(t, w, 200, `<svg class="qr"`)
		secret, sealed, uri := value(t, w, "secret"), value(t, w, "sealed"), value(t, w, "uri")
		form := url.Values{"secret": {secret}, "sealed": {sealed}, "uri": {uri}, "new_code": {"000000"}}
		w = v.post("/account/app", form)
		has(t, w, 422, `id="f-new_code-wrong"`, secret) // the same app, not another one
		form.Set("new_code", tn.totp(secret))
		has(t, v.follow(v.post("/account/app", form), "/account/access"), 200)
		has(t, v.post("/account/password/remove", nil), 409) // the only way in
	})
}

func TestAProofRepeatsOnlyWhatAsksForOne(t *testing.T) {
	tn := newTown(t)
	v := tn.as(tn.keyed("mei"), lang.EN)
	for _, action := range []string{"/sign-out", "/drafts", "/account/prove", "/demo/enter", "/accountant"} {
		k := &Kept{Action: action}
		w := v.post("/account/prove", url.Values{"kept": {k.String()}, "password": {goodPassword}, "code": {tn.code()}})
		if w.Code != 422 && w.Code != 404 {
			t.Errorf("%s was repeated: %d", action, w.Code)
		}
	}
	has(t, v.get("/account"), 200)
}
