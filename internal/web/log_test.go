package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/receipt"
)

func TestTheLogSaysHowToCheckIt(t *testing.T) {
	h := newHouse(t)
	has(t, h.get("/log", cookie("lang", "en")), 200, "The log has not begun yet.")
	h.begin(5)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		key := h.Receipts.Key.Verifier()
		has(t, h.get("/log", l), 200, `<code class="key" data-copy="`+strings.ReplaceAll(key, "+", "&#43;")+`">`, "hinomi verify mine.receipt --key",
			"--log https://bounty.example/log", "--state seen", "2020-10-27 11:42 JST", say("every 15 minutes", "15分ごと"),
			say("5 entries", "5 （報告とカバーの合計）"), `href="/log/checkpoint"`, `href="/log/key"`, `href="/log/verify"`)
	})
}

// What programs read is byte for byte what the log hands out, with its own headers.
func TestLogFilesAreTheLogsOwn(t *testing.T) {
	h := newHouse(t)
	h.begin(300)
	h.receipt("7K3M-Q2XF")
	h.wait(1)
	for _, path := range []string{"checkpoint", "key", "tile/0/000", "tile/0/001.p/45", "tile/entries/000", "tile/entries/001.p/45", "tile/1/000.p/1"} {
		want, err := h.Receipts.Resource(t.Context(), path)
		h.ok(err)
		w := h.get("/log/" + path)
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want.Body) {
			t.Errorf("%s: status %d, %d bytes, want %d", path, w.Code, w.Body.Len(), len(want.Body))
		}
		if got := w.Header(); got.Get("Content-Type") != want.Type || got.Get("Cache-Control") != want.Cache || got.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, path := range []string{"tile/0/001.p/46", "tile/0/002", "tile/entries/001", "tile/0/000.p/256", "tile/x", "tile/"} {
		w := h.get("/log/" + path)
		if w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	if got := h.send(httptest.NewRequest(http.MethodHead, "/log/checkpoint", nil)).Code; got != 200 {
		t.Errorf("HEAD: %d", got)
	}
}

// The pages tell nobody how many reports there are: they are the same with none and with many.
func TestTheLogPagesNeverCountReports(t *testing.T) {
	page := func(reports int) (log, verdict string) {
		h := newHouse(t)
		h.begin(3)
		mine := h.receipt("MINE")
		h.wait(1)
		for i := range reports {
			h.receipt(fmt.Sprint("R", i))
		}
		l := cookie("lang", "en")
		w := h.post("/log/verify", url.Values{"receipt": {string(mine)}}, l)
		has(t, w, 200, "It holds.")
		text := h.get("/log", l).Body.String()
		_, now, _ := strings.Cut(text, "<dt>Size</dt>")
		size, _, _ := strings.Cut(now, "</div>")
		_, checks, _ := strings.Cut(w.Body.String(), "<tbody>")
		checks, _, _ = strings.Cut(checks, "</tbody>")
		return size, checks
	}
	log0, verdict0 := page(0)
	log9, verdict9 := page(9)
	if log0 != log9 {
		t.Errorf("without reports %q, with nine %q", log0, log9)
	}
	if verdict0 != verdict9 {
		t.Errorf("without reports\n%s\nwith nine\n%s", verdict0, verdict9)
	}
}

func TestAnybodyCanHaveAReceiptVerified(t *testing.T) {
	h := newHouse(t)
	h.begin(3)
	mine := string(h.receipt("7K3M-Q2XF"))
	fresh := string(h.receipt("FRESH"))
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		w := h.post("/log/verify", url.Values{"receipt": {fresh}}, l)
		has(t, w, 200, say("The public log does not reach it yet.", "公開ログにはまだ達していません。"), say("not yet", "公開待ち"))
	})
	h.wait(3)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		has(t, h.get("/log/verify", l), 200, say("A server that checks its own receipts may lie.", "発行者自身による検証は、偽ることもできます。"))
		w := h.post("/log/verify", url.Values{"receipt": {mine}}, l)
		has(t, w, 200, say("It holds.", "正当です。"), "7K3M-Q2XF", "</textarea>")
		lacks(t, w, say("does not hold", "不一致"))
		changed := strings.Replace(mine, "7K3M-Q2XF", "7K3M-Q2XG", 1)
		has(t, h.post("/log/verify", url.Values{"receipt": {changed}}, l), 200, say("Something does not hold. Keep the file.", "一致しない点があります。"))
		has(t, h.post("/log/verify", url.Values{"receipt": {"<script>alert(1)</script>"}}, l), 200, say("neither a receipt", "受領証でも証明カードでもありません"), "&lt;script&gt;")
		has(t, h.post("/log/verify", url.Values{"receipt": {" \n"}}, l), http.StatusUnprocessableEntity, say("Choose a receipt, or paste its text.", "受領証のファイルを選ぶか"))
		has(t, h.post("/log/verify?keep&lang="+say("en", "ja"), url.Values{"receipt": {mine}}, l), 200, say("It holds.", "正当です。"))
	})
	has(t, h.post("/log/verify", url.Values{"receipt": {strings.Repeat("x", maxForm)}}), http.StatusRequestEntityTooLarge)
}

func TestReceiptsAreComparedAsFiles(t *testing.T) {
	h := newHouse(t)
	h.begin(3)
	first, second := h.receipt("FIRST"), h.receipt("SECOND")
	h.wait(3)
	upload := func(files ...[]byte) *httptest.ResponseRecorder {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for i, file := range files {
			part, err := form.CreateFormFile("file", fmt.Sprintf("受領証%d.receipt", i))
			h.ok(err)
			_, err = part.Write(file)
			h.ok(err)
		}
		h.ok(form.Close())
		r := httptest.NewRequest(http.MethodPost, "/log/verify", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		return h.send(r, cookie("lang", "en"))
	}
	has(t, upload(first, second), 200, "It holds.", "FIRST", "SECOND", "The files agree with each other", "受領証0.receipt")
	has(t, upload(first), 200, "It holds.", "hinomi.dev/receipt/v1")
	many := make([][]byte, maxDocuments+1)
	for i := range many {
		many[i] = first
	}
	has(t, upload(many...), http.StatusUnprocessableEntity, "Choose at most 8 files")
}

func TestVerifyingIsLimitedByAddress(t *testing.T) {
	h := newHouse(t)
	h.begin(1)
	for range 30 {
		has(t, h.post("/log/verify", url.Values{"receipt": {"x"}}), 200)
	}
	w := h.post("/log/verify", url.Values{"receipt": {"x"}})
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the 31st: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	h.now = h.now.Add(receipt.DefaultSlot)
	has(t, h.post("/log/verify", url.Values{"receipt": {"x"}}), 200)
}
