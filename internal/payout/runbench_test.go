package payout

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/screening"
)

// runEnv is how many awards the benchmark of a run has, for a quick look.
const runEnv = "HINOMI_BENCH_AWARDS"

// BenchmarkRun takes one award each of many people, screened against 20,000 names, from the proposal of
// their run to the bank's file. The goal is 10,000 in ten seconds.
func BenchmarkRun(b *testing.B) {
	n := 10_000
	if set, err := strconv.Atoi(os.Getenv(runEnv)); err == nil {
		n = set
	}
	for engine, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(engine, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				ps, awards := crowded(b, open(b), n)
				b.StartTimer()
				steps(b, ps, awards)
			}
		})
	}
}

// steps takes a run from its proposal to its file, and says how long each step took.
func steps(b *testing.B, ps *Payouts, awards []string) {
	b.Helper()
	ctx := context.Background()
	one, two := access.Caller{ID: "one", Kind: access.Staff, Roles: []access.Role{access.Payer}}, access.Caller{ID: "two", Kind: access.Staff, Roles: []access.Role{access.Payer}}
	var r Run
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"propose", func() (err error) {
			r, err = ps.ProposeRun(ctx, one, money.JPY, calendar.Of(2018, 10, 10), awards)
			return err
		}},
		{"check", func() error { return ps.CheckRun(ctx, one, r.ID) }},
		{"clear", func() error { // what people do meanwhile
			return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE screening SET decision = 'cleared' WHERE outcome <> 'clear'`)
				return err
			})
		}},
		{"approve", func() error { return ps.ApproveRun(ctx, two, r.ID) }},
		{"lock", func() error { return ps.LockRun(ctx, two, r.ID) }},
		{"export", func() error { _, err := ps.ExportRun(ctx, two, r.ID); return err }},
	} {
		start := time.Now()
		if err := s.do(); err != nil {
			b.Fatalf("%s: %v", s.name, err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-"+s.name)
	}
}

// crowded is a desk with n people who can be paid one award each.
func crowded(b *testing.B, d *db.DB, n int) (*Payouts, []string) {
	b.Helper()
	at := time.Date(2018, 10, 10, 3, 0, 0, 0, time.UTC)
	clock := func() time.Time { at = at.Add(time.Microsecond); return at }
	ps := &Payouts{
		DB: d, Audit: &audit.Log{DB: d, Now: clock}, Now: clock, Key: make([]byte, keySize), Countries: screening.ShippedCountries(),
		Originator: bankfile.Originator{
			ClientCode: "1", NameKana: "ヒノミ", Name: "Hinomi", Town: "Tokyo", Country: "JP", BIC: "MHCBJPJT",
			Bank: bankfile.Bank{Code: "0001", Branch: "001"}, Account: bankfile.Account{Kind: bank.Ordinary, Number: "7654321"},
		},
	}
	var list strings.Builder
	list.WriteString("name,aliases,birth date,country,note\n")
	for i := range 20_000 {
		fmt.Fprintf(&list, "%s,,1930,RU,x\n", spelled(i+7_000_000))
	}
	ctx := context.Background()
	if err := ps.LoadList(ctx, access.Caller{ID: "one", Kind: access.Staff, Roles: []access.Role{access.Payer}}, "own", at, map[string][]byte{"own.csv": []byte(list.String())}); err != nil {
		b.Fatal(err)
	}
	awards := make([]string, n)
	if err := d.Tx(ctx, func(tx *sql.Tx) error {
		for i := range n {
			awards[i] = fmt.Sprintf("a%06d", i)
			if err := payable(ctx, tx, ps, awards[i], i); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return ps, awards
}

// payable writes one award that only lacks its run.
func payable(ctx context.Context, tx *sql.Tx, ps *Payouts, award string, i int) error {
	person, now := fmt.Sprintf("p%06d", i), ps.Now()
	for _, insert := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO report (id, log_index, received_at, clock_behind, terms, reporter, lang, title, target, in_scope, scope_clause, class, body,
			salt, vector_reported, vector, score, urgency, eligibility, state, asked_from, original, assignee, turn, turn_kind, turn_due, place, updated_at, version)
			VALUES ($1, $2, $3, false, '2017-04-10', $4, 'en', 't', 'line.me', true, '', 'xss', '{}', $5, '', '', -1, 'normal', 'yes', 'accepted',
			'', '', '', 'nobody', '', 0, 0, 0, 1)`, []any{"r" + award, i, db.Micros(now), person, []byte{1}}},
		{`INSERT INTO award (id, report, person, class, clause, guide, amount, seriousness, novelty, reason, state, proposed_by, proposed_at, decided_by, decided_at, refusal)
			VALUES ($1, $2, $3, 'xss', '6.1', 50000, 50000, '', '', '', 'approved', 'x', 0, 'y', 0, '')`, []any{award, "r" + award, person}},
		{`INSERT INTO payment (` + columns + `) VALUES ($1, $2, 50000, '2018-09-12', 'rate_set', 'JPY', 0, '', '', '', '2018-09-28', '113.57', 'h', 56785, '', 0, 1)`, []any{award, person}},
		{`INSERT INTO tax_category (id, person, from_day, category, head, treaty, form_day, set_by, set_at) VALUES ($1, $2, '2018-01-01', 'resident_fee', 'h', '', '', 'x', 0)`, []any{"t" + award, person}},
	} {
		if _, err := tx.ExecContext(ctx, insert.text, insert.args...); err != nil {
			return err
		}
	}
	d := Details{
		Name: spelled(i), Kana: kana(i), Street: "1-1", Town: "Tokyo", Country: "JP", Phone: "03", Own: true, Holder: spelled(i), Japanese: true, BirthYear: 1990,
		Bank: bankfile.Bank{Code: "0005", Branch: "123"}, Account: bankfile.Account{Kind: bank.Ordinary, Number: fmt.Sprintf("%07d", i), HolderKana: kana(i)},
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return ps.savePayee(ctx, tx, now, person, d, text)
}

// spelled is a name of two to four words, another for each number. As with people some words are
// everybody's and most are rare.
func spelled(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	zipf := rand.NewZipf(r, 1.1, 60, 12_000) // the most frequent is in about a name in fifty
	words := make([]string, 2+r.IntN(3))
	for i := range words {
		words[i] = syllables(zipf.Uint64())
	}
	return strings.Join(words, " ")
}

// syllables is the word of a number.
func syllables(n uint64) string {
	r := rand.New(rand.NewPCG(n, 7))
	var s strings.Builder
	for range 2 + r.IntN(3) {
		s.WriteByte("BCDFGHJKLMNPRSTVWYZ"[r.IntN(19)])
		s.WriteByte("AEIOU"[r.IntN(5)])
		if r.IntN(3) == 0 {
			s.WriteByte("NRLSMDH"[r.IntN(7)])
		}
	}
	return s.String()
}

// kana is a Japanese name, another for most numbers: names in Japan are fewer, and shared by more.
func kana(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 3))
	word := func(zipf *rand.Zipf) string {
		w := rand.New(rand.NewPCG(zipf.Uint64(), 5))
		signs := []rune("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ")
		var s strings.Builder
		for range 2 + w.IntN(3) {
			s.WriteRune(signs[w.IntN(len(signs))])
		}
		return s.String()
	}
	return word(rand.NewZipf(r, 1.1, 60, 3_000)) + " " + word(rand.NewZipf(r, 1.1, 60, 1_500))
}
