package browser

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

//go:embed testdata
var testdata embed.FS

var deskPage = template.Must(template.ParseFS(testdata, "testdata/desk.html"))

// A desk is a little site with everything a page may have, to try the harness on.
type desk struct {
	url      string
	said     string // what the last form said
	passkeys *webauthn.WebAuthn
	session  *webauthn.SessionData
	keys     []webauthn.Credential
}

// The one person of the desk, for webauthn.User.

func (d *desk) WebAuthnID() []byte                         { return []byte("person-1") }
func (d *desk) WebAuthnName() string                       { return "hanako" }
func (d *desk) WebAuthnDisplayName() string                { return "花子" }
func (d *desk) WebAuthnCredentials() []webauthn.Credential { return d.keys }

func newDesk(t *testing.T) *desk {
	d := &desk{said: "Nothing was said."}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.show)
	mux.HandleFunc("GET /second", html("<!doctype html><html lang=en><title>2</title><link rel=icon href=data:,><main><h1>The second page</h1><a href=/>Back</a></main>"))
	mux.HandleFunc("POST /say", d.say)
	mux.HandleFunc("GET /receipt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="receipt 花.txt"`)
		fmt.Fprint(w, "signed")
	})
	mux.HandleFunc("GET /passkey/create", d.beginCreate)
	mux.HandleFunc("POST /passkey/create", d.finishCreate)
	mux.HandleFunc("GET /passkey/get", d.beginGet)
	mux.HandleFunc("POST /passkey/get", d.finishGet)
	mux.HandleFunc("GET /bad/{what}", bad)
	mux.HandleFunc("GET /desk.css", asset("text/css"))
	mux.HandleFunc("GET /desk.js", asset("text/javascript"))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	d.url = Localhost(t, srv.URL)
	var err error
	if d.passkeys, err = webauthn.New(&webauthn.Config{RPID: "localhost", RPDisplayName: "Desk", RPOrigins: []string{d.url}}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) show(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; require-trusted-types-for 'script'")
	tag, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if err := deskPage.Execute(w, map[string]string{"Lang": tag, "Said": d.said}); err != nil {
		panic(err)
	}
}

func (d *desk) say(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var files []string
	for _, h := range r.MultipartForm.File["file"] {
		files = append(files, fmt.Sprintf("%s(%d)", h.Filename, h.Size))
	}
	f := r.Form
	d.said = fmt.Sprintf("what=%q long=%q kind=%s day=%s count=%s honest=%s found=%s draft=%s files=%v",
		f.Get("what"), f.Get("long"), f.Get("kind"), f.Get("day"), f.Get("count"), f.Get("honest"), f.Get("found"), f.Get("draft"), files)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (d *desk) beginCreate(w http.ResponseWriter, _ *http.Request) {
	options, session, err := d.passkeys.BeginRegistration(d,
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired))
	d.session = session
	answer(w, options, err)
}

func (d *desk) finishCreate(w http.ResponseWriter, r *http.Request) {
	key, err := d.passkeys.FinishRegistration(d, *d.session, r)
	if err == nil {
		d.keys = append(d.keys, *key)
	}
	answer(w, "made", err)
}

func (d *desk) beginGet(w http.ResponseWriter, _ *http.Request) {
	options, session, err := d.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	d.session = session
	answer(w, options, err)
}

func (d *desk) finishGet(w http.ResponseWriter, r *http.Request) {
	who := func(_, user []byte) (webauthn.User, error) {
		if string(user) != string(d.WebAuthnID()) {
			return nil, fmt.Errorf("nobody is %q", user)
		}
		return d, nil
	}
	_, err := d.passkeys.FinishDiscoverableLogin(who, *d.session, r)
	answer(w, "signed in as "+d.WebAuthnDisplayName(), err)
}

func asset(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := testdata.ReadFile("testdata" + r.URL.Path)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(b)
	}
}

func html(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, text)
	}
}
