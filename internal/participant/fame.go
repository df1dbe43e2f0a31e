package participant

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/person"
)

// An Entry is somebody in the hall of fame, as everybody sees them: no id and no count, which would
// tell how many reports there are.
type Entry struct {
	Name  string // empty when only the alias is posted
	Alias string
	Photo string // hash, or empty

	person string
	first  time.Time
}

// Credit notes, in the transaction that decides it, that a report of a person earned a reward. Noting
// it again changes nothing. The year is that of the Japanese date.
func (ps *Participants) Credit(ctx context.Context, tx *sql.Tx, personID, report string, at time.Time) error {
	return exec(ctx, tx, "crediting report "+report, `
		INSERT INTO fame (report, person, year, at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, report, personID, calendar.In(at, calendar.JST).Year, db.Micros(at))
}

// Uncredit takes that back, when the decision was.
func (ps *Participants) Uncredit(ctx context.Context, tx *sql.Tx, report string) error {
	return exec(ctx, tx, "uncrediting report "+report, `DELETE FROM fame WHERE report = $1`, report)
}

// HallOfFame returns who had an accepted report in a year, wished to be posted, was approved, and is
// still here; in the order of their first report of the year, because it is no ranking.
func (ps *Participants) HallOfFame(ctx context.Context, year int) ([]Entry, error) {
	return ps.entries(ctx, `
		SELECT p.id AS id, min(f.at) AS first
		FROM fame f
		JOIN person p ON p.id = f.person
		WHERE f.year = $1 AND p.state <> 'withdrawn'
		GROUP BY p.id`, year)
}

// Specials returns the special contributors of a year, under the same conditions: they helped with
// something that the terms do not reward.
func (ps *Participants) Specials(ctx context.Context, year int) ([]Entry, error) {
	return ps.entries(ctx, `
		SELECT p.id AS id, s.at AS first
		FROM special_contributor s
		JOIN person p ON p.id = s.person
		WHERE s.year = $1 AND p.state <> 'withdrawn'`, year)
}

// entries joins people with what of them may be posted. Somebody is listed as soon as a name or an alias
// is approved; a photo alone lists nobody.
func (ps *Participants) entries(ctx context.Context, who string, year int) ([]Entry, error) {
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT w.id, w.first, c.part, c.value
		FROM (`+who+`) w
		JOIN credit_consent c ON c.person = w.id AND c.state = 'approved'
		ORDER BY w.id, c.part`, year)
	if err != nil {
		return nil, fmt.Errorf("reading the hall of fame: %w", err)
	}
	defer rows.Close()
	byPerson := map[string]*Entry{}
	for rows.Next() {
		var personID, part, value string
		var first int64
		if err := rows.Scan(&personID, &first, &part, &value); err != nil {
			return nil, fmt.Errorf("reading the hall of fame: %w", err)
		}
		e := byPerson[personID]
		if e == nil {
			e = &Entry{person: personID, first: db.Time(first)}
			byPerson[personID] = e
		}
		switch Part(part) {
		case Name:
			e.Name = value
		case Alias:
			e.Alias = value
		case Photo:
			e.Photo = value
		}
	}
	var all []Entry
	for _, e := range byPerson {
		if e.Name != "" || e.Alias != "" {
			all = append(all, *e)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(a.first.Compare(b.first), strings.Compare(a.person, b.person))
	})
	return all, rows.Err()
}

// Years returns the years in which somebody is listed, the newest first.
func (ps *Participants) Years(ctx context.Context) ([]int, error) {
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT DISTINCT y.year
		FROM (SELECT person, year FROM fame UNION SELECT person, year FROM special_contributor) y
		JOIN person p ON p.id = y.person
		JOIN credit_consent c ON c.person = p.id
		WHERE p.state <> 'withdrawn' AND c.state = 'approved' AND c.part IN ('name', 'alias')
		ORDER BY y.year DESC`)
	if err != nil {
		return nil, fmt.Errorf("reading the hall of fame: %w", err)
	}
	defer rows.Close()
	var all []int
	for rows.Next() {
		var y int
		if err := rows.Scan(&y); err != nil {
			return nil, fmt.Errorf("reading the hall of fame: %w", err)
		}
		all = append(all, y)
	}
	return all, rows.Err()
}

// NameSpecial puts somebody on the list of special contributors of a year. reason is for the desk.
func (ps *Participants) NameSpecial(ctx context.Context, who access.Caller, personID string, year int, reason string) error {
	if err := ps.Audit.Allow(ctx, who, access.CreditApprove, personID); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return fault.New(fault.Invalid, "Say what they contributed, in one to %d bytes.", "貢献の内容を入力してください（%dバイトまで）。", maxReason).At("reason")
	}
	if today := ps.today(); year < 2000 || year > today.Year {
		return fault.New(fault.Invalid, "Choose a year that has begun.", "すでに始まっている年を選んでください。").At("year")
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := person.Read(ctx, tx, personID)
		if err != nil {
			return err
		}
		if n.Kind != access.Participant || n.State == person.Withdrawn {
			return errStaff
		}
		if err := exec(ctx, tx, "naming a special contributor", `
			INSERT INTO special_contributor (person, year, reason, named_by, at)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (year, person) DO UPDATE SET reason = excluded.reason, named_by = excluded.named_by`,
			personID, year, reason, who.ID, db.Micros(ps.Now())); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.CreditApprove, personID, detail{"did": "special", "year": year})
	})
}

// A Special is somebody on the list of special contributors, as the desk sees it.
type Special struct {
	Person  string
	Year    int
	Reason  string
	NamedBy string
	At      time.Time
}

// Named lists the special contributors of every year, the newest year first: also those who are not
// shown, because nothing of them is posted.
func (ps *Participants) Named(ctx context.Context, who access.Caller) ([]Special, error) {
	if err := ps.Audit.Allow(ctx, who, access.CreditApprove, ""); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT person, year, reason, named_by, at
		FROM special_contributor
		ORDER BY year DESC, at, person`)
	if err != nil {
		return nil, fmt.Errorf("reading special contributors: %w", err)
	}
	defer rows.Close()
	var all []Special
	for rows.Next() {
		var s Special
		var at int64
		if err := rows.Scan(&s.Person, &s.Year, &s.Reason, &s.NamedBy, &at); err != nil {
			return nil, fmt.Errorf("reading special contributors: %w", err)
		}
		s.At = db.Time(at)
		all = append(all, s)
	}
	return all, rows.Err()
}

// UnnameSpecial takes somebody off that list.
func (ps *Participants) UnnameSpecial(ctx context.Context, who access.Caller, personID string, year int) error {
	if err := ps.Audit.Allow(ctx, who, access.CreditApprove, personID); err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "unnaming a special contributor", `
			DELETE FROM special_contributor WHERE person = $1 AND year = $2`, personID, year); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.CreditApprove, personID, detail{"did": "special_removed", "year": year})
	})
}
