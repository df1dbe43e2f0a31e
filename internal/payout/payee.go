package payout

import (
	"cmp"
	"context"
	"crypto/cipher"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/person"
)

// Details are what a participant supplies to be paid: who they are, and an account of their own. The
// account's country selects the currency: yen at a bank in Japan, dollars elsewhere.
type Details struct {
	Name      string `json:"name"`
	Kana      string `json:"kana,omitempty"`
	Street    string `json:"street"`
	Town      string `json:"town"`
	Country   string `json:"country"` // of residence
	Phone     string `json:"phone"`
	BirthYear int    `json:"birth_year,omitempty"`

	Own      bool              `json:"own"` // "this account is mine"
	Holder   string            `json:"holder"`
	Japanese bool              `json:"japanese"` // at a bank in Japan
	Bank     bankfile.Bank     `json:"bank,omitzero"`
	BIC      string            `json:"bic,omitempty"`
	Clearing bankfile.Clearing `json:"clearing,omitzero"`
	Account  bankfile.Account  `json:"account"`
}

// Currency returns what the account is paid in.
func (d Details) Currency() string {
	if d.Japanese {
		return money.JPY
	}
	return money.USD
}

// match compares the name that was supplied with the one on the account.
func (d Details) match() bank.Verdict {
	holder := d.Holder
	if d.Japanese {
		holder = d.Account.HolderKana
	}
	return bank.Match(d.Name, d.Kana, holder)
}

// Masked returns the account as everybody but a payer who asks for it sees it.
func (d Details) Masked() string {
	number := cmp.Or(d.Account.IBAN, d.Account.Number)
	end := number[max(0, len(number)-3):]
	if d.Japanese {
		return d.Bank.Code + "-" + d.Bank.Branch + " ****" + end
	}
	return d.BIC[:min(6, len(d.BIC))] + " ****" + end
}

// A Payee is who is paid, without what only the key opens.
type Payee struct {
	Person    string
	Number    int64 // in bank files
	Masked    string
	Currency  string
	Match     bank.Answer
	ClearedBy string
	UpdatedAt time.Time
	Revision  int64
	sealed    []byte
}

func (p Payee) named() bool { return p.Match == bank.Yes || p.ClearedBy != "" }

const payeeColumns = `person, number, sealed, masked, currency, answer, cleared_by, updated_at, revision`

func scanPayee(row interface{ Scan(...any) error }) (Payee, error) {
	var p Payee
	var at int64
	err := row.Scan(&p.Person, &p.Number, &p.sealed, &p.Masked, &p.Currency, &p.Match, &p.ClearedBy, &at, &p.Revision)
	p.UpdatedAt = db.Time(at)
	return p, err
}

func payee(ctx context.Context, q db.Querier, person string) (Payee, error) {
	p, err := scanPayee(q.QueryRowContext(ctx, `SELECT `+payeeColumns+` FROM payee WHERE person = $1`, person))
	if errors.Is(err, sql.ErrNoRows) {
		return p, errNoPayee
	}
	if err != nil {
		return p, fmt.Errorf("reading payee %s: %w", person, err)
	}
	return p, nil
}

var errNoPayee = fault.New(fault.NotFound, "There are no payment data of this person.", "この参加者の支払情報はありません。")

// details opens what was sealed for a person.
func (ps *Payouts) details(ctx context.Context, q db.Querier, person string, sealed []byte) (Details, error) {
	key, err := ps.personKey(ctx, q, person)
	if err != nil {
		return Details{}, err
	}
	return unseal(key, person, sealed)
}

func unseal(key cipher.AEAD, person string, sealed []byte) (Details, error) {
	var d Details
	text, err := key.Open(nil, nil, sealed, []byte("payee "+person))
	if err != nil {
		return d, fmt.Errorf("opening the payment data of %s: %w", person, err)
	}
	return d, json.Unmarshal(text, &d)
}

// errProve is person.ErrStepUp in the words of this operation.
var errProve = fault.New(fault.Denied,
	"This says where your money goes. Show first that it is you, with your passkey, or your password and code.",
	"お支払い先を登録する操作です。先に、パスキーまたはパスワードとコードで、ご本人であることを確認してください。").Because(person.ErrStepUp)

// Supply takes the caller's payment data, for all their payments that wait for them or are not yet with
// the bank. New data are screened again, and stop a run that was not locked.
func (ps *Payouts) Supply(ctx context.Context, who access.Caller, d Details) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutSupply, who.ID); err != nil {
		return err
	}
	d, err := d.check()
	if err != nil {
		return err
	}
	if ps.Fresh != nil {
		if err := ps.Fresh(ctx, who); errors.Is(err, person.ErrStepUp) {
			return errProve
		} else if err != nil {
			return err
		}
	}
	all, err := list(ctx, ps.DB.Read(), `
		person = $1 AND state IN ('approved', 'info_requested', 'info_received', 'screened', 'rate_set', 'in_run', 'returned')`, who.ID)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fault.New(fault.Conflict, "No payment to you waits for these data, so we do not keep them.", "この情報を必要とするお支払いがないため、保存していません。")
	}
	if d.BirthYear, err = bornIn(ctx, ps.DB.Read(), who.ID); err != nil {
		return err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("writing payment data: %w", err)
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := ps.savePayee(ctx, tx, now, who.ID, d, text); err != nil {
			return err
		}
		for _, p := range all {
			if err := ps.supplied(ctx, tx, now, p, d.Currency()); err != nil {
				return err
			}
		}
		for _, p := range all {
			p.State = InfoReceived
			if err := ps.record(ctx, tx, who, access.PayoutSupply, p, map[string]any{"match": d.match().Match}); err != nil {
				return err
			}
		}
		return nil
	})
}

// bornIn returns the year of birth that a participant declared, for the screening: of two people of one
// name it is what tells them apart. Zero when there is none.
func bornIn(ctx context.Context, q db.Querier, person string) (int, error) {
	var born string
	err := q.QueryRowContext(ctx, `SELECT born FROM participant WHERE person = $1`, person).Scan(&born)
	if errors.Is(err, sql.ErrNoRows) || err == nil && born == "" {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading when %s was born: %w", person, err)
	}
	d, err := calendar.Parse(born)
	return d.Year, err
}

func (ps *Payouts) savePayee(ctx context.Context, tx *sql.Tx, now time.Time, person string, d Details, text []byte) error {
	key, err := ps.ensureKey(ctx, tx, person)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO payee (person, number, sealed, masked, currency, answer, cleared_by, updated_at, revision)
		VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM payee), $2, $3, $4, $5, '', $6, 1)
		ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, masked = excluded.masked, currency = excluded.currency,
			answer = excluded.answer, cleared_by = '', updated_at = excluded.updated_at, revision = payee.revision + 1`,
		person, key.Seal(nil, nil, text, []byte("payee "+person)), d.Masked(), d.Currency(), string(d.match().Match), db.Micros(now))
	if db.Unique(err) {
		return fault.New(fault.Conflict, "Somebody else was faster. Send it once more.", "ほかの登録と重なりました。もう一度送信してください。")
	}
	if err != nil {
		return fmt.Errorf("saving the payment data of %s: %w", person, err)
	}
	return nil
}

// supplied moves one payment after its payee's data changed. Whoever locks its run at the same time
// comes before or after: both raise the run.
func (ps *Payouts) supplied(ctx context.Context, tx *sql.Tx, now time.Time, p Payment, currency string) error {
	if p.State == InRun {
		res, err := tx.ExecContext(ctx, `
			UPDATE run SET version = version + 1 WHERE id = $1 AND state IN ('proposed', 'checked', 'approved')`, p.Run)
		if err != nil {
			return fmt.Errorf("stopping run %s: %w", p.Run, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.Conflict, "A payment to you is on its way to the bank, so the account cannot change now. Your old data stand.",
				"お支払いを銀行に依頼済みのため、今は口座を変更できません。以前の情報のままです。")
		}
	}
	var err error
	if p.State, err = p.State.After(Supply); err != nil {
		return err
	}
	p.Currency, p.Run = currency, ""
	p.RateDay, p.Rate, p.RateHash, p.Gross = calendar.Date{}, "", "", money.Amount{}
	return save(ctx, tx, now, p)
}

// Payee returns a payee, masked: of one's own, or any at the desk.
func (ps *Payouts) Payee(ctx context.Context, who access.Caller, person string) (Payee, error) {
	action := access.AwardRead
	if who.Kind == access.Participant {
		action = access.PayoutSupply
		if !who.Is(person) {
			return Payee{}, errNotFound
		}
	}
	if err := ps.Audit.Allow(ctx, who, action, person); err != nil {
		return Payee{}, err
	}
	return payee(ctx, ps.DB.Read(), person)
}

// View returns payment data unmasked. Every view is on record before anything is shown.
func (ps *Payouts) View(ctx context.Context, who access.Caller, person, why string) (Details, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutView, person); err != nil {
		return Details{}, err
	}
	if strings.TrimSpace(why) == "" {
		return Details{}, fault.New(fault.Invalid, "Say why you look: it goes on record.", "閲覧の理由を書いてください。記録されます。").At("why")
	}
	p, err := payee(ctx, ps.DB.Read(), person)
	if err != nil {
		return Details{}, err
	}
	err = ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		return ps.Audit.Record(ctx, tx, who, access.PayoutView, person, map[string]any{"why": why, "revision": p.Revision})
	})
	if err != nil {
		return Details{}, err
	}
	return ps.details(ctx, ps.DB.Read(), person, p.sealed)
}

// ClearName says that a name match which was no clear yes was looked at by a person.
func (ps *Payouts) ClearName(ctx context.Context, who access.Caller, person, note string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, person); err != nil {
		return err
	}
	if strings.TrimSpace(note) == "" {
		return fault.New(fault.Invalid, "Write down why it is the same person.", "同一人物と判断した理由を書いてください。").At("note")
	}
	p, err := payee(ctx, ps.DB.Read(), person)
	if err != nil || p.ClearedBy != "" {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `UPDATE payee SET cleared_by = $1 WHERE person = $2 AND revision = $3`, who.ID, person, p.Revision)); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutScreen, person, map[string]any{"name": "cleared", "note": note})
	})
}
