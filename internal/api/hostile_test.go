package api

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/limit"
)

func TestTheSameKeyMakesTheSameReport(t *testing.T) {
	inEach(t, func(t *testing.T, h *house) {
		ann := h.reporter("ann")
		media, body := parts(t, part{"report", "", encoded(t, valid())}, part{"file", "a.txt", "first"}, part{"file", "b.txt", "second"})
		const key = "1f0a6a5e-7f39-4f57-a7c8-6f0e6d1f9f11"
		var answers [8]replied
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				answers[i] = ann.send("POST", "/reports", media, bytes.NewReader(body), "Idempotency-Key", key)
			})
		}
		all.Wait()
		var first ReportView
		for i, r := range answers {
			var one ReportView
			if r.status != 201 || unmarshal(r.body, &one) != nil {
				t.Fatalf("request %d: %d %s", i, r.status, r.body)
			}
			if i == 0 {
				first = one
			}
			if one.ID != first.ID || len(one.Files) != 2 {
				t.Errorf("request %d made %+v, the first one %+v", i, one, first)
			}
		}
		for table, want := range map[string]int{"report": 1, "draft": 1} {
			if n := dbtest.Count(t, h.Reports.DB, table); n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		other := ann.do("POST", "/reports", valid(func(s *submissionView) { s.Title = "Another" }), "Idempotency-Key", key)
		if other.status != 409 || other.problem(t).Field != "Idempotency-Key" {
			t.Errorf("the same key for another report: %d %s", other.status, other.body)
		}
		ben := h.reporter("ben")
		if r := ben.do("POST", "/reports", valid(), "Idempotency-Key", key); r.status != 201 || bytes.Contains(r.body, []byte(first.ID)) {
			t.Errorf("somebody else's key: %d %s", r.status, r.body)
		}
	})
}

func TestARequestThatBrokeOffGoesOnUnderItsKey(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ann := h.reporter("ann")
	media, body := parts(t, part{"report", "", encoded(t, valid())}, part{"file", "a.txt", "wrong"}, part{"file", "b.txt", strings.Repeat("x", 4096)})
	r := ann.send("POST", "/reports", media, bytes.NewReader(body[:len(body)-2000]), "Idempotency-Key", "k1")
	expect(t, "a truncated body", r, 422)
	media, body = parts(t, part{"report", "", encoded(t, valid())}, part{"file", "a.txt", "right"})
	var got ReportView
	r = ann.send("POST", "/reports", media, bytes.NewReader(body), "Idempotency-Key", "k1")
	if r.status != 201 || unmarshal(r.body, &got) != nil || len(got.Files) != 1 || got.Files[0].Name != "a.txt" || got.Files[0].Size != 5 {
		t.Errorf("the second try made %d %s", r.status, r.body)
	}
}

func TestARequestWithoutKeyLeavesNoDraftBehind(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ann := h.reporter("ann")
	media, body := parts(t, part{"report", "", encoded(t, valid())}, part{"file", "b.txt", strings.Repeat("x", 4096)})
	expect(t, "a truncated body", ann.send("POST", "/reports", media, bytes.NewReader(body[:len(body)-2000])), 422)
	r := ann.do("POST", "/reports", submissionView{Title: "only a title"})
	expect(t, "an unfinished report", r, 422)
	if p := r.problem(t); len(p.Errors) < 5 || p.Errors[0].Field != p.Field {
		t.Errorf("the faults are %+v", p)
	}
	var drafts Page[draftView]
	ann.ok(200, "GET", "/drafts", nil, &drafts)
	if len(drafts.Items) != 0 {
		t.Errorf("there are drafts: %+v", drafts)
	}
}

func TestHostileInputIsRefusedWithItsPlace(t *testing.T) { inEach(t, refuse) }

func refuse(t *testing.T, h *house) {
	ann, tri := h.reporter("ann"), h.staff("tri", access.Triager)
	owner := h.staff("owner", access.Owner)
	var r ReportView
	ann.ok(201, "POST", "/reports", valid(), &r)
	at := "/reports/" + r.ID
	long := strings.Repeat("長", 10_000)
	for _, c := range []struct {
		name, method, path, media, body string
		who                             caller
		status                          int
		field                           string
	}{
		{"an unknown field", "POST", at + "/notes", "application/json", `{"body":"a","bdoy":"b"}`, tri, 422, "bdoy"},
		{"an unknown field of a report", "POST", "/reports", "application/json", `{"title":"a","colour":"red"}`, ann, 422, "colour"},
		{"a missing field", "POST", at + "/notes", "application/json", `{}`, tri, 422, "body"},
		{"a number for a text", "POST", at + "/notes", "application/json", `{"body":7}`, tri, 422, "body"},
		{"null for a text", "POST", at + "/notes", "application/json", `{"body":null}`, tri, 422, "body"},
		{"two values", "POST", at + "/notes", "application/json", `{"body":"a"}{"body":"b"}`, tri, 400, "body"},
		{"half a value", "POST", at + "/notes", "application/json", `{"body":"a`, tri, 400, "body"},
		{"Shift_JIS", "POST", at + "/notes", "application/json", "{\"body\":\"\x83\x65\x83\x58\x83\x67\"}", tri, 400, "body"},
		{"NUL", "POST", at + "/notes", "application/json", `{"body":"a\u0000b"}`, tri, 400, "body"},
		{"NUL in a reason", "POST", at + "/withdrawal", "application/json", `{"reason":"\u0000"}`, ann, 400, "body"},
		{"NUL in a question", "GET", "/queue?q=%00", "", "", tri, 422, "query"},
		{"Shift_JIS in a question", "GET", "/queue?target=%83%65", "", "", tri, 422, "query"},
		{"NUL in an address", "GET", "/reports/%00", "", "", tri, 422, "path"},
		{"Shift_JIS in an address", "GET", "/reports/%83%65/receipt", "", "", tri, 422, "path"},
		{"a field in capitals", "POST", at + "/notes", "application/json", `{"BODY":"a"}`, tri, 422, "body"},
		{"no body", "POST", at + "/notes", "application/json", ``, tri, 400, "body"},
		{"a form", "POST", at + "/notes", "application/x-www-form-urlencoded", `body=a`, tri, 415, "body"},
		{"depth", "POST", at + "/notes", "application/json", strings.Repeat("[", 100_000), tri, 400, "body"},
		{"too much", "POST", at + "/notes", "application/json", `{"body":"` + strings.Repeat("a", 3<<20) + `"}`, tri, 413, ""},
		{"too much of a report", "POST", "/reports", "application/json", `{"title":"` + strings.Repeat("a", 3<<20) + `"}`, ann, 413, ""},
		{"a long title", "POST", "/reports", "application/json", encoded(t, valid(func(s *submissionView) { s.Title = long })), ann, 422, "title"},
		{"a long name", "PUT", "/participation/profile", "application/json", encoded(t, profileView{Name: long, Lang: "en", Country: "JP", Born: "1990-01-02"}), ann, 422, "name"},
		{"a long alias", "POST", "/credits", "application/json", encoded(t, map[string]any{"part": "alias", "alias": long, "lang": "en", "warranty": true}), ann, 422, "alias"},
		{"no time", "POST", "/reports", "application/json", encoded(t, valid(func(s *submissionView) { s.From = "yesterday" })), ann, 422, "from"},
		{"a decision there is none of", "POST", at + "/decisions", "application/json", `{"kind":"burn"}`, tri, 422, "kind"},
		{"a view there is none of", "GET", "/queue?view=burn", "", "", tri, 422, "query.view"},
		{"a parameter there is none of", "GET", "/queue?veiw=all", "", "", tri, 422, "query.veiw"},
		{"a cursor that was cut off", "GET", "/queue?after=zz", "", "", tri, 422, "after"},
		{"a cursor of another list", "GET", "/known?after=zz", "", "", tri, 422, "query.after"},
		{"too long a page", "GET", "/queue?limit=100000", "", "", tri, 422, "query.limit"},
		{"a year that is none", "GET", "/hall-of-fame/abc", "", "", tri, 422, "year"},
		{"a file that leads out of the store", "GET", at + "/files/..%2f..%2fserver.key", "", "", tri, 404, ""},
		{"multipart without a boundary", "POST", "/reports", "multipart/form-data", "x", ann, 422, "body"},
		{"a media type that is none", "POST", "/reports", "multipart/", "x", ann, 422, "body"},
		{"CSV with a fault", "POST", "/known/import", "text/csv", "title,claimed\na,tomorrow\n", owner, 422, "file"},
		{"a photo that is none", "POST", "/credits/photo?lang=en&warranty=true", "image/png", "GIF89a", ann, 422, "photo"},
		{"an address there is none of", "GET", "/reprots", "", "", ann, 404, ""},
		{"a method there is none of", "PATCH", "/program", "", "", ann, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.who.send(c.method, c.path, c.media, strings.NewReader(c.body))
			expect(t, "somebody", r, c.status)
			if p := r.problem(t); p.Field != c.field || p.Ref != "" {
				t.Errorf("the problem is %+v, want field %q", p, c.field)
			}
			if c.body != "" && len(r.body) > 4000 {
				t.Errorf("%d bytes were echoed", len(r.body))
			}
		})
	}
	if strings.Contains(h.log.String(), "level=ERROR") {
		t.Errorf("bad input was logged as a failure of ours:\n%s", h.log)
	}
}

func TestHostileParts(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ann := h.reporter("ann")
	report := part{"report", "", encoded(t, valid())}
	for name, c := range map[string]struct {
		parts  []part
		status int
		field  string
	}{
		"no part":                 {nil, 422, ""},
		"a file first":            {[]part{{"file", "a.txt", "a"}, report}, 422, "body"},
		"a part without a name":   {[]part{report, {"file", "", "a"}}, 422, "file"},
		"an unknown field":        {[]part{{"report", "", `{"title":"a","colour":"red"}`}}, 422, "report.colour"},
		"a report in Shift_JIS":   {[]part{{"report", "", "{\"title\":\"\x83\x65\"}"}}, 400, "report"},
		"a report that is a list": {[]part{{"report", "", "[]"}}, 422, "report"},
		"a report that is huge":   {[]part{{"report", "", `{"title":"` + strings.Repeat("a", 3<<20) + `"}`}}, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			media, body := parts(t, c.parts...)
			r := ann.send("POST", "/reports", media, bytes.NewReader(body))
			expect(t, "somebody", r, c.status)
			if p := r.problem(t); p.Field != c.field {
				t.Errorf("the problem is %+v, want field %q", p, c.field)
			}
		})
	}
	media, body := parts(t, report, part{"file", "../../" + strings.Repeat("名", 10_000) + "\u202egpj.exe", "a"})
	var got ReportView
	r := ann.send("POST", "/reports", media, bytes.NewReader(body))
	if r.status != 201 || unmarshal(r.body, &got) != nil || len(got.Files) != 1 || len(got.Files[0].Name) > 200 || strings.ContainsAny(got.Files[0].Name, "/\u202e") {
		t.Errorf("a hostile name of a file: %d %.300s", r.status, r.body)
	}
	h.Files.MaxBytes = 1000
	media, body = parts(t, report, part{"file", "a.bin", strings.Repeat("a", 1001)})
	expect(t, "a file that is too large", ann.send("POST", "/reports", media, bytes.NewReader(body)), 422)
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	tri := h.staff("tri", access.Triager)
	r := tri.do("GET", "/reports/7K3M-9QTX", nil, "Accept-Language", "ja-JP,ja;q=0.9")
	if p := r.problem(t); r.status != 404 || !strings.Contains(p.Detail, "見つかりません") {
		t.Errorf("%+v", p)
	}
	r = tri.do("POST", "/known", map[string]string{"title": "a", "colour": "red"}, "Accept-Language", "ja")
	if p := r.problem(t); r.status != 422 || strings.Contains(p.Detail, "request") || len(p.Errors) != 1 || !strings.HasPrefix(p.Errors[0].Message, "この項目は") {
		t.Errorf("%+v", p)
	}
}

func TestAnInternalErrorIsLoggedOnceAndNamed(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	tri := h.staff("tri", access.Triager)
	h.must(h.Reports.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), `ALTER TABLE report_count RENAME TO gone`)
		return err
	}))
	r := tri.do("GET", "/queue", nil)
	p := r.problem(t)
	if r.status != 500 || p.Ref == "" || p.Ref != r.header.Get("X-Request-Id") || strings.Contains(p.Detail, "report_count") {
		t.Errorf("%d %+v", r.status, p)
	}
	if n := strings.Count(h.log.String(), "level=ERROR"); n != 1 || !strings.Contains(h.log.String(), "ref="+p.Ref) {
		t.Errorf("%d errors are logged:\n%s", n, h.log)
	}
}

func TestTooOftenIsToldWhenToComeBack(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	tri := h.staff("tri", access.Triager)
	h.Limits.Rules = map[limit.Action]limit.Rule{limit.API: {Burst: 2, Every: time.Minute}}
	for range 2 {
		expect(t, "a token", tri.do("GET", "/queue", nil), 200)
	}
	r := tri.do("GET", "/queue", nil)
	expect(t, "a token", r, 429)
	if r.header.Get("Retry-After") == "" {
		t.Error("it does not say when")
	}
	guess := caller{h: h, token: "hin_" + strings.Repeat("a", 43)}
	for range 2 {
		expect(t, "somebody who guesses", guess.do("GET", "/queue", nil), 401)
	}
	expect(t, "somebody who guesses", guess.do("GET", "/queue", nil), 429)
	expect(t, "another token from the same address", h.staff("tora", access.Triager).do("GET", "/queue", nil), 200)
}

// Without this, one account could fill the slots of the public log for months.
func TestSendingReportsIsLimitedByAccount(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ann, ben := h.reporter("ann"), h.reporter("ben")
	h.Limits.Rules[limit.Submit] = limit.Rule{Burst: 1, Every: time.Minute}
	ann.ok(201, "POST", "/reports", valid(), nil)
	expect(t, "the second at once", ann.do("POST", "/reports", valid()), 429)
	var d draftView
	ann.ok(201, "POST", "/drafts", valid(), &d)
	expect(t, "a draft", ann.do("POST", "/drafts/"+d.ID+"/send", nil), 429)
	ben.ok(201, "POST", "/reports", valid(), nil)
	h.wait(time.Minute)
	expect(t, "the draft a minute later", ann.do("POST", "/drafts/"+d.ID+"/send", nil), 201)
	expect(t, "the same draft again, whose answer was lost", ann.do("POST", "/drafts/"+d.ID+"/send", nil), 201)
}

// slow is a body that stops in its middle until it is told to go on.
type slow struct {
	io.Reader
	until chan struct{}
	once  sync.Once
}

func (s *slow) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err == io.EOF {
		s.once.Do(func() { <-s.until })
	}
	return n, err
}

func TestAConnectionThatBreaksLeavesNothing(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ann := h.reporter("ann")
	media, body := parts(t, part{"report", "", encoded(t, valid())}, part{"file", "b.txt", strings.Repeat("x", 1<<20)})
	leaving, leave := context.WithCancel(ctx)
	stop := make(chan struct{})
	r, err := http.NewRequestWithContext(leaving, "POST", h.web.URL+prefix+"/reports", &slow{Reader: bytes.NewReader(body[:1<<19]), until: stop})
	h.must(err)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Authorization", "Bearer "+ann.token)
	done := make(chan error, 1)
	go func() {
		res, err := h.web.Client().Do(r)
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	for dbtest.Count(t, h.Reports.DB, "draft") == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	close(stop)
	if err := <-done; err == nil {
		t.Error("the request was answered")
	}
	h.web.Close() // waits for the handler
	for _, table := range []string{"report", "draft"} {
		if n := dbtest.Count(t, h.Reports.DB, table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{`{"title":"a"}`, `{"title":"a","x":1}`, `[]`, `{}{}`, "\xff", `"` + "\x00" + `"`, `{"title":null}`, `1e999`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s submissionView
		if unmarshal(b, &s) != nil {
			return
		}
		var again submissionView
		if err := unmarshal([]byte(encoded(t, s)), &again); err != nil || again != s {
			t.Errorf("%q was read as %+v and written as %+v (%v)", b, s, again, err)
		}
	})
}
