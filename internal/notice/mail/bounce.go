package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
)

// Bounce books a mail that came back: it finds the mail the notification is about, sets it
// bounced with the other server's reason, and tells the others. It returns the mail as it stands
// then. A notice of delay or of delivery changes nothing, nor does a second bounce.
//
// Anybody can send us something that looks like a bounce. It reaches only a mail whose id the
// sender knows, and an id is 80 random bits known to us, the addressee and the servers between.
func (ms *Mails) Bounce(ctx context.Context, who access.Caller, raw io.Reader) (Mail, error) {
	if err := ms.Audit.Allow(ctx, who, access.MailBounce, ""); err != nil {
		return Mail{}, err
	}
	d, err := parseDSN(raw)
	if err != nil {
		return Mail{}, err
	}
	var m Mail
	err = ms.DB.Tx(ctx, func(tx *sql.Tx) error {
		if m, err = ms.meant(ctx, tx, d); err != nil {
			return err
		}
		r, failed := d.failed()
		if !failed || m.State == Bounced {
			return nil
		}
		m.Failure = words(r.Reason)
		moved, err := move(ctx, tx, m, Bounced, ms.Now())
		if err != nil || !moved {
			return err // the same bounce came in twice at once
		}
		m.State, m.BouncedAt = Bounced, ms.Now()
		if err := ms.Audit.Record(ctx, tx, who, access.MailBounce, m.ID, map[string]string{"status": words(r.Status)}); err != nil {
			return err
		}
		return ms.announce(ctx, tx, "mail.bounced", m)
	})
	if err != nil {
		return Mail{}, err
	}
	if m.Key && !ms.ShowKeys {
		m.Body = ""
	}
	return m, nil
}

// meant returns the mail of ours that a notification is about. The envelope comes first: a server
// may quote a mail wrongly or not at all, but it sent the notification to that address.
func (ms *Mails) meant(ctx context.Context, tx *sql.Tx, d dsn) (Mail, error) {
	for _, c := range ms.candidates(d) {
		m, err := scan(tx.QueryRowContext(ctx, `
			SELECT `+columns+`
			FROM mail
			WHERE (id = $1 OR message_id = $2) AND tries > 0`, c.id, c.message))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Mail{}, fmt.Errorf("finding the mail of a bounce: %w", err)
		}
		return m, nil
	}
	return Mail{}, fault.New(fault.NotFound,
		"This is a bounce, but of no mail that was sent from here. Nothing was changed.",
		"バウンスメールですが、ここから送信したメールではありません。何も変更していません。")
}

type candidate struct{ id, message string }

var (
	verp     = regexp.MustCompile(`\+([0-9A-Za-z]{26})@`)
	envelope = regexp.MustCompile(`^[0-9A-Z]{26}$`)
)

// candidates lists the mails a notification may be about, the surest first.
func (ms *Mails) candidates(d dsn) []candidate {
	var all []candidate
	for _, to := range d.To {
		for _, m := range verp.FindAllStringSubmatch(to, 10) {
			all = append(all, candidate{id: strings.ToUpper(m[1])}) // some servers write addresses in lower case
		}
	}
	if envelope.MatchString(d.Envelope) {
		all = append(all, candidate{id: d.Envelope})
	}
	for _, id := range d.MessageIDs {
		all = append(all, candidate{message: words(id)})
	}
	return all[:min(len(all), 50)]
}
