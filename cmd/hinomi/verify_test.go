package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

// A published is a log of 300 entries with files of two reporters, as they lie on their disks.
type published struct {
	*receipt.Log
	t               *testing.T
	dir             string
	mine, dup, card string
	now             time.Time
}

func publish(t *testing.T) *published {
	t.Helper()
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	p := &published{t: t, dir: t.TempDir(), now: time.Now().Add(-72 * time.Hour)}
	p.Log = &receipt.Log{DB: dbtest.SQLite(t), Key: key, Now: func() time.Time { return p.now }}
	p.pace()
	mine, dup := p.submit("MINE\x1b[2J"), p.submit("DUP")
	p.now = p.now.Add(50 * time.Hour)
	p.pace()
	card, err := p.Evidence(t.Context(), mine, dup)
	if err != nil {
		t.Fatal(err)
	}
	p.mine, p.dup, p.card = p.file("mine.receipt", p.issue(mine)), p.file("dup.receipt", p.issue(dup)), p.file("card.evidence", card)
	return p
}

func (p *published) pace() {
	p.t.Helper()
	if err := p.Pace(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *published) submit(id string) receipt.Logged {
	p.t.Helper()
	s := receipt.Statement{
		Program: "Program", Kind: receipt.Report, ID: id, Terms: "2017-04-10", DisclosureFrom: "2021-10-16", Salt: receipt.NewSalt(),
		Files: []receipt.File{{Name: "poc.py", SHA256: sha256.Sum256([]byte("x")), Size: 1}},
	}
	var e receipt.Entry
	_, err := p.Append(p.t.Context(), func(_ context.Context, _ *sql.Tx, g *receipt.Growth) error {
		var err error
		e, err = g.Append(func(e receipt.Entry) (receipt.Hash, error) {
			s.Received = e.Time
			return s.Commitment()
		})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return receipt.Logged{Statement: s, Index: e.Index}
}

func (p *published) issue(l receipt.Logged) []byte {
	p.t.Helper()
	file, err := p.Issue(p.t.Context(), l)
	if err != nil {
		p.t.Fatal(err)
	}
	return file
}

func (p *published) file(name string, data []byte) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *published) export() string {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := p.ExportDir(p.t.Context(), dir); err != nil {
		p.t.Fatal(err)
	}
	return dir
}

// verify runs the command line and returns what it wrote.
func verify(t *testing.T, code int, args ...string) (out, msg string) {
	t.Helper()
	var o, m bytes.Buffer
	if got := run(t.Context(), append([]string{"verify"}, args...), Streams{In: &bytes.Buffer{}, Out: &o, Err: &m}); got != code {
		t.Errorf("verify %q: exit code %d, want %d\n%s%s", args, got, code, &o, &m)
	}
	return o.String(), m.String()
}

func says(t *testing.T, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Errorf("it does not say %q:\n%s", p, s)
		}
	}
}

func TestVerifyHoldsWhatTheDeskGaveOut(t *testing.T) {
	p := publish(t)
	log, key := p.export(), "--key="+p.Key.Verifier()
	out, msg := verify(t, 0, p.mine, key)
	says(t, out, "mine.receipt\n", `report "MINE\x1b[2J" to "Program", entry 0`, "free from 2021-10-16", "The desk's signature fits.", "Verified.\n")
	if msg != "" || strings.ContainsRune(out, 0x1b) {
		t.Errorf("%q, %q", out, msg)
	}
	out, _ = verify(t, 0, p.mine) // without a key
	says(t, out, "note", p.Key.Verifier(), "compared it with the one on the program's page")
	out, _ = verify(t, 0, p.mine, p.dup, p.card, key, "--log="+log)
	says(t, out, "All 200 entries", "goes on from the checkpoint", "agree with each other", "card for \"DUP\"", "Verified.\n")
	out, _ = verify(t, 0, p.mine, key, "--log="+log, "--lang=ja")
	says(t, out, "署名は正当です", "全200件", "公開可能日 2021-10-16", "検証に成功しました。\n")
	out, _ = verify(t, 0, "--log="+log, key) // a monitor has no receipt
	says(t, out, "All 200 entries", "Verified.\n")
}

func TestVerifyReadsALogOverHTTP(t *testing.T) {
	p := publish(t)
	mux := http.NewServeMux()
	mux.Handle("/log/", http.StripPrefix("/log/", p.Handler(func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusNotFound)
	})))
	s := httptest.NewServer(mux)
	defer s.Close()
	out, _ := verify(t, 0, p.mine, "--log="+s.URL+"/log")
	says(t, out, "All 200 entries")
	s.Close()
	_, msg := verify(t, 1, p.mine, "--log="+s.URL+"/log")
	says(t, msg, "hinomi: reading the log's checkpoint")
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	p := publish(t)
	data, err := os.ReadFile(p.mine)
	if err != nil {
		t.Fatal(err)
	}
	changed := p.file("changed", bytes.Replace(data, []byte("2021-10-16"), []byte("2021-10-06"), 1))
	out, msg := verify(t, 1, changed)
	says(t, out, "FAILED", "changed after the desk signed it", "NOT verified.\n")
	if msg != "" {
		t.Errorf("standard error says %q", msg)
	}
	log := p.export()
	tile := filepath.Join(log, "tile", "entries", "000.p", "200")
	if data, err = os.ReadFile(tile); err != nil {
		t.Fatal(err)
	}
	data[34*7+10] ^= 1
	if err := os.WriteFile(tile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ = verify(t, 1, p.mine, "--log="+log)
	says(t, out, "Entry 7 in tile/entries/000 was changed", "NOT verified.\n")
}

func TestVerifyRemembersTheLog(t *testing.T) {
	p := publish(t)
	key, state := "--key="+p.Key.Verifier(), "--state="+filepath.Join(t.TempDir(), "seen")
	older := p.export()
	verify(t, 0, "--log="+older, key, state)
	p.now = p.now.Add(time.Hour)
	p.pace()
	out, _ := verify(t, 0, "--log="+p.export(), key, state)
	says(t, out, "goes on from the 200 entries you saw the last time")
	for range 2 { // a log that is refused is not remembered
		out, _ = verify(t, 1, "--log="+older, key, state)
		says(t, out, "shrank: it had 204 entries")
	}
}

func TestVerifyPrintsJSON(t *testing.T) {
	p := publish(t)
	out, _ := verify(t, 0, p.mine, p.card, "--json")
	var v verdictJSON
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if v.Result != receipt.OK || len(v.Documents) != 2 || v.Documents[0].Type != "receipt" || v.Documents[0].ID != "MINE\x1b[2J" ||
		len(v.Documents[0].Files) != 1 || v.Documents[1].Type != "evidence" || *v.Documents[1].Original != 0 || v.Documents[1].Entry != 1 {
		t.Errorf("%s", out)
	}
	out, _ = verify(t, 1, p.file("junk", []byte("junk")), "--json")
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Result != receipt.Failed || v.Checks[0].Name != "form" {
		t.Errorf("%s, %v", out, err)
	}
}

func TestVerifyUsedWrongly(t *testing.T) {
	p := publish(t)
	empty := p.file("empty", nil)
	for name, args := range map[string][]string{
		"nothing":                     {},
		"a log without its key":       {"--log=" + p.dir},
		"a file that is not there":    {filepath.Join(p.dir, "nowhere")},
		"a directory that is not":     {p.mine, "--log=" + filepath.Join(p.dir, "nowhere")},
		"an address that is none":     {p.mine, "--log=ftp://desk.example/log"},
		"a key that is none":          {p.mine, "--key=nonsense"},
		"a state without a log":       {p.mine, "--state=" + filepath.Join(p.dir, "seen")},
		"a state that was emptied":    {p.mine, "--log=" + p.export(), "--state=" + empty},
		"a language we do not speak":  {p.mine, "--lang=fr"},
		"a state that is not of ours": {p.mine, "--log=" + p.export(), "--state=" + p.mine},
	} {
		t.Run(name, func(t *testing.T) {
			out, msg := verify(t, 2, args...)
			if out != "" || !strings.HasPrefix(msg, "hinomi: ") {
				t.Errorf("standard output %q, standard error %q", out, msg)
			}
		})
	}
}

func TestVerifyReadsStandardInput(t *testing.T) {
	p := publish(t)
	data, err := os.ReadFile(p.mine)
	if err != nil {
		t.Fatal(err)
	}
	var out, msg bytes.Buffer
	if code := run(t.Context(), []string{"verify", "-"}, Streams{In: bytes.NewReader(data), Out: &out, Err: &msg}); code != 0 {
		t.Errorf("exit code %d: %s%s", code, &out, &msg)
	}
}
