package payout

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/money"
)

const runColumns = `id, currency, day, state, proposed_by, proposed_at, approved_by, approved_at, locked_at, sent_at, originator, file_hash, version`

func scanRun(row interface{ Scan(...any) error }) (Run, error) {
	var r Run
	var on string
	var proposed, approved, locked, sent int64
	err := row.Scan(&r.ID, &r.Currency, &on, &r.State, &r.ProposedBy, &proposed, &r.ApprovedBy, &approved, &locked, &sent,
		&r.originator, &r.FileHash, &r.version)
	if err != nil {
		return r, err
	}
	r.ProposedAt, r.ApprovedAt, r.LockedAt, r.SentAt = db.Time(proposed), db.Time(approved), db.Time(locked), db.Time(sent)
	r.Day, err = calendar.Parse(on)
	return r, err
}

func findRun(ctx context.Context, q db.Querier, run string) (Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run WHERE id = $1`, run))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.NotFound, "There is no such run.", "この支払処理は見つかりません。")
	}
	if err != nil {
		return r, fmt.Errorf("reading run %s: %w", run, err)
	}
	return r, nil
}

// saveRun writes a run that was read at its version.
func saveRun(ctx context.Context, tx *sql.Tx, r Run) error {
	return db.One(tx.ExecContext(ctx, `
		UPDATE run SET state = $1, approved_by = $2, approved_at = $3, locked_at = $4, sent_at = $5, originator = $6, file_hash = $7,
			version = version + 1
		WHERE id = $8 AND version = $9`,
		string(r.State), r.ApprovedBy, db.Micros(r.ApprovedAt), db.Micros(r.LockedAt), db.Micros(r.SentAt), r.originator, r.FileHash, r.ID, r.version))
}

// recordRun writes the audit record of a step of a run and its message, last in the transaction.
func (ps *Payouts) recordRun(ctx context.Context, tx *sql.Tx, who access.Caller, a access.Action, r Run, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["state"] = r.State
	if err := ps.Audit.Record(ctx, tx, who, a, r.ID, detail); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, ps.Now(), "run."+string(r.State), map[string]string{"run": r.ID})
}

// Runs returns the runs, the newest first, at most 500.
func (ps *Payouts) Runs(ctx context.Context, who access.Caller) ([]Run, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `SELECT `+runColumns+` FROM run ORDER BY id DESC LIMIT 500`)
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	defer rows.Close()
	var all []Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("listing runs: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Run returns a run with its items.
func (ps *Payouts) Run(ctx context.Context, who access.Caller, run string) (Run, []RunItem, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, run); err != nil {
		return Run{}, nil, err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil {
		return r, nil, err
	}
	items, err := runItems(ctx, ps.DB.Read(), r)
	return r, items, err
}

// runItems returns the items of a run, or those of some awards.
func runItems(ctx context.Context, q db.Querier, r Run, award ...string) ([]RunItem, error) {
	where, args := `run = $1`, []any{r.ID}
	for _, a := range award {
		args = append(args, a)
		where += fmt.Sprintf(` AND award = $%d`, len(args))
	}
	rows, err := q.QueryContext(ctx, `
		SELECT award, person, number, revision, gross, tax, net, inputs, sealed, outcome, reason
		FROM run_item WHERE `+where+` ORDER BY award`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the items of run %s: %w", r.ID, err)
	}
	defer rows.Close()
	var all []RunItem
	for rows.Next() {
		var i RunItem
		var inputs string
		if err := rows.Scan(&i.Award, &i.Person, &i.Number, &i.Revision, &i.Gross.Minor, &i.Tax.Minor, &i.Net.Minor, &inputs, &i.sealed, &i.Outcome, &i.Reason); err != nil {
			return nil, fmt.Errorf("reading the items of run %s: %w", r.ID, err)
		}
		if err := json.Unmarshal([]byte(inputs), &i.Inputs); err != nil {
			return nil, fmt.Errorf("reading the inputs of award %s: %w", i.Award, err)
		}
		part := slices.IndexFunc(i.Inputs.Parts, func(p Part) bool { return p.Award == i.Award })
		if part < 0 {
			return nil, fmt.Errorf("the inputs of award %s do not name it", i.Award)
		}
		i.usd = money.Cents(i.Inputs.Parts[part].USD)
		i.Gross.Currency, i.Tax.Currency, i.Net.Currency = r.Currency, r.Currency, r.Currency
		all = append(all, i)
	}
	return all, rows.Err()
}

// ProposeRun puts payments whose amounts are set into a run.
func (ps *Payouts) ProposeRun(ctx context.Context, who access.Caller, currency string, on calendar.Date, awards []string) (Run, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRun, ""); err != nil {
		return Run{}, err
	}
	now := ps.Now()
	if err := checkDay(on, calendar.In(now, calendar.JST)); err != nil {
		return Run{}, err
	}
	awards = slices.Compact(slices.Sorted(slices.Values(awards)))
	if len(awards) == 0 {
		return Run{}, fault.New(fault.Invalid, "Choose at least one payment.", "支払いを1件以上選んでください。").At("awards")
	}
	r := Run{ID: id.New(now), Currency: currency, Day: on, State: RunProposed, ProposedBy: who.ID, ProposedAt: now, version: 1}
	return r, ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO run (`+runColumns+`) VALUES ($1, $2, $3, 'proposed', $4, $5, '', 0, 0, 0, '', '', 1)`,
			r.ID, currency, on.String(), who.ID, db.Micros(now)); err != nil {
			return fmt.Errorf("saving run %s: %w", r.ID, err)
		}
		if all, err := enter(ctx, tx, now, r, awards); err != nil {
			return err
		} else if !all {
			return unfit(ctx, tx, r, awards)
		}
		return ps.recordRun(ctx, tx, who, access.PayoutRun, r, map[string]any{"awards": len(awards), "day": on})
	})
}

// unfit says which of some awards could not go into a run.
func unfit(ctx context.Context, q db.Querier, r Run, awards []string) error {
	for _, award := range awards {
		p, err := find(ctx, q, award)
		if err != nil {
			return err
		}
		if p.Run == r.ID {
			continue // went in a moment ago
		}
		if _, err := p.State.After(Enter); err != nil {
			return err
		}
		if p.Currency != r.Currency {
			return fault.New(fault.Invalid, "Award %s is paid in %s: a run has one currency.", "報奨金%sは%sで支払います。支払処理の通貨は1種類です。", award, p.Currency).At("awards")
		}
	}
	return fmt.Errorf("putting payments into run %s: some were left out for no reason", r.ID)
}

var errEmpty = fault.New(fault.Conflict, "No payment is left in this run. Cancel it.", "この支払処理には支払いが残っていません。取り消してください。")

// byPerson returns the payments of each person together, in the order of their first awards.
func byPerson(all []Payment) [][]Payment {
	place := map[string]int{}
	var groups [][]Payment
	for _, p := range all {
		i, known := place[p.Person]
		if !known {
			i = len(groups)
			place[p.Person], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

// ApproveRun is the second person's word: a payer who did not propose the run.
func (ps *Payouts) ApproveRun(ctx context.Context, who access.Caller, run string) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil {
		return err
	}
	if who.Is(r.ProposedBy) {
		return ps.Audit.Refuse(ctx, who, access.AwardPay, run, fault.New(fault.Denied,
			"You proposed this run, so somebody else has to approve it.", "ご自身が提案した支払処理です。ほかの人の承認が必要です。"))
	}
	if r.State.past(RunApproved) && who.Is(r.ApprovedBy) {
		return nil
	}
	if err := r.State.to(RunApproved); err != nil {
		return err
	}
	r.State, r.ApprovedBy, r.ApprovedAt = RunApproved, who.ID, ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		return ps.recordRun(ctx, tx, who, access.AwardPay, r, nil)
	})
}

// CancelRun ends a run that was not locked; its payments can go into another.
func (ps *Payouts) CancelRun(ctx context.Context, who access.Caller, run string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRun, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil || r.State == RunCancelled {
		return err
	}
	if err := r.State.to(RunCancelled); err != nil {
		return err
	}
	now := ps.Now()
	r.State = RunCancelled
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		all, err := list(ctx, tx, `run = $1 AND state = 'in_run'`, run)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.State, err = p.State.After(Leave); err != nil {
				return err
			}
			p.Run = ""
			if err := save(ctx, tx, now, p); err != nil {
				return err
			}
		}
		return ps.recordRun(ctx, tx, who, access.PayoutRun, r, nil)
	})
}
