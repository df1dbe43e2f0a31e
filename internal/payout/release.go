package payout

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/payout/pain"
	"hinomi.dev/hinomi/internal/payout/zengin"
)

// LockRun fixes what is paid to whom. From here on the file can be made, always the same. Whatever
// changed since the approval stops it: an account, a list, a finding.
func (ps *Payouts) LockRun(ctx context.Context, who access.Caller, run string) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil || r.State.past(RunLocked) {
		return err
	}
	if err := r.State.to(RunLocked); err != nil {
		return err
	}
	now := ps.Now()
	if err := checkDay(r.Day, calendar.In(now, calendar.JST)); err != nil {
		return err
	}
	if ps.Originator == (bankfile.Originator{}) {
		return fault.New(fault.Conflict, "Nobody has said from which account we pay. The operator sets it (--originator) and starts again; the run waits.",
			"支払元の口座が設定されていません。管理者が設定（--originator）して再起動してください。支払処理はそのまま残ります。")
	}
	from, err := json.Marshal(ps.Originator)
	if err != nil {
		return fmt.Errorf("writing the originator: %w", err)
	}
	r.State, r.LockedAt, r.originator = RunLocked, db.Time(db.Micros(now)), string(from)
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		items, err := ps.unchanged(ctx, tx, r)
		if err != nil {
			return err
		}
		file, err := ps.file(ctx, tx, r, items)
		if err != nil {
			return err
		}
		r.FileHash = hashOf(file)
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		entries := make([]entry, len(items))
		for n, i := range items {
			entries[n] = entry{"locked/" + run + "/" + i.Award, i.Award, locked(i.usd, i.Item)}
		}
		if err := postAll(ctx, tx, now, entries); err != nil {
			return err
		}
		return ps.recordRun(ctx, tx, who, access.AwardPay, r, map[string]any{"file": r.FileHash, "payments": len(items)})
	})
}

func hashOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// unchanged returns the items of a run if all is as it was checked.
func (ps *Payouts) unchanged(ctx context.Context, tx *sql.Tx, r Run) ([]RunItem, error) {
	items, err := runItems(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, errEmpty
	}
	var changed string
	err = tx.QueryRowContext(ctx, `
		SELECT i.person FROM run_item i
		JOIN payment p ON p.award = i.award
		JOIN payee y ON y.person = i.person
		WHERE i.run = $1 AND (p.state <> 'in_run' OR p.run <> i.run OR y.revision <> i.revision)
		ORDER BY i.award LIMIT 1`, r.ID).Scan(&changed)
	if err == nil {
		return nil, fault.New(fault.Conflict, "The account of participant %s was changed after the run was checked. Nothing was paid: check the run again, without this payment, and have it approved again.",
			"参加者%sの口座が確認後に変更されました。支払いは行われていません。この支払いを除いて再確認し、改めて承認を受けてください。", changed)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("comparing run %s with its payees: %w", r.ID, err)
	}
	return items, ps.releasable(ctx, tx, r)
}

// file makes the bank's file of a run: from what was fixed at the lock, and nothing else.
func (ps *Payouts) file(ctx context.Context, q db.Querier, r Run, items []RunItem) ([]byte, error) {
	run := bankfile.Run{ID: r.ID, Date: r.Day, Made: r.LockedAt}
	if err := json.Unmarshal([]byte(r.originator), &run.Originator); err != nil {
		return nil, fmt.Errorf("reading the originator of run %s: %w", r.ID, err)
	}
	keys, err := ps.keys(ctx, q, `SELECT person FROM run_item WHERE run = $1`, r.ID)
	if err != nil {
		return nil, err
	}
	for place, i := range items {
		if keys[i.Person] == nil {
			return nil, errGone
		}
		d, err := unseal(keys[i.Person], i.Person, i.sealed)
		if err != nil {
			return nil, err
		}
		p := bankfile.Payment{
			Participant: strconv.FormatInt(i.Number, 10), Reference: strconv.Itoa(place + 1), EndToEndID: i.Award, Amount: i.Net, Name: d.Holder, Town: d.Town, Country: d.Country,
			BIC: d.BIC, Clearing: d.Clearing, Bank: d.Bank, Account: d.Account,
		}
		run.Payments = append(run.Payments, p)
	}
	if r.Currency == money.JPY {
		return zengin.File(run, false)
	}
	return pain.File(run, pain.V09)
}

// ExportRun returns the file for the bank. It may be taken any number of times: the bytes are the same,
// and with them the bank's own guard against paying twice.
func (ps *Payouts) ExportRun(ctx context.Context, who access.Caller, run string) ([]byte, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return nil, err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil {
		return nil, err
	}
	first := !r.State.past(RunExported)
	if first {
		if err := r.State.to(RunExported); err != nil {
			return nil, err
		}
		r.State = RunExported
	}
	items, err := runItems(ctx, ps.DB.Read(), r)
	if err != nil {
		return nil, err
	}
	file, err := ps.file(ctx, ps.DB.Read(), r, items)
	if err != nil {
		return nil, err
	}
	if hashOf(file) != r.FileHash {
		return nil, fmt.Errorf("run %s gives another file than when it was locked", run)
	}
	err = ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if !first {
			return ps.Audit.Record(ctx, tx, who, access.AwardPay, run, map[string]any{"exported": "again", "file": r.FileHash})
		}
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		return ps.recordRun(ctx, tx, who, access.AwardPay, r, map[string]any{"file": r.FileHash})
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

// SentRun says that the file was handed to the bank.
func (ps *Payouts) SentRun(ctx context.Context, who access.Caller, run string) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil || r.State.past(RunSent) {
		return err
	}
	if err := r.State.to(RunSent); err != nil {
		return err
	}
	now := ps.Now()
	r.State, r.SentAt = RunSent, now
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		items, err := runItems(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := ps.keep(ctx, tx, r, items); err != nil {
			return err
		}
		told := make([]Payment, 0, len(items))
		for _, i := range items {
			p, err := ps.step(ctx, tx, i.Award, Send)
			if err != nil {
				return err
			}
			if err := post(ctx, tx, now, "sent/"+run+"/"+i.Award, i.Award, sent(i.Item)); err != nil {
				return err
			}
			told = append(told, p)
		}
		for _, p := range told {
			if err := ps.record(ctx, tx, who, access.AwardPay, p, map[string]any{"run": run}); err != nil {
				return err
			}
		}
		return ps.recordRun(ctx, tx, who, access.AwardPay, r, nil)
	})
}

// step moves a payment by an event, in a transaction that holds its run.
func (ps *Payouts) step(ctx context.Context, tx *sql.Tx, award string, e Event) (Payment, error) {
	p, err := find(ctx, tx, award)
	if err != nil {
		return p, err
	}
	if p.State, err = p.State.After(e); err != nil {
		return p, err
	}
	return p, save(ctx, tx, ps.Now(), p)
}

// SettleRun takes what the bank said of a run: the awards that came back, each with the bank's reason;
// all others were credited. The run is closed. A payment that came back is owed again.
func (ps *Payouts) SettleRun(ctx context.Context, who access.Caller, run string, back map[string]string) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return err
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil || r.State == RunClosed && len(back) == 0 {
		return err
	}
	if r.State != RunClosed {
		if err := r.State.to(RunClosed); err != nil {
			return err
		}
	}
	r.State = RunClosed // what is returned later comes to a closed run
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveRun(ctx, tx, r); err != nil {
			return err
		}
		items, err := runItems(ctx, tx, r)
		if err != nil {
			return err
		}
		for award := range back {
			if !slices.ContainsFunc(items, func(i RunItem) bool { return i.Award == award }) {
				return fault.New(fault.Invalid, "Award %s is not in this run. Nothing was taken.", "報奨金%sはこの支払処理に含まれていません。何も登録していません。", award).At("returns")
			}
		}
		var told []Payment
		for _, i := range items {
			reason, returned := back[i.Award]
			p, moved, err := ps.settle(ctx, tx, run, i, returned, reason)
			if err != nil {
				return err
			}
			if moved {
				told = append(told, p)
			}
		}
		for _, p := range told {
			if err := ps.record(ctx, tx, who, access.AwardPay, p, map[string]any{"run": run}); err != nil {
				return err
			}
		}
		return ps.recordRun(ctx, tx, who, access.AwardPay, r, map[string]any{"returned": len(back)})
	})
}

// settle takes what the bank said of one award. Saying it again moves nothing.
func (ps *Payouts) settle(ctx context.Context, tx *sql.Tx, run string, i RunItem, back bool, reason string) (Payment, bool, error) {
	outcome, event := "credited", Credit
	if back {
		outcome, event = "returned", Return
	}
	if i.Outcome == outcome || i.Outcome == "returned" || i.Outcome != "" && !back {
		return Payment{}, false, nil
	}
	p, err := ps.step(ctx, tx, i.Award, event)
	if err != nil {
		return p, false, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE run_item SET outcome = $1, reason = $2 WHERE run = $3 AND award = $4`, outcome, reason, run, i.Award); err != nil {
		return p, false, fmt.Errorf("saving what the bank said of award %s: %w", i.Award, err)
	}
	if back {
		if _, err := tx.ExecContext(ctx, `UPDATE payment_extract SET outcome = 'returned' WHERE run = $1 AND award = $2`, run, i.Award); err != nil {
			return p, false, fmt.Errorf("saving in the books that award %s came back: %w", i.Award, err)
		}
		err = post(ctx, tx, ps.Now(), "returned/"+run+"/"+i.Award, i.Award, returned(p.USD, i.Item))
	}
	return p, true, err
}
