package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

// A house is a site whose public pages have something to show.
type house struct {
	*site
	t   *testing.T
	db  *db.DB
	now time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	key, err := receipt.NewKey("bounty.example/log")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{site: newSite(t), t: t, db: dbtest.SQLite(t), now: time.Date(2020, 10, 27, 1, 12, 0, 0, time.UTC)}
	now := func() time.Time { return h.now }
	h.Now, h.Origin = now, "https://bounty.example"
	h.Audit = &audit.Log{DB: h.db, Now: now}
	h.Limits = &limit.Limits{Now: now}
	h.Program = program.Default()
	h.People = &person.People{
		DB: h.db, Audit: h.Audit, Now: now, Limits: h.Limits, Key: bytes.Repeat([]byte{7}, person.KeySize),
		RP: person.RelyingParty{ID: "bounty.example", Name: "Hinomi", Origins: []string{"https://bounty.example"}},
	}
	h.Participants = &participant.Participants{DB: h.db, Audit: h.Audit, Now: now, Program: h.Program, People: h.People}
	h.Reports = report.New()
	h.Reports.DB, h.Reports.Program, h.Reports.Now = h.db, h.Program, now
	h.Receipts = &receipt.Log{DB: h.db, Key: key, Now: now}
	h.Files = &attachment.Store{Dir: t.TempDir()}
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) tx(fn func(ctx context.Context, tx *sql.Tx) error) {
	h.t.Helper()
	ctx := h.t.Context()
	h.ok(h.db.Tx(ctx, func(tx *sql.Tx) error { return fn(ctx, tx) }))
}

// promises lets promises of a kind run since days ago; each took so many days, or is open at -1.
func (h *house) promises(kind string, limit int, days int, took ...int) {
	h.t.Helper()
	for i, d := range took {
		subject, began := fmt.Sprintf("%s-%d-%d", kind, days, i), h.now.AddDate(0, 0, -days)
		h.tx(func(ctx context.Context, tx *sql.Tx) error {
			p := deadline.Promise{Kind: kind, Owner: deadline.Desk, Length: limit, Unit: deadline.Business, Trigger: "report"}
			if err := deadline.Start(ctx, tx, began, subject, p); err != nil || d < 0 {
				return err
			}
			return deadline.Meet(ctx, tx, began.AddDate(0, 0, d), subject, "somebody", kind)
		})
	}
}

// signUp adds somebody who can be credited.
func (h *house) signUp(name string) access.Caller {
	h.t.Helper()
	ctx := h.t.Context()
	address := fmt.Sprintf("%x@example.org", sha256.Sum256([]byte(name)))[8:]
	n, err := h.People.Add(ctx, access.Self, person.Newcomer{Kind: access.Participant, Mail: address, Lang: lang.JA})
	h.ok(err)
	e, err := h.People.Open(ctx, access.Self, n.ID, "")
	h.ok(err)
	who := n.Caller(e.Session.ID)
	h.ok(h.Participants.SetProfile(ctx, who, participant.Form{Name: name, Lang: lang.JA, Country: "JP", Born: "1990-04-01"}))
	return who
}

var board = access.Caller{ID: "board", Kind: access.Staff, Roles: []access.Role{access.Communicator, access.Owner, access.Board}}

// credit has a part of somebody's credit posted.
func (h *house) credit(who access.Caller, part participant.Part, value string) participant.Consent {
	h.t.Helper()
	ctx := h.t.Context()
	c, err := h.Participants.Wish(ctx, who, participant.Wish{Part: part, Value: value, Lang: lang.JA, Warranty: true})
	h.ok(err)
	h.ok(h.Participants.Approve(ctx, board, c.ID))
	return c
}

// fame puts somebody in the hall of a year.
func (h *house) fame(who access.Caller, year int) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		return h.Participants.Credit(ctx, tx, who.ID, fmt.Sprintf("%s-%d", who.ID, year), time.Date(year, 5, 1, 0, 0, 0, 0, japan))
	})
}

// photo stores a picture as the account page would.
func (h *house) photo() string {
	h.t.Helper()
	var file bytes.Buffer
	h.ok(png.Encode(&file, image.NewGray(image.Rect(0, 0, 20, 30))))
	made, err := participant.Develop(h.t.Context(), file.Bytes())
	h.ok(err)
	blob, err := h.Files.Put(h.t.Context(), bytes.NewReader(made))
	h.ok(err)
	return blob.SHA256
}

// begin lets the log run for some slots.
func (h *house) begin(slots int) {
	h.t.Helper()
	h.ok(h.Receipts.Pace(h.t.Context()))
	h.wait(slots)
}

func (h *house) wait(slots int) {
	h.t.Helper()
	h.now = h.now.Add(time.Duration(slots) * receipt.DefaultSlot)
	h.ok(h.Receipts.Pace(h.t.Context()))
}

// receipt logs a report and returns its receipt.
func (h *house) receipt(id string) []byte {
	h.t.Helper()
	s := receipt.Statement{
		Program: "LINE Security Bug Bounty", Kind: receipt.Report, ID: id, Terms: "2017-04-10",
		TermsSHA256: sha256.Sum256([]byte("terms")), BodySHA256: sha256.Sum256([]byte(id)), BodySize: 4, Salt: receipt.NewSalt(),
	}
	var e receipt.Entry
	_, err := h.Receipts.Append(h.t.Context(), func(_ context.Context, _ *sql.Tx, g *receipt.Growth) error {
		var err error
		e, err = g.Append(func(e receipt.Entry) (receipt.Hash, error) { s.Received = e.Time; return s.Commitment() })
		return err
	})
	h.ok(err)
	file, err := h.Receipts.Issue(h.t.Context(), receipt.Logged{Statement: s, Index: e.Index})
	h.ok(err)
	return file
}

// inBoth runs a page script in each language.
func inBoth(t *testing.T, script func(t *testing.T, l asking, say func(en, ja string) string)) {
	t.Helper()
	for _, l := range []string{"en", "ja"} {
		t.Run(l, func(t *testing.T) {
			script(t, cookie("lang", l), func(en, ja string) string { return Frame{Lang: lang.Lang(l)}.T(en, ja) })
		})
	}
}

// linksOf returns the ids of a page's elements, and the addresses it links to.
func linksOf(t *testing.T, w *httptest.ResponseRecorder) (ids map[string]bool, hrefs []string) {
	t.Helper()
	ids = map[string]bool{}
	z := html.NewTokenizer(bytes.NewReader(w.Body.Bytes()))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		for _, a := range z.Token().Attr {
			switch a.Key {
			case "id":
				if ids[a.Val] {
					t.Errorf("the id %s stands twice", a.Val)
				}
				ids[a.Val] = true
			case "href":
				hrefs = append(hrefs, a.Val)
			}
		}
	}
	return ids, hrefs
}

// Whatever the public pages link to is there, down to the anchor.
func TestPublicPagesLinkToWhatExists(t *testing.T) {
	h := newHouse(t)
	h.begin(3)
	anchors := map[string]map[string]bool{}
	looked := map[string]bool{}
	var visit func(from, href string)
	visit = func(from, href string) {
		path, anchor, _ := strings.Cut(href, "#")
		if path == "" {
			path = from
		}
		page, _, _ := strings.Cut(path, "?")
		public := page == "/" || page == "/terms" || strings.HasPrefix(page, "/terms/") || strings.HasPrefix(page, "/hall-of-fame") ||
			page == "/log" || page == "/log/verify" || strings.HasPrefix(page, "/.well-known") || page == "/reports/new"
		if !public || strings.Contains(path, "lang=") {
			return
		}
		if !looked[path] {
			looked[path] = true
			w := h.get(path, cookie("lang", "ja"))
			if w.Code != http.StatusOK {
				t.Errorf("%s links to %s: status %d", from, href, w.Code)
				return
			}
			ids, hrefs := linksOf(t, w)
			anchors[path] = ids
			for _, next := range hrefs {
				visit(path, next)
			}
		}
		if anchor != "" && !anchors[path][anchor] {
			t.Errorf("%s links to %s: no such anchor", from, href)
		}
	}
	visit("", "/")
	for _, path := range []string{"/terms/2017-04-10", "/terms/2016-06-02", "/terms/diff?from=2016-06-02&to=2017-04-10", "/log/verify", "/hall-of-fame"} {
		if !looked[path] {
			t.Errorf("nothing leads to %s", path)
		}
	}
}

func TestSecurityTxtLeadsToThePages(t *testing.T) {
	h := newHouse(t)
	h.Security = Security{Acknowledgments: "/hall-of-fame", Policy: func(now time.Time) string {
		terms, _ := h.Program.At(now)
		return "/terms/" + terms.ID
	}}
	w := h.get("/.well-known/security.txt")
	has(t, w, 200, "Contact: https://bounty.example/reports/new\r\n", "Policy: https://bounty.example/terms/2017-04-10\r\n",
		"Acknowledgments: https://bounty.example/hall-of-fame\r\n", "Canonical: https://bounty.example/.well-known/security.txt\r\n",
		"Preferred-Languages: ja, en\r\n")
	for _, m := range regexp.MustCompile(`(?m)^(?:Contact|Policy|Acknowledgments|Canonical): https://bounty\.example(\S+)`).FindAllStringSubmatch(w.Body.String(), -1) {
		if got := h.get(m[1]).Code; got != http.StatusOK {
			t.Errorf("%s answers %d", m[1], got)
		}
	}
}
