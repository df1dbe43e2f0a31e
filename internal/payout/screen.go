package payout

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/screening"
)

// A cache keeps the lists ready that were read from the database.
type cache struct {
	mu    sync.Mutex // guards what follows
	hash  string
	ready *screening.Set
}

// LoadList takes a sanctions list in place of the one of the same name. A list that cannot be read whole
// changes nothing.
func (ps *Payouts) LoadList(ctx context.Context, who access.Caller, name string, fetched time.Time, files map[string][]byte) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, name); err != nil {
		return err
	}
	if fetched.After(ps.Now()) {
		return fault.New(fault.Invalid, "A list cannot have been fetched in the future.", "リストの取得日時が未来になっています。").At("fetched")
	}
	l, err := screening.Read(name, readers(files)...)
	if err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sanction_file WHERE list = $1`, name); err != nil {
			return fmt.Errorf("replacing list %s: %w", name, err)
		}
		for file, data := range files {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO sanction_file (list, name, data, hash, fetched) VALUES ($1, $2, $3, $4, $5)`,
				name, file, data, l.SHA256, db.Micros(fetched)); err != nil {
				return fmt.Errorf("saving list %s: %w", name, err)
			}
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutScreen, name, map[string]any{"list": l.SHA256, "entries": len(l.Entries)})
	})
}

func readers(files map[string][]byte) []screening.File {
	var all []screening.File
	for name, data := range files {
		all = append(all, screening.File{Name: name, Data: bytes.NewReader(data)})
	}
	return all
}

// set returns the lists of the database, read anew when they have changed.
func (ps *Payouts) set(ctx context.Context) (*screening.Set, string, error) {
	hash, err := listsHash(ctx, ps.DB.Read())
	if err != nil {
		return nil, "", err
	}
	ps.lists.mu.Lock()
	defer ps.lists.mu.Unlock()
	if ps.lists.ready != nil && ps.lists.hash == hash {
		return ps.lists.ready, hash, nil
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `SELECT list, name, data, fetched FROM sanction_file ORDER BY list, name`)
	if err != nil {
		return nil, "", fmt.Errorf("reading sanctions lists: %w", err)
	}
	defer rows.Close()
	files, fetched := map[string]map[string][]byte{}, map[string]int64{}
	for rows.Next() {
		var list, name string
		var data []byte
		var at int64
		if err := rows.Scan(&list, &name, &data, &at); err != nil {
			return nil, "", fmt.Errorf("reading sanctions lists: %w", err)
		}
		if files[list] == nil {
			files[list] = map[string][]byte{}
		}
		files[list][name], fetched[list] = data, at
	}
	if err := rows.Err(); err != nil {
		return nil, "", err
	}
	var lists []screening.List
	for name, of := range files {
		l, err := screening.Read(name, readers(of)...)
		if err != nil {
			return nil, "", err
		}
		l.Fetched = db.Time(fetched[name])
		lists = append(lists, l)
	}
	ps.lists.hash, ps.lists.ready = hash, screening.NewSet(lists...)
	return ps.lists.ready, hash, nil
}

// listsHash names the lists that are loaded, with the time they were fetched.
func listsHash(ctx context.Context, q db.Querier) (string, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT list, hash, fetched FROM sanction_file ORDER BY list, hash, fetched`)
	if err != nil {
		return "", fmt.Errorf("reading sanctions lists: %w", err)
	}
	defer rows.Close()
	h := sha256.New()
	for rows.Next() {
		var list, hash string
		var fetched int64
		if err := rows.Scan(&list, &hash, &fetched); err != nil {
			return "", fmt.Errorf("reading sanctions lists: %w", err)
		}
		fmt.Fprintf(h, "%q %s %d\n", list, hash, fetched)
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

// A Screening is one on record.
type Screening struct {
	ID       string
	Person   string
	Revision int64
	At       time.Time
	Outcome  screening.Outcome
	Decision string // cleared, refused, or empty
	lists    string
	found    string
}

// passes reports whether money may go out on it.
func (s Screening) passes() bool {
	return s.Outcome == screening.Clear || s.Decision == "cleared" && s.Outcome != screening.Stale
}

// screen screens a person's data as they are and puts the record down under their key. A finding that
// a person has cleared before is not asked about again, as long as it is the same.
func (ps *Payouts) screen(ctx context.Context, tx *sql.Tx, set *screening.Set, lists string, p Payee) (Screening, error) {
	now := ps.Now()
	s := Screening{ID: id.New(now), Person: p.Person, Revision: p.Revision, At: now, lists: lists}
	key, err := ps.personKey(ctx, tx, p.Person)
	if err != nil {
		return s, err
	}
	d, err := unseal(key, p.Person, p.sealed)
	if err != nil {
		return s, err
	}
	sealed, err := s.look(key, d, set.Searcher(), ps.Countries)
	if err != nil {
		return s, err
	}
	if s.Outcome != screening.Clear && s.Outcome != screening.Stale {
		if s.Decision, err = decided(ctx, tx, s); err != nil {
			return s, err
		}
	}
	if err := insertRows(ctx, tx, `INSERT INTO screening (`+screeningColumns+`)`, [][]any{s.row(sealed)}); err != nil {
		return s, fmt.Errorf("saving the screening of %s: %w", s.Person, err)
	}
	return s, nil
}

// look compares somebody with the lists, and returns the whole record under their key.
func (s *Screening) look(key cipher.AEAD, d Details, lists *screening.Searcher, countries screening.Countries) ([]byte, error) {
	names := []string{d.Name, d.Holder}
	for _, more := range []string{d.Kana, d.Account.HolderKana} {
		if more != "" {
			names = append(names, more)
		}
	}
	r := lists.Screen(screening.Subject{Names: names, BirthYear: d.BirthYear, Country: d.Country}, countries, screening.DefaultRules, s.At)
	s.Outcome, s.found = r.Outcome, found(r)
	if r.Stale {
		s.Outcome = screening.Stale
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("writing a screening: %w", err)
	}
	return key.Seal(nil, nil, text, []byte("screening "+s.ID)), nil
}

const screeningColumns = `id, person, revision, at, outcome, lists, found, sealed, decided_by, decided_at, decision, note`

// row is the screening as it is stored.
func (s Screening) row(sealed []byte) []any {
	return []any{s.ID, s.Person, s.Revision, db.Micros(s.At), string(s.Outcome), s.lists, s.found, sealed, "", 0, s.Decision, ""}
}

// found names what was found, without when and by how much.
func found(r screening.Result) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d\n", r.Residence, r.Ground, r.Total)
	for _, m := range r.Matches {
		fmt.Fprintf(h, "%q %q\n", m.List, m.Entry)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// decided returns what a person said of the same finding about the same data.
func decided(ctx context.Context, q db.Querier, s Screening) (string, error) {
	var was string
	err := q.QueryRowContext(ctx, `
		SELECT decision FROM screening
		WHERE person = $1 AND revision = $2 AND found = $3 AND decision <> ''
		ORDER BY id DESC LIMIT 1`, s.Person, s.Revision, s.found).Scan(&was)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the screenings of %s: %w", s.Person, err)
	}
	return was, nil
}

// Screen screens the payee of a payment, and lets the payment go on when nothing was found and the
// account is in their name. Otherwise the record says why not, and a person decides.
func (ps *Payouts) Screen(ctx context.Context, who access.Caller, award string) (Screening, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, award); err != nil {
		return Screening{}, err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil {
		return Screening{}, err
	}
	after, err := p.State.After(Screen)
	if err != nil {
		return Screening{}, err
	}
	set, lists, err := ps.set(ctx)
	if err != nil {
		return Screening{}, err
	}
	to, err := payee(ctx, ps.DB.Read(), p.Person)
	if err != nil {
		return Screening{}, err
	}
	var s Screening
	now := ps.Now()
	err = ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if s, err = ps.screen(ctx, tx, set, lists, to); err != nil {
			return err
		}
		detail := map[string]any{"screening": s.ID, "outcome": s.Outcome, "lists": lists, "name": to.Match}
		if !s.passes() || !to.named() {
			return ps.Audit.Record(ctx, tx, who, access.PayoutScreen, award, detail)
		}
		p.State = after
		if err := save(ctx, tx, now, p); err != nil {
			return err
		}
		return ps.record(ctx, tx, who, access.PayoutScreen, p, detail)
	})
	return s, err
}

// ClearHit is a person's word on what a screening found. A refusal ends nothing by itself: it is followed
// by a proposal.
func (ps *Payouts) ClearHit(ctx context.Context, who access.Caller, screening string, cleared bool, note string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, screening); err != nil {
		return err
	}
	if who.Kind != access.Staff || strings.TrimSpace(note) == "" {
		return fault.New(fault.Invalid, "A person decides, and writes down why.", "担当者が判断し、理由を記入します。").At("note")
	}
	word := map[bool]string{true: "cleared", false: "refused"}[cleared]
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			UPDATE screening SET decision = $1, decided_by = $2, decided_at = $3, note = $4
			WHERE id = $5 AND decision = '' AND outcome IN ('look', 'hold')`, word, who.ID, db.Micros(ps.Now()), note, screening)); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutScreen, screening, map[string]any{"hit": word})
	})
}

// releasable says whether the newest screening of every payee of a run lets money out today: of these
// data, against the lists that are loaded now, and no older than the limit.
func (ps *Payouts) releasable(ctx context.Context, q db.Querier, r Run) error {
	lists, err := listsHash(ctx, q)
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, `
		SELECT i.person, i.revision, coalesce(s.revision, 0), coalesce(s.at, 0), coalesce(s.outcome, ''), coalesce(s.decision, ''), coalesce(s.lists, '')
		FROM (SELECT DISTINCT person, revision FROM run_item WHERE run = $1) i
		LEFT JOIN (
			SELECT person, revision, at, outcome, decision, lists, row_number() OVER (PARTITION BY person ORDER BY at DESC, id DESC) AS place
			FROM screening WHERE person IN (SELECT person FROM run_item WHERE run = $1)
		) s ON s.person = i.person AND s.place = 1
		ORDER BY i.person`, r.ID)
	if err != nil {
		return fmt.Errorf("reading the screenings of run %s: %w", r.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Screening
		var of, at int64
		if err := rows.Scan(&s.Person, &of, &s.Revision, &at, &s.Outcome, &s.Decision, &s.lists); err != nil {
			return fmt.Errorf("reading the screenings of run %s: %w", r.ID, err)
		}
		switch {
		case s.Revision != of || s.lists != lists || ps.Now().Sub(db.Time(at)) > screening.DefaultRules.MaxAge || s.Outcome == screening.Stale:
			return fault.New(fault.Conflict, "Participant %s has not been screened against fresh lists. Load today's lists and check the run again.",
				"参加者%sは最新の制裁リストで照合されていません。リストを更新し、支払処理をもう一度確認してください。", s.Person)
		case !s.passes():
			return fault.New(fault.Conflict, "The screening of participant %s found something (%s) that nobody has cleared.",
				"参加者%sの照合結果（%s）が、まだ判断されていません。", s.Person, s.Outcome)
		}
	}
	return rows.Err()
}
