package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

const anEvent = `{"specversion":"1.0","id":"a","source":"chat/1","type":"message","time":"2020-11-02T01:38:00.123Z","data":{"actor":"u1"}}`

// event is anEvent with another id and source.
func eventOf(source, id string) string {
	return strings.Replace(strings.Replace(anEvent, `"a"`, `"`+id+`"`, 1), "chat/1", source, 1)
}

func gzipped(t *testing.T, body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(body)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t *testing.T, body string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(body), nil))
}

func TestEventsAreSentInEveryForm(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	feed := h.staff("feed", access.Responder)
	const lines, list, one = "application/x-ndjson", "application/cloudevents-batch+json", "application/cloudevents+json"
	lot := strings.Repeat(eventOf("chat/1", "lot"), 50_000) // one line
	for i, c := range []struct {
		media, coding, body string
		status              int
		want                string // the answer, or part of the problem's detail
	}{
		{lines, "", eventOf("chat/1", "a") + "\n" + eventOf("chat/1", "b"), 200, `{"accepted":2,"repeated":0,"refused":[]}`},
		{lines + "; charset=utf-8", "identity", eventOf("chat/1", "b") + "\n" + eventOf("chat/1", "c"), 200, `{"accepted":1,"repeated":1,"refused":[]}`},
		{list, "", "[" + eventOf("chat", "a") + "," + eventOf("pay/1", "a") + "]", 200,
			`{"accepted":1,"repeated":0,"refused":[{"index":1,"id":"a","field":"source","reason":"This token may not send events of the source \"pay/1\"."}]}`},
		{one, "", eventOf("chat/1", "d"), 200, `{"accepted":1,"repeated":0,"refused":[]}`},
		{one, "", eventOf("pay/1", "d"), 422, "may not send events of the source"},
		{one, "", `{}`, 422, "missing"},
		{lines, "gzip", gzipped(t, eventOf("chat/1", "e")), 200, `{"accepted":1,"repeated":0,"refused":[]}`},
		{list, "zstd", zstandard(t, "["+eventOf("chat/1", "f")+"]"), 200, `{"accepted":1,"repeated":0,"refused":[]}`},
		{lines, "gzip", eventOf("chat/1", "g"), 422, "not compressed"},
		{lines, "zstd", eventOf("chat/1", "g"), 422, "not compressed"},
		{lines, "gzip", gzipped(t, lot)[:1000], 422, "broke off"},
		{lines, "br", "x", 415, "Content-Encoding may be"},
		{"application/json", "", "{}", 415, "Content-Type must be"},
		{"", "", "{}", 415, "Content-Type must be"},
		{list, "", "[", 422, "breaks off"},
		{lines, "", strings.Repeat(" ", maxEvents+1), 413, "16 MiB"},
		{lines, "gzip", gzipped(t, strings.Repeat(" ", 80<<20)), 413, "64 MiB inflated"},
		{lines, "zstd", zstandard(t, strings.Repeat(lot+"\n", 20)), 413, "64 MiB inflated"},
		{lines, "zstd", zstandard(t, strings.Repeat("{}\n", 30<<20)), 422, "the rest was not read"},
	} {
		r := feed.send("POST", "/events", c.media, strings.NewReader(c.body), "Content-Encoding", c.coding)
		if r.status != c.status || !strings.Contains(string(r.body), c.want) && c.status == 200 {
			t.Errorf("%d: %d %s, want %d %s", i, r.status, r.body, c.status, c.want)
		}
		if c.status != 200 {
			if p := r.problem(t); !strings.Contains(p.Detail, c.want) {
				t.Errorf("%d: %s, want %s", i, p.Detail, c.want)
			}
		}
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d: %v", i, r.header)
		}
	}
	var st streamView
	feed.ok(200, "GET", "/events/stream", nil, &st)
	if st.Events != 7 || st.Node.Accepted != 7 || st.Node.Repeated != 1 || st.Node.Refused["not_yours"] != 2 || st.Oldest.IsZero() || len(st.Samples) == 0 {
		t.Errorf("%+v", st)
	}
	if r := feed.do("GET", "/events", nil); r.status != 405 || r.header.Get("Allow") != "POST" {
		t.Errorf("%d %v", r.status, r.header)
	}
}

func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	r := h.staff("feed", access.Responder).send("POST", "/events", "application/x-ndjson", strings.NewReader("\n{\"id\":\"x\"}\n"), "Accept-Language", "ja")
	var got eventsView
	h.must(json.Unmarshal(r.body, &got))
	want := eventsView{Refused: []refusalView{{Index: 0, Line: 2, ID: "x", Field: "specversion", Reason: "この項目がありません。"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestATokenThatIsRevokedSendsForASecondAtMost(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	feed := h.staff("feed", access.Responder)
	send := func() int {
		return feed.send("POST", "/events", "application/x-ndjson", strings.NewReader(anEvent)).status
	}
	if got := send(); got != 200 {
		t.Fatal(got)
	}
	h.wait(301 * 24 * time.Hour) // the token ends
	for start := time.Now(); send() != 401; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 3*senderFor {
			t.Fatal("it still sends")
		}
	}
}

func TestAStreamThatDoesNotKeepUpSaysWhenToComeBack(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	feed := h.staff("feed", access.Responder)
	big := fmt.Sprintf(`{"specversion":"1.0","id":"%%d","source":"chat","type":"message","time":"2020-11-02T01:38:00Z","data":{"device":%q}}`+"\n", strings.Repeat("x", 200_000))
	h.stop() // what comes now waits
	later := make(chan *http.Response, 100)
	for i := range cap(later) {
		go func() {
			body := strings.NewReader(fmt.Sprintf(strings.Repeat(big, 2), 2*i, 2*i+1))
			r, err := http.NewRequestWithContext(ctx, "POST", h.web.URL+prefix+"/events", body)
			h.must(err)
			r.Header.Set("Content-Type", "application/x-ndjson")
			r.Header.Set("Authorization", "Bearer "+feed.token)
			if answer, err := http.DefaultClient.Do(r); err == nil { // the others are cut off below
				_ = answer.Body.Close()
				later <- answer
			}
		}()
	}
	if r := <-later; r.StatusCode != 429 || r.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	h.web.CloseClientConnections()
}
