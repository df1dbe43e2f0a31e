package mail

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
)

// A Sender hands one mail to a mail server. It returns nil when the server took it, a *Refusal when
// the server answered about this mail, and any other error when it could not ask.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Mails are the operations on outgoing mail.
type Mails struct {
	DB     *db.DB
	Audit  *audit.Log
	Now    func() time.Time
	Log    *slog.Logger
	Origin string          // where the pages are, such as "https://desk.example"; links lead nowhere else
	From   netmail.Address // who writes

	// Program is what the desk is called in a mail. Empty: as From is.
	Program lang.Text

	// Bounces is the address that bounces go to, such as "bounces@desk.example". The server must
	// deliver bounces+anything@desk.example to the same place. Empty: they go to From, and are
	// recognised by what they quote.
	Bounces string

	// Sender is nil where no mail server is configured: mail then stays queued, to be read in the browser.
	Sender Sender

	// ShowKeys lists the text of mail that carries keys. Only the demo sets it: whoever reads such
	// a mail can sign in as its addressee.
	ShowKeys bool
}

// A request is the body of a mail.requested message.
type request struct {
	To       string         `json:"to"`
	Person   string         `json:"person"`
	Template string         `json:"template"`
	Lang     lang.Lang      `json:"lang"`
	Data     map[string]any `json:"data"`
	About    string         `json:"about"`
}

// Requested writes the mail that a mail.requested message asks for: a bus.Handler.
//
// A request that the program got wrong (no such mail, data missing) is an error and stays in the
// outbox. One that a person's data makes impossible (an address that is none, a line break in a
// name) becomes a mail that bounced at once, where somebody sees it.
func (ms *Mails) Requested(ctx context.Context, tx *sql.Tx, msg bus.Message) error {
	var r request
	dec := json.NewDecoder(bytes.NewReader(msg.Body))
	dec.UseNumber()
	if err := dec.Decode(&r); err != nil {
		return fmt.Errorf("reading a request for mail %s: %w", msg.ID, err)
	}
	data, err := texts(r.Data)
	if err != nil {
		return fmt.Errorf("reading a request for mail %s: %w", r.Template, err)
	}
	if data["program"] == "" {
		data["program"] = ms.program(r.Lang)
	}
	now := ms.Now()
	m := Mail{
		ID: id.New(now), To: r.To, Person: r.Person, Template: r.Template, Lang: r.Lang,
		Key: forms[r.Template].key, State: Queued, Ready: now, About: r.About, CreatedAt: now,
	}
	m.MessageID = m.ID + "@" + ms.domain()
	if field, ok := oneLine(data); !ok {
		return ms.refuse(ctx, tx, m, fmt.Sprintf("%s contains a line break or another control character", field))
	}
	if data["link"], err = ms.link(data["link"]); err != nil {
		return err
	}
	if m.Subject, m.Body, err = render(r.Template, r.Lang, data); err != nil {
		return err
	}
	if m.To, err = address(r.To); err != nil {
		m.To = words(r.To)
		return ms.refuse(ctx, tx, m, err.Error())
	}
	return insert(ctx, tx, m)
}

// refuse writes a mail that cannot be sent, and says so as a bounce would.
func (ms *Mails) refuse(ctx context.Context, tx *sql.Tx, m Mail, why string) error {
	m.State, m.BouncedAt, m.Failure = Bounced, ms.Now(), why
	if m.Key {
		m.Body = ""
	}
	if err := insert(ctx, tx, m); err != nil {
		return err
	}
	return ms.announce(ctx, tx, "mail.bounced", m)
}

// announce tells the others how far a mail came.
func (ms *Mails) announce(ctx context.Context, tx *sql.Tx, subject string, m Mail) error {
	return bus.Queue(ctx, tx, ms.Now(), subject, map[string]string{
		"id": m.ID, "person": m.Person, "template": m.Template, "about": m.About, "failure": m.Failure,
	})
}

func (ms *Mails) program(l lang.Lang) string {
	switch {
	case !ms.Program.Empty():
		return ms.Program.In(l)
	case ms.From.Name != "":
		return ms.From.Name
	}
	return ms.domain()
}

// domain returns what our Message-IDs end in. Without a sender's address there is no server either,
// and mail is only looked at.
func (ms *Mails) domain() string {
	if ms.From.Address != "" {
		return domain(ms.From.Address)
	}
	if u, err := url.Parse(ms.Origin); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "localhost"
}

// link returns the whole address of a page of ours, given whole or as a path. Any other address
// in our mail would be somebody's trap.
func (ms *Mails) link(s string) (string, error) {
	switch {
	case strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
		return ms.Origin + s, nil
	case s == ms.Origin, strings.HasPrefix(s, ms.Origin+"/"):
		return s, nil
	}
	return "", errors.New("a mail was asked for with a link that does not lead to these pages")
}

// lease is how long a mail belongs to the node that claimed it. A send is cut off at half of it,
// so two nodes that live never send the same mail at a time.
const lease = 5 * time.Minute

// idle is how long the loop sleeps when no mail waits.
const idle = time.Second

// Run sends what is queued until the context ends. Several nodes may run it.
func (ms *Mails) Run(ctx context.Context) error {
	if ms.Sender == nil {
		<-ctx.Done()
		return nil
	}
	for {
		some, err := ms.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			ms.Log.ErrorContext(ctx, "sending mail", slog.Any("error", err))
		}
		if some && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(idle):
		}
	}
}

// Deliver sends the mail that waits longest, and reports whether any waited.
//
//  1. Claim it: it is ours for the lease, and the try is counted.
//  2. Send it. A crash from here on leaves it queued: after the lease it is sent again,
//     with the same Message-ID and bytes.
//  3. Note what the server said, even when the context has ended meanwhile.
func (ms *Mails) Deliver(ctx context.Context) (bool, error) {
	m, waiting, err := ms.claim(ctx)
	if err != nil || m.ID == "" {
		return waiting, err
	}
	m.From, m.ReturnPath = ms.From, ms.From.Address
	if ms.Bounces != "" {
		m.ReturnPath = returnPath(ms.Bounces, m.ID)
	}
	sending, cancel := context.WithTimeout(ctx, lease/2)
	defer cancel()
	why := ms.Sender.Send(sending, m)
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if why != nil {
		ms.Log.WarnContext(noting, "mail not sent", slog.String("mail_id", m.ID), slog.Int("tries", m.Tries), slog.Any("error", why))
	}
	return true, ms.note(noting, m, why)
}

// note records the outcome of one try. What a bounce settled in the meantime stays.
func (ms *Mails) note(ctx context.Context, m Mail, why error) error {
	return ms.DB.Tx(ctx, func(tx *sql.Tx) error {
		now := ms.Now()
		if why == nil {
			return ms.settle(ctx, tx, m, Accepted, "")
		}
		if r, ok := errors.AsType[*Refusal](why); ok {
			switch {
			case r.Unclear:
				m.Refusals += unclear
			case r.Code >= 500:
				return ms.settle(ctx, tx, m, Bounced, r.Text)
			default:
				m.Refusals++
			}
			if m.Refusals >= enough {
				return ms.settle(ctx, tx, m, Bounced, fmt.Sprintf("given up after %d tries: %s", m.Tries, r.Text))
			}
		}
		return postpone(ctx, tx, m, now.Add(wait(m.Tries)), why.Error())
	})
}

// settle moves a mail on, once, erases a key that has left, and announces it.
func (ms *Mails) settle(ctx context.Context, tx *sql.Tx, m Mail, to State, failure string) error {
	m.Failure = failure
	moved, err := move(ctx, tx, m, to, ms.Now())
	if err != nil || !moved {
		return err
	}
	if to == Bounced {
		return ms.announce(ctx, tx, "mail.bounced", m)
	}
	if m.About == "" {
		return nil // nobody shows the state of a mail that copies nothing
	}
	return ms.announce(ctx, tx, "mail.accepted", m)
}

// A Query selects mail, newest first.
type Query struct {
	State         State // empty: every state
	Person, About string
	Before        string // only mail with a smaller id: the last one of the page before
	Limit         int    // 0 means 50, at most 200
}

// List returns outgoing mail, newest first. Text that carries a key is withheld.
func (ms *Mails) List(ctx context.Context, who access.Caller, q Query) ([]Mail, error) {
	if err := ms.Audit.Allow(ctx, who, access.MailRead, ""); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 200)
	all, err := list(ctx, ms.DB.Read(), q)
	for i := range all {
		if all[i].Key && !ms.ShowKeys {
			all[i].Body = ""
		}
	}
	return all, err
}

// States returns how far the newest mail about each thing came, for whoever may see the thing
// itself. What no mail is about is missing.
func (ms *Mails) States(ctx context.Context, about ...string) (map[string]State, error) {
	return states(ctx, ms.DB.Read(), about)
}

// Erase removes every mail of a person who has left, in the transaction that lets them go (terms 11.2).
func Erase(ctx context.Context, tx *sql.Tx, person string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM mail WHERE person = $1 AND person <> ''`, person); err != nil {
		return fmt.Errorf("erasing the mail of %s: %w", person, err)
	}
	return nil
}
