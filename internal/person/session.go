package person

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
)

// How long a session lives. Staff see everybody's reports, so theirs end with the working day.
const (
	participantIdle = 14 * 24 * time.Hour
	participantLife = 30 * 24 * time.Hour
	staffIdle       = 12 * time.Hour
	staffLife       = 24 * time.Hour
)

// touchEvery is how exact SeenAt is: a page costs a read, and a write only this often.
const touchEvery = 5 * time.Minute

// Lately is how long ago a credential may have been shown for what changes who can sign in, or what
// they may do.
const Lately = 10 * time.Minute

func idle(k access.Kind) time.Duration {
	if k == access.Staff {
		return staffIdle
	}
	return participantIdle
}

func life(k access.Kind) time.Duration {
	if k == access.Staff {
		return staffLife
	}
	return participantLife
}

// A Session is somebody signed in on one browser.
type Session struct {
	ID        string
	Person    string
	CreatedAt time.Time
	SeenAt    time.Time // to five minutes
	ProvenAt  time.Time // when a credential was last shown
	Ends      time.Time // if it is used until then
	Address   string    // shortened to a network
	Agent     string    // the browser's name
	Lang      lang.Lang // the person's language
	Name      string    // as they spell it; may be empty
}

// An Entry is what signing in gives.
type Entry struct {
	Token   string // for the cookie; stored nowhere
	Session Session
	Person  Person
	Codes   []string // new recovery codes, to be shown once; nil when there are none
}

// begin stores a new session and notes where it came from.
func (p *People) begin(ctx context.Context, tx *sql.Tx, who access.Caller, n Person, agent string) (Entry, error) {
	now := p.Now()
	token, hash := newToken()
	s := Session{
		ID: id.New(now), Person: n.ID, CreatedAt: now, SeenAt: now, ProvenAt: now, Ends: now.Add(life(n.Kind)),
		Address: shortAddress(who.Address), Agent: Browser(agent), Lang: n.Lang,
	}
	if err := exec(ctx, tx, "beginning a session", `
		INSERT INTO session (hash, id, person, created_at, seen_at, proven_at, ends, address, agent)
		VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7)`,
		hash, s.ID, s.Person, db.Micros(now), db.Micros(s.Ends), s.Address, s.Agent); err != nil {
		return Entry{}, err
	}
	if err := exec(ctx, tx, "noting a sign-in", `UPDATE person SET last_login_at = $1 WHERE id = $2`, db.Micros(now), n.ID); err != nil {
		return Entry{}, err
	}
	if err := exec(ctx, tx, "noting a network", `
		INSERT INTO person_place (person, address, seen_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (person, address) DO UPDATE SET seen_at = excluded.seen_at`, n.ID, s.Address, db.Micros(now)); err != nil {
		return Entry{}, err
	}
	n.LastLoginAt = now
	return Entry{Token: token, Session: s, Person: n}, nil
}

// Authenticate returns the session and the caller behind a cookie, with one read by key. The caller's
// Address is the page's to fill in.
func (p *People) Authenticate(ctx context.Context, token string) (Session, access.Caller, error) {
	if len(token) != 43 { // 32 bytes in base64: anything else costs no query
		return Session{}, access.Caller{}, audit.ErrSignIn
	}
	hash := tokenHash(token)
	s, n, err := p.session(ctx, hash)
	if err != nil {
		return Session{}, access.Caller{}, err
	}
	now := p.Now()
	if now.Sub(s.SeenAt) >= touchEvery {
		p.touch(ctx, hash, s.SeenAt, now)
		s.SeenAt = now
	}
	return s, n.Caller(s.ID), nil
}

func (p *People) session(ctx context.Context, hash []byte) (Session, Person, error) {
	var s Session
	var created, seen, proven, ends int64
	n, err := scanPerson(p.DB.Read().QueryRowContext(ctx, `
		SELECT `+columns+`, s.id, s.created_at, s.seen_at, s.proven_at, s.ends, s.address, s.agent
		FROM session s
		JOIN person p ON p.id = s.person
		WHERE s.hash = $1`, hash).Scan, &s.ID, &created, &seen, &proven, &ends, &s.Address, &s.Agent)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, Person{}, audit.ErrSignIn
	}
	if err != nil {
		return Session{}, Person{}, db.Explain(fmt.Errorf("reading a session: %w", err))
	}
	s.Person, s.Lang, s.Name = n.ID, n.Lang, n.Name
	s.CreatedAt, s.SeenAt, s.ProvenAt, s.Ends = db.Time(created), db.Time(seen), db.Time(proven), db.Time(ends)
	if now := p.Now(); !n.open() || !now.Before(s.Ends) || now.Sub(s.SeenAt) >= idle(n.Kind) {
		return Session{}, Person{}, audit.ErrSignIn
	}
	return s, n, nil
}

// touch notes that a session is in use. Of many requests at once one writes. A failure is nobody's
// business: pages can be read while the disk is full, at the price of an earlier end of the session.
func (p *People) touch(ctx context.Context, hash []byte, seen, now time.Time) {
	_ = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "noting a visit", `
			UPDATE session SET seen_at = $1
			WHERE hash = $2 AND seen_at = $3`, db.Micros(now), hash, db.Micros(seen))
	})
}

// Recent reports whether a credential was shown in this session within d.
func Recent(s Session, now time.Time, d time.Duration) bool {
	return !s.ProvenAt.IsZero() && now.Sub(s.ProvenAt) < d
}

// ErrStepUp is returned when a credential must be shown again first. Pages answer it with the form
// for that and then repeat the request.
var ErrStepUp = fault.New(fault.Denied,
	"This changes who can get into an account. Show first that it is you, with your passkey, or your password and code.",
	"アカウントの安全に関わる操作です。先に、パスキーまたはパスワードとコードで、ご本人であることを確認してください。")

// Fresh returns nil when the caller has shown a credential lately in the session they call from, and
// ErrStepUp otherwise. An API token never has.
func (p *People) Fresh(ctx context.Context, who access.Caller) error {
	if who.Kind == access.System {
		return nil
	}
	var proven int64
	err := p.DB.Read().QueryRowContext(ctx, `
		SELECT proven_at FROM session
		WHERE id = $1 AND person = $2`, who.Session, who.ID).Scan(&proven)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("reading a session: %w", err)
	}
	if err != nil || !Recent(Session{ProvenAt: db.Time(proven)}, p.Now(), Lately) {
		return ErrStepUp
	}
	return nil
}

// shortAddress returns the network of an address: its /24, or its /48. Enough to recognise one's own
// sessions by, too little to find a house.
func shortAddress(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 48
	}
	n, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return n.String()
}

// Browser returns the name of a browser and its system from a User-Agent header, and nothing of the rest.
func Browser(header string) string {
	if len(header) > 1024 {
		header = header[:1024]
	}
	name := pick(header, "Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "FxiOS", "Firefox",
		"SamsungBrowser", "Samsung Internet", "CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := pick(header, "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "CrOS", "ChromeOS",
		"Windows", "Windows", "Mac OS X", "macOS", "Linux", "Linux")
	switch {
	case name == "" && system == "":
		return "?"
	case name == "":
		return "? (" + system + ")"
	case system == "":
		return name
	}
	return name + " (" + system + ")"
}

// pick returns the word after the first mark that occurs in s.
func pick(s string, marks ...string) string {
	for i := 0; i+1 < len(marks); i += 2 {
		if strings.Contains(s, marks[i]) {
			return marks[i+1]
		}
	}
	return ""
}
