package payout

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"encoding/json"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/screening"
)

// A checked person is one in a run that was screened and computed, before anything is written.
type checked struct {
	payee  Payee
	screen Screening
	sealed []byte // the screening, under the person's key
	inputs []byte
	items  []Item
}

// CheckRun screens every payee anew and computes every amount. An approved run that is checked again has
// to be approved again.
//
//  1. The run is read, and after it everything about its payees: whoever changes an account raises the run.
//  2. Payees are screened and computed outside of the transaction, on all processors.
//  3. One transaction raises the run, which fails if it was raised since, and writes what came of it.
func (ps *Payouts) CheckRun(ctx context.Context, who access.Caller, run string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRun, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil {
		return err
	}
	if err := r.State.to(RunChecked); err != nil {
		return err
	}
	if err := checkDay(r.Day, calendar.In(ps.Now(), calendar.JST)); err != nil {
		return err
	}
	all, err := ps.check(ctx, r)
	if err != nil {
		return err
	}
	r.State, r.ApprovedBy, r.ApprovedAt = RunChecked, "", db.Time(0)
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		if err := saveChecked(ctx, tx, r, all); err != nil {
			return err
		}
		outcomes := map[string]int{}
		for _, c := range all {
			outcomes[string(c.screen.Outcome)]++
		}
		return ps.recordRun(ctx, tx, who, access.PayoutRun, r, map[string]any{"screened": outcomes})
	})
}

// check screens and computes everybody in a run.
func (ps *Payouts) check(ctx context.Context, r Run) ([]checked, error) {
	q := ps.DB.Read()
	payments, err := list(ctx, q, `run = $1 AND state = 'in_run'`, r.ID)
	if err != nil {
		return nil, err
	}
	if len(payments) == 0 {
		return nil, errEmpty
	}
	set, lists, err := ps.set(ctx)
	if err != nil {
		return nil, err
	}
	payees, err := payeesIn(ctx, q, r.ID)
	if err != nil {
		return nil, err
	}
	keys, err := ps.keys(ctx, q, `SELECT person FROM payment WHERE run = $1`, r.ID)
	if err != nil {
		return nil, err
	}
	taxes, err := taxesIn(ctx, q, r.ID, r.Day)
	if err != nil {
		return nil, err
	}
	ttb, err := buying(ctx, q, r)
	if err != nil {
		return nil, err
	}
	groups := byPerson(payments)
	all := make([]checked, len(groups))
	now := ps.Now()
	g, stop := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	g.SetLimit(workers)
	searchers := make(chan *screening.Searcher, workers) // one for each that works
	for range workers {
		searchers <- set.Searcher()
	}
	for n, mine := range groups {
		person := mine[0].Person
		to, known := payees[person]
		tax, taxed := taxes[person]
		switch {
		case !known:
			return nil, errNoPayee
		case !taxed:
			return nil, errNoTax(person, r.Day)
		case keys[person] == nil:
			return nil, errGone
		}
		all[n] = checked{payee: to, screen: Screening{ID: id.New(now), Person: person, Revision: to.Revision, At: now, lists: lists}}
		g.Go(func() error {
			if err := stop.Err(); err != nil {
				return err
			}
			s := <-searchers
			err := all[n].screened(keys[person], s, ps.Countries)
			searchers <- s
			if err != nil {
				return err
			}
			return all[n].computed(r, tax, ttb, mine)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all, ps.settled(ctx, q, all)
}

// buying returns the buying rate of a run's day, which dollars are taxed by; empty when it is not known.
func buying(ctx context.Context, q db.Querier, r Run) (string, error) {
	if r.Currency != money.USD {
		return "", nil
	}
	table, _, err := rates(ctx, q, TTB, r.Day, r.Day)
	if err != nil {
		return "", err
	}
	if rate, known := table[r.Day]; known {
		return rate.String(), nil
	}
	return "", nil
}

// screened looks for one person on the lists.
func (c *checked) screened(key cipher.AEAD, lists *screening.Searcher, countries screening.Countries) error {
	d, err := unseal(key, c.payee.Person, c.payee.sealed)
	if err != nil {
		return err
	}
	c.sealed, err = c.screen.look(key, d, lists, countries)
	return err
}

// computed computes what one person is paid.
func (c *checked) computed(r Run, t Tax, ttb string, mine []Payment) error {
	in := Inputs{Day: r.Day, Currency: r.Currency, Category: string(t.Category), Head: t.Head, Treaty: t.Treaty, FormDay: day(t.FormDay), TTB: ttb}
	for _, p := range mine {
		in.Parts = append(in.Parts, Part{Award: p.Award, USD: p.USD.Minor, Rate: p.Rate, Gross: p.Gross.Minor})
	}
	var err error
	if c.items, err = in.Compute(); err != nil {
		return err
	}
	if c.inputs, err = json.Marshal(in); err != nil {
		return fmt.Errorf("writing inputs: %w", err)
	}
	return nil
}

// settled takes over what a person has decided on the same findings before.
func (ps *Payouts) settled(ctx context.Context, q db.Querier, all []checked) error {
	for i := range all {
		s := &all[i].screen
		if s.Outcome == screening.Clear || s.Outcome == screening.Stale {
			continue
		}
		var err error
		if s.Decision, err = decided(ctx, q, *s); err != nil {
			return err
		}
	}
	return nil
}

// saveChecked writes what came of a check in the place of what came of an earlier one.
func saveChecked(ctx context.Context, tx *sql.Tx, r Run, all []checked) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM run_item WHERE run = $1`, r.ID); err != nil {
		return fmt.Errorf("clearing run %s: %w", r.ID, err)
	}
	var screenings, items [][]any
	for _, c := range all {
		screenings = append(screenings, c.screen.row(c.sealed))
		for _, i := range c.items {
			items = append(items, []any{r.ID, i.Award, c.payee.Person, c.payee.Number, c.payee.Revision, i.Gross.Minor, i.Tax.Minor, i.Net.Minor,
				string(c.inputs), c.payee.sealed, "", ""})
		}
	}
	if err := insertRows(ctx, tx, `INSERT INTO screening (`+screeningColumns+`)`, screenings); err != nil {
		return fmt.Errorf("saving the screenings of run %s: %w", r.ID, err)
	}
	if err := insertRows(ctx, tx, `INSERT INTO run_item (run, award, person, number, revision, gross, tax, net, inputs, sealed, outcome, reason)`, items); err != nil {
		return fmt.Errorf("saving the items of run %s: %w", r.ID, err)
	}
	return nil
}
