package person

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
)

const (
	freeTries  = 5                // a person mistypes
	firstWait  = 2 * time.Second  // after the sixth, and then twice as long each time
	longest    = 15 * time.Minute // 96 guesses a day
	forgetting = 24 * time.Hour   // after which nothing is held against an account any more
)

// wait returns how long an account rests after this many failures in a row.
func wait(failures int64) time.Duration {
	n := failures - freeTries
	if n <= 0 {
		return 0
	}
	return min(longest, firstWait<<min(n-1, 20))
}

// account returns the key tries are counted under. It is made of the mail address, not of the
// person: an address without an account behaves the same. A network the person has signed in from
// is counted apart, so that somebody elsewhere cannot make them wait.
func account(mailKey string, known string) []byte {
	sum := sha256.Sum256([]byte("hinomi sign-in " + mailKey + "\n" + known))
	return sum[:]
}

// known returns the caller's network when the person has signed in from it lately, and "" otherwise.
func (p *People) known(ctx context.Context, who access.Caller, personID string) (string, error) {
	place := shortAddress(who.Address)
	var n int
	err := p.DB.Read().QueryRowContext(ctx, `
		SELECT count(*) FROM person_place
		WHERE person = $1 AND address = $2`, personID, place).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("reading networks of person %s: %w", personID, err)
	}
	if n == 0 {
		return "", nil
	}
	return place, nil
}

// try counts a try as failed before it is evaluated, so that a hundred at once count as a hundred.
// While the account rests it refuses and counts nothing.
func (p *People) try(ctx context.Context, key []byte) error {
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		now := p.Now()
		var failures, until, at int64
		// The update comes first: it holds the row while we look at it.
		err := tx.QueryRowContext(ctx, `
			INSERT INTO sign_in_backoff (account, failures, until, at)
			VALUES ($1, 1, 0, $2)
			ON CONFLICT (account) DO UPDATE SET failures = sign_in_backoff.failures + 1
			RETURNING failures, until, at`, key, db.Micros(now)).Scan(&failures, &until, &at)
		if err != nil {
			return fmt.Errorf("counting a try: %w", err)
		}
		// More than the longest wait means that the clock was set back: nobody pays for that.
		if rest := db.Time(until).Sub(now); rest > 0 && rest <= longest {
			en, ja := limit.Wait(rest)
			return fault.New(fault.Later, // and the transaction is taken back
				"There were too many wrong tries on this account. Wait %[1]s, or sign in with a passkey, which works at once.",
				"このアカウントで入力の誤りが続いたため、しばらく受け付けられません。%[2]s後にもう一度お試しになるか、すぐに使えるパスキーでサインインしてください。",
				en, ja).Retry(rest)
		}
		if now.Sub(db.Time(at)) > forgetting {
			failures = 1
		}
		return exec(ctx, tx, "counting a try", `
			UPDATE sign_in_backoff SET failures = $1, until = $2, at = $3
			WHERE account = $4`, failures, db.Micros(now.Add(wait(failures))), db.Micros(now), key)
	})
}

// forgive forgets the tries of an account: the last one was right.
func forgive(ctx context.Context, tx *sql.Tx, key []byte) error {
	return exec(ctx, tx, "forgetting tries", `DELETE FROM sign_in_backoff WHERE account = $1`, key)
}
