package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/withholding"
)

// A Tax is the category of a payee from a day on. There is no default: it is a decision of a person with
// the tax role (D-8).
type Tax struct {
	Person   string
	From     calendar.Date
	Category withholding.Category
	Head     string // the legal ground, in words
	Treaty   string // percent, or empty
	FormDay  calendar.Date
	SetBy    string
	SetAt    time.Time
}

// SetTax sets the category of a payee. Earlier ones stay on record; setting the same again adds nothing.
func (ps *Payouts) SetTax(ctx context.Context, who access.Caller, t Tax) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutTax, t.Person); err != nil {
		return err
	}
	switch {
	case t.Person == "" || t.From.IsZero():
		return fault.New(fault.Invalid, "Say whom it is for, and from which day.", "対象者と適用開始日を指定してください。").At("from")
	case !t.Category.Known():
		return fault.New(fault.Invalid, "There is no category “%s”.", "「%s」という税区分はありません。", t.Category).At("category")
	case strings.TrimSpace(t.Head) == "" || len(t.Head) > 1000:
		return fault.New(fault.Invalid, "Write down the legal head it rests on.", "根拠となる法令の条項を書いてください。").At("head")
	case t.Treaty != "" && (t.Category != withholding.Nonresident || t.FormDay.IsZero()):
		return fault.New(fault.Invalid, "A treaty rate is for non-residents, and needs the day on which the form was handed in.",
			"租税条約の税率は非居住者だけに適用され、届出書の提出日が必要です。").At("treaty")
	}
	if t.Treaty != "" {
		rate, err := money.ParseDecimal(t.Treaty)
		if err != nil {
			return at(err, "treaty")
		}
		if hundred, _ := money.ParseDecimal("100"); hundred.Less(rate) {
			return fault.New(fault.Invalid, "A rate is at most 100 percent.", "税率は100パーセント以下です。").At("treaty")
		}
	}
	have, err := taxOn(ctx, ps.DB.Read(), t.Person, t.From)
	t.SetBy, t.SetAt = have.SetBy, have.SetAt
	if err == nil && have == t {
		return nil
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO tax_category (id, person, from_day, category, head, treaty, form_day, set_by, set_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			id.New(now), t.Person, t.From.String(), string(t.Category), t.Head, t.Treaty, day(t.FormDay), who.ID, db.Micros(now)); err != nil {
			return fmt.Errorf("saving the tax category of %s: %w", t.Person, err)
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutTax, t.Person, map[string]any{
			"from": t.From, "category": t.Category, "head": t.Head, "treaty": t.Treaty, "form": day(t.FormDay),
		})
	})
}

const taxColumns = `person, from_day, category, head, treaty, form_day, set_by, set_at`

func scanTax(row interface{ Scan(...any) error }) (Tax, error) {
	var t Tax
	var from, form string
	var at int64
	err := row.Scan(&t.Person, &from, &t.Category, &t.Head, &t.Treaty, &form, &t.SetBy, &at)
	if err != nil {
		return t, err
	}
	t.SetAt = db.Time(at)
	if t.From, err = calendar.Parse(from); err == nil && form != "" {
		t.FormDay, err = calendar.Parse(form)
	}
	return t, err
}

// taxOn returns the category of a payee that holds on a day: the newest decision for the latest day.
func taxOn(ctx context.Context, q db.Querier, person string, on calendar.Date) (Tax, error) {
	t, err := scanTax(q.QueryRowContext(ctx, `
		SELECT `+taxColumns+`
		FROM tax_category WHERE person = $1 AND from_day <= $2
		ORDER BY from_day DESC, id DESC LIMIT 1`, person, on.String()))
	if errors.Is(err, sql.ErrNoRows) {
		return Tax{Person: person}, errNoTax(person, on)
	}
	if err != nil {
		return t, fmt.Errorf("reading the tax category of %s: %w", person, err)
	}
	return t, nil
}

func errNoTax(person string, on calendar.Date) error {
	return fault.New(fault.Conflict, "Nobody with the tax role has set a category for participant %s that holds on %v.",
		"参加者%sについて、%vに有効な税区分が税務担当者により設定されていません。", person, on)
}
