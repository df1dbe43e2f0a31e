package payout

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/screening"
)

// A Finding is a screening on record with everything it found, and what a person said of it.
type Finding struct {
	Screening
	Result    screening.Result
	DecidedBy string
	DecidedAt time.Time
	Note      string
}

// Open reports whether somebody has to look at it.
func (f Finding) Open() bool {
	return f.Decision == "" && (f.Outcome == screening.Look || f.Outcome == screening.Hold)
}

// keptFindings is how many screenings of a payee are shown.
const keptFindings = 10

// Findings returns the newest screenings of a payee, opened: they hold forms of the name, so only who
// screens reads them.
func (ps *Payouts) Findings(ctx context.Context, who access.Caller, person string) ([]Finding, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, person); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT id, revision, at, outcome, decision, sealed, decided_by, decided_at, note
		FROM screening WHERE person = $1 ORDER BY id DESC LIMIT $2`, person, keptFindings)
	if err != nil {
		return nil, fmt.Errorf("reading the screenings of %s: %w", person, err)
	}
	defer rows.Close()
	var all []Finding
	var sealed [][]byte
	for rows.Next() {
		f := Finding{Screening: Screening{Person: person}}
		var at, decided int64
		var text []byte
		if err := rows.Scan(&f.ID, &f.Revision, &at, &f.Outcome, &f.Decision, &text, &f.DecidedBy, &decided, &f.Note); err != nil {
			return nil, fmt.Errorf("reading the screenings of %s: %w", person, err)
		}
		f.At, f.DecidedAt = db.Time(at), db.Time(decided)
		all, sealed = append(all, f), append(sealed, text)
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		return nil, err
	}
	key, err := ps.personKey(ctx, ps.DB.Read(), person)
	if err != nil {
		return nil, err
	}
	for i := range all {
		text, err := key.Open(nil, nil, sealed[i], []byte("screening "+all[i].ID))
		if err == nil {
			err = json.Unmarshal(text, &all[i].Result)
		}
		if err != nil {
			return nil, fmt.Errorf("opening screening %s: %w", all[i].ID, err)
		}
	}
	return all, nil
}

// ProposalsOn returns every proposal to end a payment, the newest first.
func (ps *Payouts) ProposalsOn(ctx context.Context, who access.Caller, award string) ([]Proposal, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, award); err != nil {
		return nil, err
	}
	return proposals(ctx, ps.DB.Read(), `award = $1 ORDER BY id DESC`, award)
}
