package person

import (
	"context"
	"database/sql"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
)

// Sessions lists the caller's sessions, the one last used first.
func (p *People) Sessions(ctx context.Context, who access.Caller) ([]Session, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return nil, err
	}
	now := p.Now()
	rows, err := p.DB.Read().QueryContext(ctx, `
		SELECT id, created_at, seen_at, proven_at, ends, address, agent
		FROM session
		WHERE person = $1 AND ends > $2 AND seen_at > $3
		ORDER BY seen_at DESC, id DESC`, who.ID, db.Micros(now), db.Micros(now.Add(-idle(who.Kind))))
	if err != nil {
		return nil, fmt.Errorf("listing sessions of person %s: %w", who.ID, err)
	}
	defer rows.Close()
	var all []Session
	for rows.Next() {
		s := Session{Person: who.ID}
		var created, seen, proven, ends int64
		if err := rows.Scan(&s.ID, &created, &seen, &proven, &ends, &s.Address, &s.Agent); err != nil {
			return nil, fmt.Errorf("listing sessions of person %s: %w", who.ID, err)
		}
		s.CreatedAt, s.SeenAt, s.ProvenAt, s.Ends = db.Time(created), db.Time(seen), db.Time(proven), db.Time(ends)
		all = append(all, s)
	}
	return all, rows.Err()
}

// EndSession ends one of the caller's sessions; the one they call from too, which is signing out.
func (p *People) EndSession(ctx context.Context, who access.Caller, sessionID string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM session WHERE id = $1 AND person = $2`, sessionID, who.ID)
		if err := oneOrGone(res, err, "ending a session"); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "session_ended", "session": sessionID})
	})
}

// EndOthers ends every session of the caller but the one they call from.
func (p *People) EndOthers(ctx context.Context, who access.Caller) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := endOthers(ctx, tx, who); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "other_sessions_ended"})
	})
}

func endOthers(ctx context.Context, tx *sql.Tx, who access.Caller) error {
	return exec(ctx, tx, "ending other sessions", `DELETE FROM session WHERE person = $1 AND id <> $2`, who.ID, who.Session)
}

// Sweep removes what has ended: sessions, links, ceremonies, tokens, and tries and networks that are
// too old to matter. The product itself runs it now and then; nothing depends on when.
func (p *People) Sweep(ctx context.Context) error {
	now := p.Now()
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, s := range []struct {
			query  string
			before int64
		}{
			{`DELETE FROM session WHERE ends <= $1`, db.Micros(now)},
			{`DELETE FROM session WHERE seen_at <= $1`, db.Micros(now.Add(-participantIdle))},
			{`DELETE FROM person_link WHERE ends <= $1`, db.Micros(now)},
			{`DELETE FROM passkey_ceremony WHERE ends <= $1`, db.Micros(now)},
			{`DELETE FROM api_token WHERE ends <= $1`, db.Micros(now)},
			{`DELETE FROM sign_in_backoff WHERE at <= $1`, db.Micros(now.Add(-forgetting))},
			{`DELETE FROM person_place WHERE seen_at <= $1`, db.Micros(now.Add(-participantLife))},
		} {
			if err := exec(ctx, tx, "sweeping", s.query, s.before); err != nil {
				return err
			}
		}
		return nil
	})
}
