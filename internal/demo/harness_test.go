package demo

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/report"
)

// open makes the product with a clock that stands at the story's beginning.
func open(t testing.TB, url string) (Nouns, *Clock) {
	t.Helper()
	clock := NewClock(Start)
	a, err := app.Open(t.Context(), app.Config{
		Database: url, DataDir: t.TempDir(), MailFrom: "desk@demo.hinomi.example", Demo: true, Now: clock.Now,
		Originator: Originator, RateSource: RateSource,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return Nouns{
		DB: a.DB, Audit: a.Audit, People: a.People, Participants: a.Participants, Reports: a.Reports, Awards: a.Awards, Payouts: a.Payouts,
		Receipts: a.Receipts, Mails: a.Mails, Relay: a.Relay,
	}, clock
}

// each runs fn on the product over an empty database of each engine.
func each(t *testing.T, fn func(t *testing.T, n Nouns, clock *Clock)) {
	t.Helper()
	for engine, url := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" },
		"postgres": dbtest.PostgresURL,
	} {
		t.Run(engine, func(t *testing.T) {
			n, clock := open(t, url(t))
			fn(t, n, clock)
		})
	}
}

// rows reads every report, in the order of the queue.
func rows(t *testing.T, n Nouns, v report.View) []report.Row {
	t.Helper()
	var all []report.Row
	q := report.Query{View: v, Limit: 200}
	for {
		p, err := n.Reports.Queue(t.Context(), access.Self, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Rows...)
		if q.After = p.Next; q.After == "" {
			return all
		}
	}
}

// retold is the story as the database has it, without ids and salts.
func retold(t *testing.T, n Nouns) string {
	t.Helper()
	var b strings.Builder
	all := rows(t, n, report.ViewAll)
	slices.SortFunc(all, func(a, b report.Row) int { return int(a.LogIndex - b.LogIndex) })
	for _, r := range all {
		fmt.Fprintln(&b, r.LogIndex, r.ReceivedAt, r.Title, r.Target, r.InScope, r.Class, r.Score, r.Urgency, r.Eligibility, r.State, r.Turn, r.TurnKind, r.TurnDue, r.Lang)
		c, err := n.Reports.Case(t.Context(), access.Self, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range c.Messages {
			fmt.Fprintln(&b, " ", m.At, m.AuthorKind, m.Audience, m.NeedsReply, m.AnsweredAt, m.ReadAt, m.Body)
		}
		for _, d := range c.Decisions {
			fmt.Fprintln(&b, " ", d.At, d.Kind, d.Clause, d.Standing, d.ConfirmedAt, d.Reason)
		}
		// Promises given at one instant have no order but that of their random ids.
		slices.SortFunc(c.Promises, func(a, b deadline.Deadline) int {
			return cmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.Kind, b.Kind))
		})
		for _, p := range c.Promises {
			fmt.Fprintln(&b, " ", p.Kind, p.StartedAt, p.DueAt, p.MetAt, p.MissedAt, p.Rounds)
		}
		for _, f := range c.Report.Files {
			fmt.Fprintln(&b, " ", f.Name, f.Hash)
		}
	}
	return b.String()
}

// BenchmarkFill is how long a newcomer waits for the first page, but for opening the database.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		n, clock := open(b, "")
		if _, err := Fill(b.Context(), n, clock); err != nil {
			b.Fatal(err)
		}
	}
}
