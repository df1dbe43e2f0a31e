package person

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// Person returns a person: oneself, or anybody for who may read the list of people.
func (p *People) Person(ctx context.Context, who access.Caller, personID string) (Person, error) {
	if !who.Is(personID) || !access.Allow(who, access.PersonSelf) {
		if err := p.Audit.Allow(ctx, who, access.PersonRead, personID); err != nil {
			return Person{}, err
		}
	}
	return byID(ctx, p.DB.Read(), personID)
}

// A Query selects people. Its zero value is everybody.
type Query struct {
	Kind  access.Kind // empty: both
	State State       // empty: every
	Text  string      // part of a mail address, or of a name as it is spelled
	After string      // only people whose id is larger: the last of the page before
	Limit int         // 0 means 100
}

// List returns people, the oldest first.
func (p *People) List(ctx context.Context, who access.Caller, q Query) ([]Person, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonRead, ""); err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 1000 {
		q.Limit = 100
	}
	like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	rows, err := p.DB.Read().QueryContext(ctx, `
		SELECT `+columns+`
		FROM person p
		WHERE ($1 = '' OR p.kind = $1) AND ($2 = '' OR p.state = $2) AND p.id > $3
			AND ($4 = '' OR p.mail_key LIKE $5 ESCAPE '\' OR p.name LIKE $6 ESCAPE '\')
		ORDER BY p.id
		LIMIT $7`, string(q.Kind), string(q.State), q.After, q.Text,
		"%"+like.Replace(strings.ToLower(q.Text))+"%", "%"+like.Replace(q.Text)+"%", q.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing people: %w", err)
	}
	defer rows.Close()
	var all []Person
	for rows.Next() {
		n, err := scanPerson(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("listing people: %w", err)
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// A Label is what a page shows of somebody beside what they wrote.
type Label struct {
	ID    string
	Kind  access.Kind
	Name  string // empty when they gave none, or are gone: the page says "a participant", "a withdrawn participant"
	State State
}

// Labels returns who wrote something, by id. The desk sees everybody, participants the desk and
// themselves: of anybody else there is no entry, as of somebody who is not there.
func (p *People) Labels(ctx context.Context, who access.Caller, ids ...string) (map[string]Label, error) {
	if who.Kind == access.Nobody {
		return nil, audit.ErrSignIn
	}
	labels := make(map[string]Label, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), 500)
		if err := p.labels(ctx, who, ids[:n], labels); err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return labels, nil
}

func (p *People) labels(ctx context.Context, who access.Caller, ids []string, into map[string]Label) error {
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for i, v := range ids {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), v
	}
	rows, err := p.DB.Read().QueryContext(ctx, `
		SELECT id, kind, name, state
		FROM person
		WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return fmt.Errorf("reading names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l Label
		var kind, state string
		if err := rows.Scan(&l.ID, &kind, &l.Name, &state); err != nil {
			return fmt.Errorf("reading names: %w", err)
		}
		l.Kind, l.State = access.Kind(kind), State(state)
		if who.Kind == access.System || who.Desk() || who.Is(l.ID) || l.Kind == access.Staff {
			into[l.ID] = l
		}
	}
	return rows.Err()
}

// An Addressee is where a mail to somebody goes.
type Addressee struct {
	Mail string // empty: nowhere, they are gone
	Name string
	Lang lang.Lang
}

// Addressee returns where a mail to somebody goes, for operations that announce something to them in
// their own transaction. It is no operation of a caller.
func (p *People) Addressee(ctx context.Context, q db.Querier, personID string) (Addressee, error) {
	n, err := byID(ctx, q, personID)
	return Addressee{Mail: n.Mail, Name: n.Name, Lang: n.Lang}, err
}

// With returns the people at the desk who have a role and can sign in, for operations that announce something to
// them in their own transaction. It is no operation of a caller.
func (p *People) With(ctx context.Context, q db.Querier, role access.Role) ([]string, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+columns+`
		FROM person p
		WHERE p.kind = 'staff' AND p.state = 'active'
		ORDER BY p.id`)
	if err != nil {
		return nil, fmt.Errorf("looking for people with the role %s: %w", role, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		n, err := scanPerson(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("looking for people with the role %s: %w", role, err)
		}
		if slices.Contains(n.Roles, role) {
			all = append(all, n.ID)
		}
	}
	return all, rows.Err()
}

// Settle makes a participant active or pending, in the transaction of what decides it. Whoever is
// disabled or withdrawn stays so. Package participant calls it.
func Settle(ctx context.Context, tx *sql.Tx, personID string, ready bool) error {
	state := Pending
	if ready {
		state = Active
	}
	return exec(ctx, tx, "settling person "+personID, `
		UPDATE person SET state = $1, version = version + 1
		WHERE id = $2 AND kind = 'participant' AND state IN ('pending', 'active') AND state <> $1`, string(state), personID)
}

// Write changes name and language of a person in a transaction that has locked them. Package participant
// calls it with a name that CleanName has accepted.
func Write(ctx context.Context, tx *sql.Tx, n Person, name string, l lang.Lang) error {
	n.Name, n.Lang = name, l
	return save(ctx, tx, n)
}

// Colleague returns what a person may do at the desk now: a caller who may do nothing when there is no
// such person at the desk, or when they cannot sign in. It is no operation of a caller.
func (p *People) Colleague(ctx context.Context, personID string) (access.Caller, error) {
	n, err := Read(ctx, p.DB.Read(), personID)
	if fault.Is(err, fault.NotFound) || err == nil && (n.Kind != access.Staff || n.State != Active) {
		return access.Caller{}, nil
	}
	return n.Caller(""), err
}

// Read returns a person in a transaction or outside one. It is no operation of a caller.
func Read(ctx context.Context, q db.Querier, personID string) (Person, error) {
	return byID(ctx, q, personID)
}

// Lock makes every other change to a person wait until the transaction ends, and returns them as they
// are then. Package participant calls it before a rule over several of a person's rows.
func Lock(ctx context.Context, tx *sql.Tx, personID string) (Person, error) {
	return lock(ctx, tx, personID)
}

// Erase destroys everything personal of a participant in the transaction of their withdrawal: what they
// wrote in their account is overwritten, credentials, sessions, tokens and links are removed. The bare
// row stays, so that their reports have an author. The last mail, when there is one, is asked for first.
func Erase(ctx context.Context, tx *sql.Tx, personID string) error {
	n, err := lock(ctx, tx, personID)
	if err != nil {
		return err
	}
	if _, key, err := ParseMail(n.Mail); err == nil {
		if err := exec(ctx, tx, "removing links", `DELETE FROM person_link WHERE mail_key = $1`, key); err != nil {
			return err
		}
	}
	if err := endEverything(ctx, tx, personID); err != nil {
		return err
	}
	if err := dropCredentials(ctx, tx, personID); err != nil {
		return err
	}
	if err := exec(ctx, tx, "forgetting networks", `DELETE FROM person_place WHERE person = $1`, personID); err != nil {
		return err
	}
	return exec(ctx, tx, "erasing person "+personID, `
		UPDATE person SET mail = '', mail_key = id, mail_verified_at = 0, name = '', zone = '', state = 'withdrawn',
			handle = $1, last_login_at = 0
		WHERE id = $2`, newHandle(), personID)
}
