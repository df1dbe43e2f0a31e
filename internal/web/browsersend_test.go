package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/fault"
)

// bare serves a page that is nothing but a form, inside our headers and with our script.
func bare(st **site, form string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Bare</title><link rel="icon" href="%[1]s/tower.svg"><script type="module" src="%[1]s/app.js"></script><main id="main"><h1>Bare</h1>%[2]s</main>`,
			(*st).assets.prefix, form)
		return err
	}
}

func upload(t *testing.T, b *browser.Browser) {
	const form = `<form data-upload data-swap="#list" method="post" action="/files" enctype="multipart/form-data"><label>Evidence <input type="file" name="file" multiple></label><ul class="files"></ul><p id="list">%s</p></form>`
	var st *site
	var mu sync.Mutex // guards what follows
	var refuse error
	var got []string
	st, _, url := served(t,
		route{pattern: "GET /files", need: anybody, handle: func(w http.ResponseWriter, r *http.Request) error {
			return bare(&st, fmt.Sprintf(form, "no files"))(w, r)
		}},
		route{pattern: "POST /files", need: anybody, stream: true, body: 1 << 20, handle: func(w http.ResponseWriter, r *http.Request) error {
			mu.Lock()
			defer mu.Unlock()
			f, head, err := r.FormFile("file")
			if err != nil {
				return err
			}
			defer f.Close()
			if refuse != nil {
				return refuse
			}
			got = append(got, fmt.Sprintf("%s (%d)", head.Filename, head.Size))
			return bare(&st, fmt.Sprintf(form, strings.Join(got, ", ")))(w, r)
		}})
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"証拠.har", "b.txt"} {
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], []byte("evidence"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := b.Page(t, url, browser.View{})
	p.Go("/files")
	p.Upload("Evidence", files...)
	p.Has("証拠.har (8), b.txt (8)")
	mu.Lock()
	refuse = fault.New(fault.Later, "The disk is full.", "空き容量がありません。")
	mu.Unlock()
	p.Allow("503")
	p.Upload("Evidence", files[1])
	p.Has("The disk is full.", "Try again")
	mu.Lock()
	refuse = nil
	mu.Unlock()
	p.Click("Try again")
	p.Has("証拠.har (8), b.txt (8), b.txt (8)")
}

// A keyring is a person with passkeys, for webauthn.User.
type keyring struct{ keys []webauthn.Credential }

func (*keyring) WebAuthnID() []byte                           { return []byte("person") }
func (*keyring) WebAuthnName() string                         { return "hanako" }
func (*keyring) WebAuthnDisplayName() string                  { return "花子" }
func (k *keyring) WebAuthnCredentials() []webauthn.Credential { return k.keys }

func passkey(t *testing.T, b *browser.Browser) {
	var (
		st      *site
		keys    keyring
		rp      *webauthn.WebAuthn
		session *webauthn.SessionData
		fields  string
	)
	const form = `<form data-passkey="%[1]s" data-begin="/%[1]s/begin" method="post" action="/%[1]s"><input type="hidden" name="next" value="/desk"><button>Go: %[1]s</button></form>`
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request) error) route {
		return route{pattern: pattern, need: anybody, handle: fn}
	}
	st, _, url := served(t,
		handle("GET /key/{what}", func(w http.ResponseWriter, r *http.Request) error {
			return bare(&st, fmt.Sprintf(form, r.PathValue("what")))(w, r)
		}),
		handle("POST /register/begin", func(w http.ResponseWriter, r *http.Request) error {
			options, s, err := rp.BeginRegistration(&keys, webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired))
			if session = s; err != nil {
				return err
			}
			return writeJSON(w, http.StatusOK, map[string]any{"id": "c1", "options": options})
		}),
		handle("POST /register", func(w http.ResponseWriter, r *http.Request) error {
			answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.PostFormValue("credential")))
			if err != nil {
				return err
			}
			key, err := rp.CreateCredential(&keys, *session, answer)
			if err != nil {
				return err
			}
			keys.keys = append(keys.keys, *key)
			return seeOther(w, r, "/key/login")
		}),
		handle("POST /login/begin", func(w http.ResponseWriter, r *http.Request) error {
			options, s, err := rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
			if session = s; err != nil {
				return err
			}
			return writeJSON(w, http.StatusOK, map[string]any{"id": "c2", "options": options})
		}),
		handle("POST /login", func(w http.ResponseWriter, r *http.Request) error {
			answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.PostFormValue("credential")))
			if err != nil {
				return err
			}
			if _, err := rp.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return &keys, nil }, *session, answer); err != nil {
				return err
			}
			fields = r.PostFormValue("ceremony") + " " + r.PostFormValue("next")
			return seeOther(w, r, "/style")
		}))
	var err error
	if rp, err = webauthn.New(&webauthn.Config{RPID: "localhost", RPDisplayName: "Hinomi", RPOrigins: []string{url}}); err != nil {
		t.Fatal(err)
	}
	p := b.Page(t, url, browser.View{})
	device := p.Passkey()
	p.Go("/key/register")
	p.Click("Go: register")
	p.Has("Go: login")
	if len(keys.keys) != 1 {
		t.Fatalf("%d keys were registered", len(keys.keys))
	}
	device.Verify(false)
	p.Click("Go: login")
	p.Has("The passkey was not used")
	device.Verify(true)
	p.Click("Go: login")
	p.Has("Parts of the pages")
	if fields != "c2 /desk" {
		t.Errorf("the form came with %q", fields)
	}
}
