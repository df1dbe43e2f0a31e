package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

// A step is one thing that somebody does at one time.
type step struct {
	at time.Time
	do func(ctx context.Context, w *teller) error

	logs bool // it appends to the receipt log, which is brought up to the time before
}

// A tale is what happened to one report, told by the methods that follow each other: each moves the
// tale's time on, or lets somebody do something at that time.
type tale struct {
	story    *story
	rand     *rand.Rand // its own, so that a change in one tale leaves the others as they are
	key      string
	by       int // guest
	lang     lang.Lang
	hole     *hole
	where    int // which of the hole's places
	place    place
	told     int // which of the hole's accounts
	body     report.Submission
	files    []exhibit
	received time.Time
	at       time.Time // when the last thing happened
	brisk    bool      // the desk is quick with it
	lead     string    // the triager who has it
	other    string    // the one who does not

	id       string // of the report, once it was received
	proposed string // of the decision that waits for somebody
	award    string // of the award that waits for somebody
}

// The people at the desk, by the part of their address before the @.
const (
	sato   = "triager"
	brandt = "triager2"
	board  = "board"
	owner  = "owner"
	duty   = "responder"
	press  = "communicator"
)

// seed makes the whole story the same every time.
const seed = 20201015

// source returns the random numbers that belong to a key.
func source(key string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(key))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// begin begins the tale of a report that a guest sends at the given time.
func (s *story) begin(key string, by int, holeID string, where, told int, at time.Time) *tale {
	h := s.holes[holeID]
	if h == nil {
		panic("no hole " + holeID)
	}
	t := &tale{
		story: s, rand: source(key), key: key, by: by, lang: s.guests[by].lang(), hole: h,
		where: where % len(h.Places), told: told, received: at, at: at, lead: sato, other: brandt,
	}
	t.place = h.Places[t.where]
	if t.rand.IntN(100) < 45 {
		t.lead, t.other = brandt, sato
	}
	t.write()
	s.tales = append(s.tales, t)
	return t
}

// account is the one in whose words the report is told.
func (t *tale) account() account {
	all := t.hole.accounts(t.lang)
	if len(all) == 0 {
		panic(fmt.Sprintf("%s: %s has no account in %s", t.key, t.hole.ID, t.lang))
	}
	return all[t.told%len(all)]
}

// write puts the report into words.
func (t *tale) write() {
	a, r := t.account(), t.rand
	host, path := t.place.Target, "/"
	if _, rest, ok := strings.Cut(host, "://"); ok {
		if host, path, ok = strings.Cut(rest, "/"); ok {
			path = "/" + path
		}
	}
	platform := t.platform()
	name, plain := t.place.Name, platform.EN
	if t.lang == lang.JA {
		name, plain = t.place.JA, platform.JA
	}
	mark := fmt.Sprintf("h%05x", r.Uint32()&0xfffff)
	first, second := fmt.Sprintf("try.%s.1", mark), fmt.Sprintf("try.%s.2", mark)
	words := []string{
		"{target}", t.place.Target, "{host}", host, "{path}", path, "{param}", t.place.Param, "{name}", name,
		"{platform}", plain, "{version}", version(t.at), "{mark}", mark, "{account}", first, "{account2}", second,
	}
	voices := t.story.voices.EN
	if t.lang == lang.JA {
		voices = t.story.voices.JA
	}
	v := voices[t.by%len(voices)]
	b := report.Submission{
		Title: fill(a.Title, words...), Target: t.place.Target, Reached: t.place.Reached, Class: t.hole.Class, CWE: t.hole.CWE,
		Steps: said(v.Open, fill(a.Steps, words...)), Proof: fill(a.Proof, words...),
		Impact: said(fill(a.Impact, words...), v.Close), Found: "self", OthersData: "no",
	}
	if strings.HasPrefix(a.Title, "{name}") && t.lang == lang.EN {
		r := []rune(b.Title)
		b.Title = strings.ToUpper(string(r[:1])) + string(r[1:])
	}
	if t.place.Reached == "app" {
		b.Platform, b.Version = platform.id, version(t.at)
	}
	t.body = b
	t.tested(first, second)
	t.rated()
	if strings.Contains(b.Steps+b.Proof, "attach") || strings.Contains(b.Steps+b.Proof, "添付") {
		t.files = append(t.files, t.evidence(mark))
	}
}

func said(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n\n")
}

// tested says from where and when it was tried out.
func (t *tale) tested(first, second string) {
	r := t.rand
	if r.IntN(100) < 80 {
		t.body.Accounts = first
		if strings.Contains(t.body.Steps+t.body.Proof, second) {
			t.body.Accounts += "\n" + second
		}
	}
	if r.IntN(100) < 70 {
		nets := []string{"192.0.2.%d", "198.51.100.%d", "203.0.113.%d"}
		t.body.Addresses = fmt.Sprintf(choose(r, nets), 1+t.by)
		if r.IntN(100) < 15 {
			t.body.Addresses += fmt.Sprintf("\n2001:db8:%x::%x", 16+t.by, r.IntN(4096))
		}
	}
	if r.IntN(100) < 75 {
		until := t.at.Add(-time.Duration(20+r.IntN(240)) * time.Minute)
		from := until.Add(-time.Duration(5+r.IntN(300)) * time.Minute)
		const minute = "2006-01-02T15:04"
		t.body.From, t.body.Until = from.In(calendar.JST).Format(minute), until.In(calendar.JST).Format(minute)
	}
	switch r.IntN(12) {
	case 0:
		t.body.Knows = map[lang.Lang]string{lang.EN: "A colleague who helped me with the second phone.", lang.JA: "検証を手伝ってもらった同僚1名です。"}[t.lang]
	case 1:
		t.body.HarmlessUntil = calendar.In(t.at, calendar.JST).Add(60 + r.IntN(60)).String()
	}
}

// rated is the vector as the reporter sets it: as it is, too high, or not at all.
func (t *tale) rated() {
	switch n := t.rand.IntN(100); {
	case t.hole.Vector == "" || n < 25:
	case n < 42 && t.hole.Clause == "":
		t.body.Vector = strings.NewReplacer("/C:L", "/C:H", "/I:L", "/I:H", "/PR:L", "/PR:N").Replace(t.hole.Vector)
	default:
		t.body.Vector = t.hole.Vector
	}
}

type platform struct{ id, EN, JA string }

// platform is the client that was used: those that the terms of the day know.
func (t *tale) platform() platform {
	all := []platform{
		{"android", "LINE for Android", "Android版LINE"},
		{"ios", "LINE for iOS", "iOS版LINE"},
		{"android", "LINE for Android", "Android版LINE"},
		{"ios", "LINE for iOS", "iOS版LINE"},
		{"chrome", "LINE for Chrome", "Chrome版LINE"},
	}
	n := len(all)
	if t.at.Before(revised) || t.hole.Platform != "" {
		n = 4
	}
	p := all[t.rand.IntN(n)]
	if t.hole.Platform == "android" {
		p = all[0]
	}
	return p
}

// revised is when the terms of 2017 came into force.
var revised = time.Date(2017, time.April, 10, 0, 0, 0, 0, calendar.JST)

// versions of the app through the years, roughly.
var versions = []struct{ from, version string }{
	{"2016-06-01", "6.4.0"}, {"2017-01-01", "6.9.4"}, {"2017-02-10", "7.0.2"}, {"2017-04-01", "7.3.0"}, {"2017-06-01", "7.5.2"},
	{"2017-08-01", "7.9.0"}, {"2017-10-01", "7.14.0"}, {"2017-12-01", "7.17.0"}, {"2018-04-01", "8.4.0"}, {"2018-10-01", "8.15.1"},
	{"2019-04-01", "9.4.3"}, {"2019-10-01", "9.18.0"}, {"2020-04-01", "10.5.2"}, {"2020-07-01", "10.10.3"},
	{"2020-08-15", "10.13.1"}, {"2020-09-15", "10.15.2"}, {"2020-10-07", "10.16.1"},
}

// version returns the newest version of the app on a day.
func version(at time.Time) string {
	day, v := calendar.In(at, calendar.JST).String(), ""
	for _, e := range versions {
		if e.from <= day {
			v = e.version
		}
	}
	return v
}
