package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
	"hinomi.dev/hinomi/internal/screening"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
)

var ctx = context.Background()

// A house is the API over real parts and a real server, with a clock that the test moves.
type house struct {
	stop func() // of the event stream
	*Server
	t   *testing.T
	web *httptest.Server
	log *locked

	mu  sync.Mutex // guards now
	now time.Time
}

// inEach runs a test in a house on each engine.
func inEach(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newHouse(t, d)) })
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, log: &locked{}, now: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	prog, clock := program.Default(), h.clock
	trail := &audit.Log{DB: d, Now: clock}
	limits := &limit.Limits{Now: clock, Rules: map[limit.Action]limit.Rule{
		limit.API: {Burst: 1 << 20, Every: time.Nanosecond}, limit.Upload: {Burst: 1 << 20, Every: time.Nanosecond},
		limit.Submit: {Burst: 1 << 20, Every: time.Nanosecond},
	}}
	h.Server = &Server{
		Program: prog, Audit: trail, Limits: limits, Now: clock, Log: slog.New(slog.NewTextHandler(h.log, nil)), Origin: "https://desk.example",
		Registry: prometheus.NewRegistry(),
		People:   &person.People{DB: d, Audit: trail, Now: clock, Limits: limits, Key: make([]byte, person.KeySize), RP: person.RelyingParty{ID: "desk.example"}},
		Receipts: &receipt.Log{DB: d, Key: key, Now: clock},
		Files:    &attachment.Store{Dir: t.TempDir()},
		Mails:    &mail.Mails{DB: d, Audit: trail, Now: clock, Log: slog.New(slog.DiscardHandler), Origin: "https://desk.example"},
	}
	h.Events, h.stop = running(t, clock)
	h.Watch = &watch.Watch{DB: d, Audit: trail, Stream: h.Events.Stream, Now: clock, Log: slog.New(slog.DiscardHandler), Dir: t.TempDir(), Node: "test"}
	h.Participants = &participant.Participants{DB: d, Audit: trail, Now: clock, Program: prog, People: h.People, Holds: report.Holds}
	h.Reports = report.New()
	h.Reports.DB, h.Reports.Audit, h.Reports.Program, h.Reports.Now, h.Reports.Log, h.Reports.Files = d, trail, prog, clock, h.Receipts, h.Files
	h.Reports.Colleague = h.People.Colleague
	h.Reports.Ready, h.Reports.Agreed = h.Participants.Ready, h.Participants.RecordSubmissions
	h.Awards = &reward.Awards{DB: d, Audit: trail, Program: prog, Reports: h.Reports, Now: clock}
	h.Payouts = &payout.Payouts{DB: d, Audit: trail, Now: clock, Key: make([]byte, person.KeySize), Countries: screening.ShippedCountries()}
	h.web = httptest.NewServer(h.Handler())
	t.Cleanup(h.web.Close)
	return h
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *house) wait(d time.Duration) { h.mu.Lock(); h.now = h.now.Add(d); h.mu.Unlock() }

// A locked buffer is one that several requests log to.
type locked struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }
func (l *locked) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// A caller is somebody with a token.
type caller struct {
	h     *house
	id    string
	token string // empty: nobody
}

// staff adds somebody at the desk with a token for everything they may do.
func (h *house) staff(name string, roles ...access.Role) caller {
	h.t.Helper()
	n, err := h.People.Add(ctx, access.Self, person.Newcomer{Kind: access.Staff, Mail: name + "@desk.example", Name: name, Lang: lang.EN, Roles: roles})
	h.must(err)
	return h.withToken(n)
}

// reporter adds a participant who may send reports.
func (h *house) reporter(name string) caller {
	h.t.Helper()
	n, err := h.People.Add(ctx, access.Self, person.Newcomer{Kind: access.Participant, Mail: name + "@reporter.example", Name: name, Lang: lang.EN})
	h.must(err)
	c := h.withToken(n)
	c.ready()
	return c
}

// withToken gives somebody a token for everything they may do, the way a page does.
func (h *house) withToken(n person.Person, scopes ...access.Action) caller {
	h.t.Helper()
	e, err := h.People.Open(ctx, access.Self, n.ID, "test")
	h.must(err)
	who := e.Person.Caller(e.Session.ID)
	if scopes == nil {
		for _, a := range access.Actions() {
			if access.Allow(who, a) {
				scopes = append(scopes, a)
			}
		}
	}
	h.must(h.People.DB.Tx(ctx, proven(e.Session.ID, h.clock())))
	in := person.NewToken{Name: "test", Scopes: scopes, Ends: h.clock().Add(300 * 24 * time.Hour)}
	if slices.Contains(scopes, access.EventSend) {
		in.Sources = []string{"chat"}
	}
	shown, _, err := h.People.AddToken(ctx, who, in)
	h.must(err)
	return caller{h, n.ID, shown}
}

// ready declares and accepts everything that the terms ask of a participant, through the API.
func (c caller) ready() {
	c.h.t.Helper()
	c.ok(204, "PUT", "/participation/profile", profileView{Name: "A. Reporter", Lang: "en", Country: "JP", Born: "1990-01-02"}, nil)
	for range 4 { // declaring closes gaps and may open others
		var p participationView
		c.ok(200, "GET", "/participation", nil, &p)
		var answers []map[string]string
		for _, g := range p.Missing {
			switch g.Code {
			case "answer":
				answers = append(answers, map[string]string{"clause": g.Clause, "answer": "yes"})
			case "accept":
				t, _ := c.h.Program.At(c.h.clock())
				c.ok(204, "POST", "/participation/acceptances", map[string]string{"terms": t.ID, "sha256": t.Hash, "lang": "en"}, nil)
			}
		}
		if answers != nil {
			c.ok(204, "POST", "/participation/declarations", map[string]any{"answers": answers, "lang": "en"}, nil)
		}
		if len(p.Missing) == 0 {
			return
		}
	}
	c.h.t.Fatal("somebody cannot be made ready to report")
}

// A reply is an answer as it came.
type replied struct {
	status int
	header http.Header
	body   []byte
}

// problem reads an answer that is none.
func (r replied) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != problemType || p.Status != r.status || p.Detail == "" || p.Type == "" {
		t.Errorf("%d %s %s is no problem: %v", r.status, r.header.Get("Content-Type"), r.body, err)
	}
	return p
}

// send sends bytes.
func (c caller) send(method, path, media string, body io.Reader, header ...string) replied {
	c.h.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, c.h.web.URL+prefix+path, body)
	c.h.must(err)
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.h.web.Client().Do(r)
	if err != nil {
		c.h.t.Error(err)
		return replied{}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.h.t.Error(err)
	}
	return replied{res.StatusCode, res.Header, b}
}

// do sends JSON.
func (c caller) do(method, path string, in any, header ...string) replied {
	c.h.t.Helper()
	if in == nil {
		return c.send(method, path, "", nil, header...)
	}
	b, err := json.Marshal(in)
	c.h.must(err)
	return c.send(method, path, "application/json", bytes.NewReader(b), header...)
}

// ok sends JSON, wants a status, and reads the answer.
func (c caller) ok(status int, method, path string, in, out any, header ...string) {
	c.h.t.Helper()
	r := c.do(method, path, in, header...)
	if r.status != status {
		c.h.t.Fatalf("%s %s: %d, want %d: %s\n%s", method, path, r.status, status, r.body, c.h.log)
	}
	if out != nil {
		c.h.must(json.Unmarshal(r.body, out))
	}
}

// A part is one of a multipart body.
type part struct{ field, name, body string }

// parts puts a multipart body together.
func parts(t *testing.T, all ...part) (media string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range all {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + p.field + `"`
		if p.name != "" {
			disposition += `; filename="` + p.name + `"`
		}
		h.Set("Content-Disposition", disposition)
		into, err := w.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(into, p.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// valid is a report that can be sent, with one change per case.
func valid(change ...func(*submissionView)) submissionView {
	s := submissionView{
		Title: "Stored script in a profile name", Target: "store.line.me", Reached: "web", Class: "xss",
		Steps: "1. Set the profile name to a script.\n2. Open the profile as somebody else.", Impact: "The script runs in the reader's session.",
		Found: "self", OthersData: "no", From: "2020-10-14T10:00:00Z",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// running returns an intake over a stream that works.
func running(t *testing.T, clock func() time.Time) (in *intake.Intake, stop func()) {
	log := slog.New(slog.DiscardHandler)
	s := stream.New(stream.Config{Dir: t.TempDir(), Now: clock, Log: log, Keys: intake.Keys(), Reserve: 1})
	work, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(work) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &intake.Intake{Stream: s, Now: clock, Log: log}, stop
}
