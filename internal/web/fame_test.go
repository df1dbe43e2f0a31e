package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/participant"
)

func TestTheHallOfFameNamesWhoWished(t *testing.T) {
	h := newHouse(t)
	l := cookie("lang", "en")
	has(t, h.get("/hall-of-fame", l), 200, "Nobody is listed yet.", `href="/reports/new"`, `href="/terms/2017-04-10#c-12.1"`)
	has(t, h.get("/hall-of-fame/2020", l), 200, "Nobody is listed yet.")

	mei, quiet, hidden := h.signUp("Li Mei-hua 李美華"), h.signUp("Quiet Person"), h.signUp("<b>Secret Name</b>")
	helper := h.signUp("ジョン・スミス")
	for _, who := range []int{2019, 2020} {
		h.fame(mei, who)
	}
	h.fame(quiet, 2020)
	h.fame(hidden, 2020)
	h.credit(mei, participant.Name, "")
	h.credit(hidden, participant.Alias, "nightowl <i>")
	h.credit(helper, participant.Name, "")
	h.ok(h.Participants.NameSpecial(t.Context(), board, helper.ID, 2020, "Told us of a leak elsewhere."))

	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		w := h.get("/hall-of-fame", l)
		has(t, w, 200, `<bdi class="name">Li Mei-hua 李美華</bdi>`, `<bdi class="name">nightowl &lt;i&gt;</bdi>`, say("Special contributors, 2020", "特別貢献者（2020年）"),
			"ジョン・スミス", `href="/hall-of-fame/2019"`, say("This is no ranking", "順位ではなく"))
		lacks(t, w, "Quiet Person", "Secret Name", "Told us of a leak")
		w = h.get("/hall-of-fame/2019", l)
		has(t, w, 200, "Li Mei-hua 李美華")
		lacks(t, w, "ジョン・スミス", "nightowl")
	})
	for _, path := range []string{"2018", "0", "02019", "x", "-1", "99999999999999999999"} {
		if got := h.get("/hall-of-fame/" + path).Code; got != http.StatusNotFound {
			t.Errorf("/hall-of-fame/%s answers %d", path, got)
		}
	}
}

func TestAPhotoIsSentOnlyWhileItIsPosted(t *testing.T) {
	h := newHouse(t)
	who := h.signUp("佐々木 龍之介")
	h.fame(who, 2020)
	h.credit(who, participant.Name, "")
	hash := h.photo()
	path := "/hall-of-fame/photo/" + hash
	has(t, h.get(path), http.StatusNotFound) // stored, not posted
	c := h.credit(who, participant.Photo, hash)

	has(t, h.get("/hall-of-fame"), 200, `src="`+path+`"`)
	w := h.get(path)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Cache-Control") != "no-cache" ||
		w.Header().Get("X-Content-Type-Options") != "nosniff" || !bytes.HasPrefix(w.Body.Bytes(), []byte("\x89PNG")) {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if got := h.get(path, header("If-None-Match", w.Header().Get("ETag"))).Code; got != http.StatusNotModified {
		t.Errorf("asked again: %d", got)
	}
	blob, err := h.Files.Put(t.Context(), strings.NewReader("<svg onload=alert(1)>"))
	h.ok(err)
	h.credit(h.signUp("Somebody"), participant.Photo, blob.SHA256)
	has(t, h.get("/hall-of-fame/photo/"+blob.SHA256), http.StatusNotFound) // no picture of ours
	has(t, h.get("/hall-of-fame/photo/..%2f..%2fserver.key"), http.StatusNotFound)

	h.ok(h.Participants.Revoke(t.Context(), who, c.ID))
	has(t, h.get(path), http.StatusNotFound)
	lacks(t, h.get("/hall-of-fame"), path)
}
