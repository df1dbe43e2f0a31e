package person

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// factors is what a person has besides a password.
type factors struct {
	passkeys, recovery int
	password, totp     bool
}

func hasSecondFactor(ctx context.Context, q db.Querier, personID string) (factors, error) {
	var f factors
	var passwords, totps int
	err := q.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM passkey WHERE person = $1),
			(SELECT count(*) FROM password WHERE person = $1),
			(SELECT count(*) FROM totp WHERE person = $1),
			(SELECT count(*) FROM recovery_code WHERE person = $1)`, personID).
		Scan(&f.passkeys, &passwords, &totps, &f.recovery)
	if err != nil {
		return factors{}, fmt.Errorf("reading what person %s signs in with: %w", personID, err)
	}
	f.password, f.totp = passwords > 0, totps > 0
	return f, nil
}

// codeTime is the time that an authenticator app shows the code of.
func (p *People) codeTime() time.Time {
	if p.Codes != nil {
		return p.Codes()
	}
	return p.Now()
}

// A proof is a second factor that was right, not used up yet.
type proof struct {
	step     int64 // of the authenticator app
	recovery []byte
}

// prove compares a second factor. For a person without one, or no person, it does the same work and
// says no.
func (p *People) prove(ctx context.Context, personID, typed string) (proof, bool, error) {
	c := parseCode(typed)
	var sealed []byte
	var last int64
	err := p.DB.Read().QueryRowContext(ctx, `SELECT secret, last_step FROM totp WHERE person = $1`, personID).Scan(&sealed, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return proof{}, false, fmt.Errorf("reading the authenticator app of person %s: %w", personID, err)
	}
	secret, has := make([]byte, totpSecret), err == nil
	if has {
		if secret, err = p.unseal("totp", personID, sealed); err != nil {
			return proof{}, false, fmt.Errorf("reading the authenticator app of person %s: %w", personID, err)
		}
	}
	hash := recoveryHash(c.recovery)
	var n int
	if err := p.DB.Read().QueryRowContext(ctx, `
		SELECT count(*) FROM recovery_code WHERE person = $1 AND hash = $2`, personID, hash).Scan(&n); err != nil {
		return proof{}, false, fmt.Errorf("reading recovery codes of person %s: %w", personID, err)
	}
	step, ok := matchStep(secret, c.digits, p.codeTime())
	switch {
	case has && c.digits != "" && ok && step > last:
		return proof{step: step}, true, nil
	case c.recovery != "" && n == 1:
		return proof{recovery: hash}, true, nil
	}
	return proof{}, false, nil
}

// useProof uses the factor up. Of two who bring the same code at once, one gets in.
func useProof(ctx context.Context, tx *sql.Tx, personID string, f proof) error {
	query, args := `UPDATE totp SET last_step = $1 WHERE person = $2 AND last_step < $1`, []any{f.step, personID}
	if f.recovery != nil {
		query, args = `DELETE FROM recovery_code WHERE person = $1 AND hash = $2`, []any{personID, f.recovery}
	}
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("using up a code of person %s: %w", personID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errWrong)
	}
	return nil
}

// setTOTP stores a new authenticator app. The code that proved it counts as used.
func (p *People) setTOTP(ctx context.Context, tx *sql.Tx, personID string, secret []byte, step int64) error {
	sealed, err := p.seal("totp", personID, secret)
	if err != nil {
		return err
	}
	return exec(ctx, tx, "storing an authenticator app", `
		INSERT INTO totp (person, secret, last_step, changed_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, changed_at = excluded.changed_at`,
		personID, sealed, step, db.Micros(p.Now()))
}

// setPassword stores a new password's hash.
func (p *People) setPassword(ctx context.Context, tx *sql.Tx, personID, hash string) error {
	return exec(ctx, tx, "storing a password", `
		INSERT INTO password (person, hash, changed_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`,
		personID, hash, db.Micros(p.Now()))
}

// setRecovery replaces the recovery codes and returns the new ones, to be shown once.
func setRecovery(ctx context.Context, tx *sql.Tx, personID string) ([]string, error) {
	if err := exec(ctx, tx, "removing recovery codes", `DELETE FROM recovery_code WHERE person = $1`, personID); err != nil {
		return nil, err
	}
	hashes, shown := newRecoveryCodes()
	for _, h := range hashes {
		if err := exec(ctx, tx, "storing recovery codes", `
			INSERT INTO recovery_code (person, hash) VALUES ($1, $2)`, personID, h); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// A TOTPOffer is an authenticator app to be set up: nothing is stored until its first code comes back
// together with Sealed, which the form carries and only this server can read.
type TOTPOffer struct {
	Secret string // in groups, for typing
	URI    string // for the QR code
	Sealed string
}

// offerLife is how long somebody may look for their telephone.
const offerLife = time.Hour

// offer makes a secret for one person or link: whom says which.
func (p *People) offer(whom, address string) (TOTPOffer, error) {
	secret := newTOTPSecret()
	text := fmt.Appendf(nil, "%020d", p.Now().Add(offerLife).Unix())
	sealed, err := p.seal("totp offer", whom, append(text, secret...))
	if err != nil {
		return TOTPOffer{}, err
	}
	return TOTPOffer{
		Secret: Groups(base32Text(secret)),
		URI:    provisioning(p.RP.Name, address, secret),
		Sealed: encode64(sealed),
	}, nil
}

var errOffer = fault.New(fault.Conflict,
	"The time to set up the authenticator app is over. Here is a new QR code: scan it and type the code the app shows.",
	"認証アプリの設定時間が過ぎました。新しいQRコードを読み取り、表示されたコードを入力してください。").At("code")

// accept returns the secret of an offer whose first code was typed right.
func (p *People) accept(whom, sealed, typed string) (secret []byte, step int64, err error) {
	raw, err := decode64(sealed)
	if err != nil {
		return nil, 0, errOffer
	}
	text, err := p.unseal("totp offer", whom, raw)
	if errors.Is(err, errSeal) || err == nil && len(text) != 20+totpSecret {
		return nil, 0, errOffer
	}
	if err != nil {
		return nil, 0, err
	}
	if string(text[:20]) < fmt.Sprintf("%020d", p.Now().Unix()) {
		return nil, 0, errOffer
	}
	secret = text[20:]
	step, ok := matchStep(secret, parseCode(typed).digits, p.codeTime())
	if !ok {
		return nil, 0, fault.New(fault.Invalid,
			"This is not the code the app shows now. Check that the clock of your telephone sets itself, and type the next code.",
			"認証アプリのコードが一致しません。端末の時刻が自動設定になっているか確認し、次に表示されるコードを入力してください。").At("code")
	}
	return secret, step, nil
}
