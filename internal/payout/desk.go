package payout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A View is a part of the desk's list. Every payment is in one of the first five, and in all.
type View string

// The views. The last overlaps with the others.
const (
	ViewDesk        View = "desk"
	ViewParticipant View = "participant"
	ViewRate        View = "rate"
	ViewBank        View = "bank"
	ViewEnded       View = "ended"
	ViewAll         View = "all"
	ViewDecide      View = "decide"
)

// Views lists them in the order a page shows them.
var Views = []View{ViewDesk, ViewParticipant, ViewRate, ViewBank, ViewEnded, ViewAll, ViewDecide}

var viewNames = map[View]lang.Text{
	ViewDesk:        {EN: "Desk’s turn", JA: "運営の担当"},
	ViewParticipant: {EN: "Participant’s turn", JA: "参加者の入力待ち"},
	ViewRate:        {EN: "Rate pending", JA: "レート確定待ち"},
	ViewBank:        {EN: "With the bank", JA: "銀行へ送付済み"},
	ViewEnded:       {EN: "Ended", JA: "終了"},
	ViewAll:         {EN: "All", JA: "すべて"},
	ViewDecide:      {EN: "Proposals to decide on", JA: "決定待ちの提案"},
}

// Name returns the view's words.
func (v View) Name() lang.Text { return viewNames[v] }

// Apart reports whether the view overlaps with others, so that it does not count towards all.
func (v View) Apart() bool { return v == ViewDecide }

var viewOf = map[Turn]View{
	TurnDesk: ViewDesk, TurnParticipant: ViewParticipant, TurnRate: ViewRate, TurnBank: ViewBank, TurnNobody: ViewEnded,
}

// A DeskQuery is a question to the desk's list.
type DeskQuery struct {
	View  View // empty for the desk's turn
	Skip  int
	Limit int // zero for 100
}

// A DeskPage is one screen of the desk's list.
type DeskPage struct {
	Rows   []Row
	Counts map[View]int
	More   bool
}

const endedStates = `('credited', 'waived', 'dissolved', 'refused', 'donated')`

// Desk returns a screen of the desk's list, what is due first on top, with the counts of all views.
func (ps *Payouts) Desk(ctx context.Context, who access.Caller, q DeskQuery) (DeskPage, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return DeskPage{}, err
	}
	q.View, q.Limit = cmp.Or(q.View, ViewDesk), cmp.Or(q.Limit, 100)
	if !slices.Contains(Views, q.View) || q.Skip < 0 {
		return DeskPage{}, fault.New(fault.Invalid, "There is no such view.", "そのような一覧はありません。")
	}
	counts, err := ps.tally(ctx, ``)
	if err != nil {
		return DeskPage{}, err
	}
	p := DeskPage{Counts: counts}
	switch q.View {
	case ViewEnded: // these grow for ever, so the database counts them off
		p.Rows, err = ps.rows(ctx, ps.DB.Read(), `WHERE p.state IN `+endedStates+` AND x.id IS NULL ORDER BY p.award DESC LIMIT $1 OFFSET $2`, q.Limit+1, q.Skip)
	case ViewAll:
		p.Rows, err = ps.rows(ctx, ps.DB.Read(), `ORDER BY p.award DESC LIMIT $1 OFFSET $2`, q.Limit+1, q.Skip)
	default:
		p.Rows, err = ps.open(ctx, q)
	}
	if p.More = len(p.Rows) > q.Limit; p.More {
		p.Rows = p.Rows[:q.Limit]
	}
	return p, err
}

// open returns the rows of a view of what has not ended.
func (ps *Payouts) open(ctx context.Context, q DeskQuery) ([]Row, error) {
	all, err := ps.rows(ctx, ps.DB.Read(), `WHERE p.state NOT IN `+endedStates+` OR x.id IS NOT NULL ORDER BY p.award`)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Row) bool {
		return q.View == ViewDecide && r.Proposal == "" || q.View != ViewDecide && viewOf[r.Turn] != q.View
	})
	slices.SortStableFunc(all, func(a, b Row) int { return cmp.Or(rank(a)-rank(b), a.Until.Compare(b.Until)) })
	return all[min(q.Skip, len(all)):min(q.Skip+q.Limit+1, len(all))], nil
}

// rank puts first what ends a right, then what has a day, then the rest.
func rank(r Row) int {
	switch {
	case r.Step == StepDecide:
		return 0
	case !r.Until.IsZero():
		return 1
	}
	return 2
}

// Waiting returns how many payments wait for the desk.
func (ps *Payouts) Waiting(ctx context.Context, who access.Caller) (int, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return 0, err
	}
	counts, err := ps.tally(ctx, `WHERE p.state NOT IN `+endedStates+` OR x.id IS NOT NULL`)
	return counts[ViewDesk], err
}

// tally counts payments by view. Those that are alike in everything a turn depends on are counted by
// the database, so that this costs the same for a hundred and for ten thousand.
func (ps *Payouts) tally(ctx context.Context, where string) (map[View]int, error) {
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT p.state, p.currency, substr(p.reported, 1, 7), p.last_day, x.id IS NOT NULL, count(*)
		FROM payment p
		LEFT JOIN payment_proposal x ON x.award = p.award AND x.state = 'proposed'
		`+where+`
		GROUP BY p.state, p.currency, substr(p.reported, 1, 7), p.last_day, x.id IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("counting payments: %w", err)
	}
	defer rows.Close()
	counts, now := map[View]int{}, ps.Now()
	for rows.Next() {
		var p Payment
		var month, last string
		var proposed bool
		var n int
		if err := rows.Scan(&p.State, &p.Currency, &month, &last, &proposed, &n); err != nil {
			return nil, fmt.Errorf("counting payments: %w", err)
		}
		if p.Reported, err = calendar.Parse(month + "-01"); err != nil {
			return nil, fmt.Errorf("counting payments: %w", err)
		}
		if last != "" {
			if p.LastDay, err = calendar.Parse(last); err != nil {
				return nil, fmt.Errorf("counting payments: %w", err)
			}
		}
		counts[viewOf[p.turn(proposed, now)]] += n
		counts[ViewAll] += n
		if proposed {
			counts[ViewDecide] += n
		}
	}
	return counts, rows.Err()
}

// qualified are the columns of a payment beside those of other tables.
var qualified = "p." + strings.Join(strings.FieldsFunc(columns, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), ", p.")

// more is a row that has columns after those of a payment.
type more struct {
	row interface{ Scan(...any) error }
	to  []any
}

// Scan reads the columns of the payment, and then the others.
func (m more) Scan(dest ...any) error { return m.row.Scan(append(dest, m.to...)...) }

// rows reads payments with what their next step depends on.
func (ps *Payouts) rows(ctx context.Context, q db.Querier, rest string, args ...any) ([]Row, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+qualified+`, a.report, coalesce(x.id, ''), coalesce(x.event, ''), coalesce(y.answer, ''), coalesce(y.cleared_by, ''),
			coalesce(s.outcome, ''), coalesce(s.decision, ''), coalesce(s.revision = y.revision, FALSE),
			EXISTS (SELECT 1 FROM tax_category t WHERE t.person = p.person)
		FROM payment p
		JOIN award a ON a.id = p.award
		LEFT JOIN payment_proposal x ON x.award = p.award AND x.state = 'proposed'
		LEFT JOIN payee y ON y.person = p.person
		LEFT JOIN screening s ON s.id = (SELECT max(z.id) FROM screening z WHERE z.person = p.person)
		`+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("listing payments: %w", err)
	}
	defer rows.Close()
	var all []Row
	now := ps.Now()
	for rows.Next() {
		var r Row
		l := &r.seen
		r.Payment, err = scan(more{rows, []any{&r.Report, &r.Proposal, &r.Ends, &l.answer, &l.cleared, &l.outcome, &l.decision, &l.current, &l.taxed}})
		if err != nil {
			return nil, fmt.Errorf("listing payments: %w", err)
		}
		r.settle(now)
		all = append(all, r)
	}
	return all, rows.Err()
}

// Row returns one payment as the desk's list has it.
func (ps *Payouts) Row(ctx context.Context, who access.Caller, award string) (Row, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, award); err != nil {
		return Row{}, err
	}
	all, err := ps.rows(ctx, ps.DB.Read(), `WHERE p.award = $1`, award)
	if err == nil && len(all) == 0 {
		err = errNotFound
	}
	if err != nil {
		return Row{}, err
	}
	return all[0], nil
}

// InRun returns the payments that are in a run, or were.
func (ps *Payouts) InRun(ctx context.Context, who access.Caller, run string) ([]Row, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, run); err != nil {
		return nil, err
	}
	return ps.rows(ctx, ps.DB.Read(), `
		WHERE p.run = $1 OR p.award IN (SELECT i.award FROM run_item i WHERE i.run = $2) ORDER BY p.award`, run, run)
}

// Payable returns the payments that can be put into a run, the oldest award first.
func (ps *Payouts) Payable(ctx context.Context, who access.Caller) ([]Row, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return ps.rows(ctx, ps.DB.Read(), `WHERE p.state = 'rate_set' AND x.id IS NULL ORDER BY p.award`)
}
