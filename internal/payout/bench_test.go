package payout_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/screening"
	"hinomi.dev/hinomi/internal/withholding"
)

var ctx = context.Background()

// The people of the tests.
var (
	ann   = access.Caller{ID: "ann", Kind: access.Participant}
	bob   = access.Caller{ID: "bob", Kind: access.Participant}
	payer = access.Caller{ID: "payer", Kind: access.Staff, Roles: []access.Role{access.Payer}}
	other = access.Caller{ID: "other", Kind: access.Staff, Roles: []access.Role{access.Payer}}
	admin = access.Caller{ID: "admin", Kind: access.Staff, Roles: []access.Role{access.Admin}}
	owner = access.Caller{ID: "owner", Kind: access.Staff, Roles: []access.Role{access.Owner}}
)

type bench struct {
	*payout.Payouts
	t  testing.TB
	at time.Time
}

// start is a Wednesday, so that the next days are bank days.
var start = time.Date(2018, 10, 10, 3, 0, 0, 0, time.UTC)

func newBench(t testing.TB, d *db.DB) *bench {
	b := &bench{t: t, at: start}
	clock := func() time.Time { b.at = b.at.Add(time.Millisecond); return b.at }
	b.Payouts = &payout.Payouts{
		DB: d, Audit: &audit.Log{DB: d, Now: clock}, Now: clock, Key: make([]byte, 32), Countries: screening.ShippedCountries(),
		Originator: bankfile.Originator{
			ClientCode: "1234567890", NameKana: "ヒノミ(カ", Name: "Hinomi K.K.", Town: "Tokyo", Country: "JP", BIC: "MHCBJPJT",
			Bank:    bankfile.Bank{Code: "0001", NameKana: "ミズホ", Branch: "001", BranchNameKana: "トウキヨウ"},
			Account: bankfile.Account{Kind: bank.Ordinary, Number: "7654321"},
		},
	}
	return b
}

func each(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newBench(t, d)) })
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) refused(err error, kind fault.Kind) {
	b.t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Text.JA == "" {
		b.t.Errorf("err = %v, want a fault of kind %d", err, kind)
	}
}

// award is an approved one of a report of 12 September 2018, whose payment is open.
func (b *bench) award(id, person string, cents int64) {
	b.t.Helper()
	received := time.Date(2018, 9, 12, 1, 0, 0, 0, time.UTC)
	b.must(b.DB.Tx(ctx, func(tx *sql.Tx) error {
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM report`).Scan(&n); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO report (id, log_index, received_at, clock_behind, terms, reporter, lang, title, target, in_scope, scope_clause, class, body,
				salt, vector_reported, vector, score, urgency, eligibility, state, asked_from, original, assignee, turn, turn_kind, turn_due,
				place, updated_at, version)
			VALUES ($1, $2, $3, false, '2017-04-10', $4, 'en', 't', 'line.me', true, '', 'xss', '{}', $5, '', '', -1, 'normal', 'yes', 'accepted',
				'', '', '', 'nobody', '', 0, 0, 0, 1)`, "r"+id, n, db.Micros(received), person, []byte{1}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO award (id, report, person, class, clause, guide, amount, seriousness, novelty, reason, state, proposed_by, proposed_at,
				decided_by, decided_at, refusal)
			VALUES ($1, $2, $3, 'xss', '6.1', $4, $4, '', '', '', 'approved', 'x', 0, 'y', 0, '')`, id, "r"+id, person, cents); err != nil {
			return err
		}
		return b.Open(ctx, tx, id)
	}))
}

func japanese() payout.Details {
	return payout.Details{
		Name: "Ann Suzuki", Kana: "スズキ アン", Street: "1-1", Town: "Tokyo", Country: "JP", Phone: "03", Own: true, Holder: "Suzuki Ann", Japanese: true,
		Bank:    bankfile.Bank{Code: "0005", NameKana: "ミツビシUFJ", Branch: "123", BranchNameKana: "シブヤ"},
		Account: bankfile.Account{Kind: bank.Ordinary, Number: "1234567", HolderKana: "スズキ アン"},
	}
}

func german() payout.Details {
	return payout.Details{
		Name: "Bob Weiss", Street: "Allee 1", Town: "Berlin", Country: "DE", Phone: "49", Own: true, Holder: "Bob Weiss", BIC: "DEUTDEFF",
		Account: bankfile.Account{IBAN: "DE89370400440532013000"},
	}
}

const ownList = "name,aliases,birth date,country,note\nIvan Groznij,,1930,RU,test\n"

// prepare loads lists and rates, and sets categories.
func (b *bench) prepare() {
	b.t.Helper()
	b.must(b.LoadList(ctx, payer, "own", b.at, map[string][]byte{"own.csv": []byte(ownList)}))
	for _, who := range []access.Caller{payer, other} {
		b.must(b.TypeRate(ctx, who, payout.TTM, calendar.Of(2018, 9, 28), "113.57"))
		b.must(b.TypeRate(ctx, who, payout.TTB, calendar.Of(2018, 10, 10), "112.05"))
	}
	from := calendar.Of(2018, 1, 1)
	b.must(b.SetTax(ctx, payer, payout.Tax{Person: "ann", From: from, Category: withholding.ResidentFee, Head: "Income Tax Act 204(1)(i)"}))
	b.must(b.SetTax(ctx, payer, payout.Tax{Person: "bob", From: from, Category: withholding.Nonresident, Head: "Income Tax Act 161", Treaty: "0", FormDay: calendar.Of(2018, 10, 1)}))
}

// ready takes awards to the state in which they can be paid.
func (b *bench) ready(awards ...string) {
	b.t.Helper()
	for _, a := range awards {
		b.must(b.Ask(ctx, payer, a))
	}
	people := map[string]bool{}
	for _, p := range b.due() {
		people[p.Person] = true
	}
	if people["ann"] {
		b.must(b.Supply(ctx, ann, japanese()))
	}
	if people["bob"] {
		b.must(b.Supply(ctx, bob, german()))
	}
	for _, a := range awards {
		s, err := b.Screen(ctx, payer, a)
		b.must(err)
		if s.Outcome != screening.Clear {
			b.t.Fatalf("screening of %s: %+v", a, s)
		}
		b.must(b.SetRate(ctx, payer, a))
	}
}

func (b *bench) due() []payout.Payment {
	b.t.Helper()
	all, err := b.Due(ctx, payer)
	b.must(err)
	return all
}

// states returns the state of every payment.
func (b *bench) states() map[string]payout.State {
	b.t.Helper()
	rows, err := b.DB.Read().QueryContext(ctx, `SELECT award, state FROM payment`)
	b.must(err)
	defer rows.Close()
	all := map[string]payout.State{}
	for rows.Next() {
		var a string
		var s payout.State
		b.must(rows.Scan(&a, &s))
		all[a] = s
	}
	return all
}

// balance returns the sum of an account, after looking that the ledger balances.
func (b *bench) balance(account payout.Account, currency string) int64 {
	b.t.Helper()
	all, err := b.Balances(ctx, payer)
	b.must(err)
	var n int64
	sums := map[string]int64{}
	for _, x := range all {
		sums[x.Amount.Currency] += x.Amount.Minor
		if x.Account == account && x.Amount.Currency == currency {
			n = x.Amount.Minor
		}
	}
	for c, s := range sums {
		if s != 0 {
			b.t.Errorf("the ledger is out of balance by %d %s", s, c)
		}
	}
	return n
}

// run takes a run from its proposal to the bank's answer, from wherever it stands: each step may have
// been done.
func (b *bench) run(r payout.Run, step func(string)) []byte {
	b.t.Helper()
	if now, _, err := b.Run(ctx, payer, r.ID); err != nil {
		b.t.Fatal(err)
	} else if now.State == payout.RunProposed {
		step("check")
		b.must(b.CheckRun(ctx, payer, r.ID))
	}
	step("approve")
	b.must(b.ApproveRun(ctx, other, r.ID))
	step("lock")
	b.must(b.LockRun(ctx, other, r.ID))
	step("export")
	file, err := b.ExportRun(ctx, other, r.ID)
	b.must(err)
	step("sent")
	b.must(b.SentRun(ctx, other, r.ID))
	step("settle")
	b.must(b.SettleRun(ctx, other, r.ID, nil))
	step("done")
	return file
}
