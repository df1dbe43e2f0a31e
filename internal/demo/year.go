package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// The program of 2017 at its real size.
const (
	received2017 = 212
	accepted2017 = 45
	japan2017    = 11
)

// perMonth is how many reports came in each month of 2017: more after the terms of April took in the
// websites.
var perMonth = [12]int{12, 13, 15, 24, 22, 19, 20, 18, 17, 18, 18, 16}

// An outcome is how a report of a hole ends.
type outcome struct {
	how  string // accepted, reopened, excluded, duplicate, known, exception or withdrawn
	hole string // empty for a duplicate: that of its original
	ref  string // of the known issue
	n    int    // how many
}

// outcomes2017 are what became of the reports. The accepted ones add up to 45.
var outcomes2017 = []outcome{
	{how: "accepted", hole: "xss-reflected", n: 7},
	{how: "accepted", hole: "xss-stored", n: 5},
	{how: "accepted", hole: "xss-dom", n: 3},
	{how: "accepted", hole: "xss-link", n: 2},
	{how: "accepted", hole: "xss-upload", n: 2},
	{how: "accepted", hole: "xss-message", n: 1},
	{how: "accepted", hole: "xss-callback", n: 1},
	{how: "accepted", hole: "csrf-setting", n: 3},
	{how: "accepted", hole: "csrf-spend", n: 1},
	{how: "accepted", hole: "csrf-social", n: 2},
	{how: "accepted", hole: "auth-code", n: 2},
	{how: "accepted", hole: "auth-session", n: 1},
	{how: "accepted", hole: "auth-signature", n: 1},
	{how: "accepted", hole: "crypto-certificate", n: 1},
	{how: "accepted", hole: "purchase-price", n: 1},
	{how: "accepted", hole: "purchase-replay", n: 1},
	{how: "accepted", hole: "purchase-race", n: 1},
	{how: "accepted", hole: "other-idor", n: 3},
	{how: "accepted", hole: "other-cors", n: 1},
	{how: "accepted", hole: "other-redirect", n: 1},
	{how: "accepted", hole: "other-takeover", n: 1},
	{how: "accepted", hole: "other-ssrf", n: 1},
	{how: "reopened", hole: "other-leak", n: 1},
	{how: "accepted", hole: "other-leak", n: 1},
	{how: "accepted", hole: "other-client", n: 1},

	{how: "excluded", hole: "ex-theory", n: 15},
	{how: "excluded", hole: "ex-scanner", n: 14},
	{how: "excluded", hole: "ex-domain", n: 13},
	{how: "excluded", hole: "ex-header", n: 12},
	{how: "excluded", hole: "ex-spf", n: 7},
	{how: "excluded", hole: "ex-dos", n: 6},
	{how: "excluded", hole: "ex-brute", n: 6},
	{how: "excluded", hole: "ex-mailrules", n: 6},
	{how: "excluded", hole: "ex-frame", n: 6},
	{how: "excluded", hole: "ex-spam", n: 5},
	{how: "excluded", hole: "ex-family", n: 5},
	{how: "excluded", hole: "ex-self", n: 5},
	{how: "excluded", hole: "ex-logout", n: 4},
	{how: "excluded", hole: "ex-platform", n: 3},
	{how: "excluded", hole: "ex-csrftoken", n: 3},
	{how: "excluded", hole: "ex-error", n: 3},
	{how: "excluded", hole: "ex-tls", n: 2},
	{how: "excluded", hole: "ex-banner", n: 2},
	{how: "excluded", hole: "ex-old", n: 2},
	{how: "excluded", hole: "ex-photo", n: 2},
	{how: "excluded", hole: "ex-root", n: 1},
	{how: "excluded", hole: "ex-device", n: 1},
	{how: "excluded", hole: "ex-refund", n: 1},
	{how: "excluded", hole: "ex-local", n: 1},

	{how: "exception", hole: "other-header", n: 1},
	{how: "withdrawn", hole: "other-traversal", n: 1},
	{how: "withdrawn", hole: "purchase-preview", n: 1},
	{how: "withdrawn", hole: "auth-redirect", n: 1},
	{how: "withdrawn", hole: "xss-link", n: 1},
	{how: "withdrawn", hole: "other-cache", n: 1},
	{how: "known", hole: "xss-reflected", ref: "SEC-118", n: 2},
	{how: "known", hole: "auth-session", ref: "SEC-097", n: 1},
	{how: "known", hole: "ex-spam", ref: "SEC-140", n: 1},
	{how: "known", hole: "other-cors", ref: "SEC-189", n: 1},
	{how: "known", hole: "xss-stored", ref: "SEC-232", n: 1},
	{how: "known", hole: "csrf-social", ref: "SEC-251", n: 1},
	{how: "duplicate", n: 29},
}

// fromJapan says how the eleven reports from Japan end, and who sends them.
var fromJapan = []struct {
	how string
	by  int
}{
	{"accepted", 0}, {"excluded", 1}, {"accepted", 3}, {"duplicate", 7}, {"accepted", 0}, {"excluded", 4},
	{"accepted", 11}, {"excluded", 2}, {"accepted", 5}, {"duplicate", 6}, {"excluded", 0},
}

// year tells 2017: every outcome takes the first moment that it fits.
func (s *story) year() {
	r := source("2017")
	times := moments(r)
	japan := map[int]bool{}
	for _, i := range r.Perm(received2017 - 20)[:japan2017] {
		japan[i+20] = true // the first weeks are left to people abroad: duplicates need an original
	}
	var waiting []outcome
	for _, o := range outcomes2017 {
		for range o.n {
			waiting = append(waiting, o)
		}
	}
	r.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	next := 0
	for i, at := range times {
		who := sender{lang: lang.EN}
		fits := func(outcome) bool { return true }
		if japan[i] {
			e := fromJapan[next]
			who = sender{lang: lang.JA, by: e.by}
			fits = func(o outcome) bool { return o.how == e.how }
			next++
		}
		n := slices.IndexFunc(waiting, func(o outcome) bool {
			return fits(o) && s.place(r, fmt.Sprintf("2017-%03d", i+1), o, who, at)
		})
		if n < 0 {
			panic(fmt.Sprintf("2017: nothing fits the %d. moment, %d outcomes wait", i, len(waiting)))
		}
		waiting = slices.Delete(waiting, n, n+1)
	}
}

// moments are when the reports of 2017 came in: at any hour, because people live everywhere.
func moments(r *rand.Rand) []time.Time {
	var all []time.Time
	for m, n := range perMonth {
		first := time.Date(2017, time.Month(m+1), 1, 0, 0, 0, 0, calendar.JST)
		length := first.AddDate(0, 1, 0).Sub(first)
		if m == 0 {
			first, length = first.Add(50*time.Hour), length-50*time.Hour // the new year's days are quiet
		}
		for range n {
			all = append(all, first.Add(time.Duration(r.Float64()*float64(length)).Truncate(time.Second)))
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}
