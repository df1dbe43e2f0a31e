package payout

import (
	"context"
	"database/sql"
	"fmt"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/lang"
)

// Holds says which payments keep a person from withdrawing now: who is owed something needs an account to
// be paid to. participant asks.
func Holds(ctx context.Context, q db.Querier, person string) ([]lang.Text, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM payment p WHERE p.person = $1 AND p.state NOT IN ('credited', 'waived', 'dissolved', 'refused', 'donated'))
			+ (SELECT count(*) FROM award a WHERE a.person = $1 AND a.state = 'approved' AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.award = a.id))`,
		person).Scan(&n)
	if err != nil {
		return nil, fmt.Errorf("counting the open payments of %s: %w", person, err)
	}
	if n == 0 {
		return nil, nil
	}
	return []lang.Text{{
		EN: fmt.Sprintf("Payments of yours that are not finished: %d. Receive them first, or donate them.", n),
		JA: fmt.Sprintf("完了していないお支払いが%d件あります。先に受け取るか、寄付してください。", n),
	}}, nil
}

// Destroy deletes the key of a person's payment data: nobody can read them any more, in no copy. The
// ledger stays, and names nobody; what the law wants kept lies in the extract, under a key of its own. It
// runs in the transaction of the withdrawal.
func Destroy(ctx context.Context, tx *sql.Tx, person string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM person_key WHERE person = $1`, person); err != nil {
		return fmt.Errorf("destroying the key of %s: %w", person, err)
	}
	for _, change := range []string{
		`UPDATE payee SET sealed = $1, masked = '' WHERE person = $2`,
		`UPDATE run_item SET sealed = $1 WHERE person = $2`,
		`UPDATE screening SET sealed = $1 WHERE person = $2`,
	} {
		if _, err := tx.ExecContext(ctx, change, []byte{}, person); err != nil {
			return fmt.Errorf("destroying the payment data of %s: %w", person, err)
		}
	}
	return nil
}
