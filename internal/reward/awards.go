package reward

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

// Awards are the operations on awards.
type Awards struct {
	DB      *db.DB
	Audit   *audit.Log
	Program *program.Program
	Reports *report.Reports
	Now     func() time.Time
}

// An Announcement is the body of award.approved.
type Announcement struct {
	Award  string `json:"award"`
	Report string `json:"report"`
	Person string `json:"person"`
	Amount string `json:"amount"` // dollars, such as 500.00
}

// Guide returns the example amount of a class under the terms that a report is pinned to.
func (as *Awards) Guide(r report.Report, class string) (money.Amount, error) {
	terms, ok := as.Program.Version(r.Terms)
	if !ok {
		return money.Amount{}, fmt.Errorf("report %s is pinned to terms %s, which are not loaded", r.ID, r.Terms)
	}
	c, ok := terms.Class(class)
	if !ok {
		return money.Amount{}, fault.New(fault.Invalid, "The terms of this report have no class “%s”.",
			"この報告に適用される規約に「%s」という種類はありません。", class).At("class")
	}
	return money.Amount{Minor: c.Guide.Cents, Currency: c.Guide.Currency}, nil
}

// Propose proposes an award for an accepted report.
func (as *Awards) Propose(ctx context.Context, who access.Caller, a Award) (Award, error) {
	if err := as.Audit.Allow(ctx, who, access.AwardPropose, a.Report); err != nil {
		return a, err
	}
	r, err := as.Reports.Read(ctx, who, a.Report)
	if err != nil {
		return a, err
	}
	if a.Class == "" {
		a.Class = r.Class
	}
	if a.Guide, err = as.Guide(r, a.Class); err != nil {
		return a, err
	}
	if err := a.check(r); err != nil {
		return a, err
	}
	if err := as.earns(ctx, r); err != nil {
		return a, err
	}
	now := as.Now()
	a.ID, a.Person, a.Clause, a.State, a.ProposedBy, a.ProposedAt = id.New(now), r.Reporter, "6.1", Proposed, who.ID, now
	return a, as.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insert(ctx, tx, a); err != nil {
			return err
		}
		if err := as.Audit.Record(ctx, tx, who, access.AwardPropose, a.Report, map[string]any{"award": a.ID, "usd": a.Amount.Decimal()}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, now, "award.proposed", as.announce(a))
	})
}

// earns refuses a reward to who may take part no longer: their report is worked on for everybody's
// safety, and earns nothing (R-38, terms 7.2).
func (as *Awards) earns(ctx context.Context, r report.Report) error {
	why, err := report.Barred(ctx, as.DB.Read(), r.Reporter)
	if err != nil || why.Empty() {
		return err
	}
	return fault.New(fault.Conflict, "The reporter was disqualified (terms 7.2): the report is worked on, and earns no reward.",
		"報告者は参加資格を取り消されています（規約7.2）。対応は続けますが、報奨金は支払われません。")
}

func (as *Awards) announce(a Award) Announcement {
	return Announcement{Award: a.ID, Report: a.Report, Person: a.Person, Amount: a.Amount.Decimal()}
}

// Decide is the second person's answer to a proposed award. Nobody approves their own proposal.
func (as *Awards) Decide(ctx context.Context, who access.Caller, award string, approve bool, why string) (Award, error) {
	if err := as.Audit.Allow(ctx, who, access.AwardApprove, award); err != nil {
		return Award{}, err
	}
	a, err := scan(as.DB.Read().QueryRowContext(ctx, `SELECT `+columns+` FROM award WHERE id = $1`, award))
	if errors.Is(err, sql.ErrNoRows) {
		return a, fault.New(fault.NotFound, "There is no such award.", "この報奨金は見つかりません。")
	}
	if err != nil {
		return a, fmt.Errorf("reading award %s: %w", award, err)
	}
	to := Refused
	if approve {
		to = Approved
	}
	switch {
	case !slices.Contains(next[a.State], to):
		return a, fault.New(fault.Conflict, "This award was decided already.", "この報奨金はすでに決定されています。")
	case who.Is(a.ProposedBy):
		return a, as.Audit.Refuse(ctx, who, access.AwardApprove, a.Report, fault.New(fault.Denied,
			"You proposed this amount, so somebody else has to approve it.",
			"ご自身が提案した金額です。ほかの人の承認が必要です。"))
	case !approve && strings.TrimSpace(why) == "":
		return a, fault.New(fault.Invalid, "Say why not, so that the proposal can be mended.",
			"差し戻す理由を書いてください。提案を直す手がかりになります。").At("why")
	}
	if err := report.CheckText("why", why, report.MaxText); err != nil {
		return a, err
	}
	if approve {
		r, err := as.Reports.Read(ctx, who, a.Report)
		if err != nil {
			return a, err
		}
		if err := as.earns(ctx, r); err != nil {
			return a, err
		}
	}
	a.State, a.DecidedBy, a.DecidedAt, a.Refusal = to, who.ID, as.Now(), why
	return a, as.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			UPDATE award SET state = $1, decided_by = $2, decided_at = $3, refusal = $4
			WHERE id = $5 AND state = 'proposed'`,
			string(a.State), a.DecidedBy, db.Micros(a.DecidedAt), a.Refusal, a.ID)); err != nil {
			return err
		}
		if err := as.Audit.Record(ctx, tx, who, access.AwardApprove, a.Report, map[string]any{"award": a.ID, "state": a.State, audit.Shown: a.State == Approved}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, a.DecidedAt, "award."+string(a.State), as.announce(a))
	})
}

// Of returns the awards of a report, the newest first. A participant sees approved ones of their own
// reports.
func (as *Awards) Of(ctx context.Context, who access.Caller, reportID string) ([]Award, error) {
	if who.Kind == access.Participant {
		if _, err := as.Reports.Read(ctx, who, reportID); err != nil {
			return nil, err
		}
		return as.list(ctx, `report = $1 AND state = 'approved'`, reportID)
	}
	if err := as.Audit.Allow(ctx, who, access.AwardRead, reportID); err != nil {
		return nil, err
	}
	return as.list(ctx, `report = $1`, reportID)
}

// Waiting returns the awards that wait for a second person, the oldest proposal last.
func (as *Awards) Waiting(ctx context.Context, who access.Caller) ([]Award, error) {
	if err := as.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return as.list(ctx, `state = $1`, string(Proposed))
}

// Decided returns the newest awards that were approved, at most 500.
func (as *Awards) Decided(ctx context.Context, who access.Caller) ([]Award, error) {
	if err := as.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return as.list(ctx, `state = $1`, string(Approved))
}

const columns = `id, report, person, class, clause, guide, amount, seriousness, novelty, reason, state, proposed_by,
	proposed_at, decided_by, decided_at, refusal`

func scan(row interface{ Scan(...any) error }) (Award, error) {
	a := Award{Guide: money.Cents(0), Amount: money.Cents(0)}
	var proposed, decided int64
	err := row.Scan(&a.ID, &a.Report, &a.Person, &a.Class, &a.Clause, &a.Guide.Minor, &a.Amount.Minor, &a.Seriousness, &a.Novelty,
		&a.Reason, &a.State, &a.ProposedBy, &proposed, &a.DecidedBy, &decided, &a.Refusal)
	a.ProposedAt, a.DecidedAt = db.Time(proposed), db.Time(decided)
	return a, err
}

func (as *Awards) list(ctx context.Context, where string, args ...any) ([]Award, error) {
	rows, err := as.DB.Read().QueryContext(ctx, `
		SELECT `+columns+`
		FROM award
		WHERE `+where+`
		ORDER BY id DESC
		LIMIT 500`, args...)
	if err != nil {
		return nil, fmt.Errorf("listing awards: %w", err)
	}
	defer rows.Close()
	var all []Award
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("listing awards: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

func insert(ctx context.Context, tx *sql.Tx, a Award) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO award (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		a.ID, a.Report, a.Person, a.Class, a.Clause, a.Guide.Minor, a.Amount.Minor, a.Seriousness, a.Novelty, a.Reason,
		string(a.State), a.ProposedBy, db.Micros(a.ProposedAt), a.DecidedBy, db.Micros(a.DecidedAt), a.Refusal)
	if db.Unique(err) {
		return fault.New(fault.Conflict, "This report has an award already. Refuse the proposal first, or leave it.",
			"この報告にはすでに報奨金の提案または決定があります。先に差し戻すか、そのままにしてください。")
	}
	if err != nil {
		return fmt.Errorf("saving award %s: %w", a.ID, err)
	}
	return nil
}
