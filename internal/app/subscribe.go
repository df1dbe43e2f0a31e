package app

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// subscribe says what follows from what. Every message of the house is answered here or nowhere.
func (a *App) subscribe() {
	a.Relay.Subscribe("mail", "mail.requested", a.Mails.Requested)
	a.Relay.Subscribe("copy", "report.told", a.copyTold)
	a.Relay.Subscribe("award", "award.approved", a.tellAward)
	a.Relay.Subscribe("payment", "award.approved", a.openPayment)
	a.Relay.Subscribe("payment-copy", "payment.>", a.copyPayment)
	a.Relay.Subscribe("alert", "alert.raised", a.tellAlert)
	a.Relay.Subscribe("turn", "deadline.missed", a.settleTurn)
	a.Relay.Subscribe("erase", "participant.withdrawn", a.eraseMail)
	a.Relay.Subscribe("fame", "award.approved", a.creditAward)
}

// copyTold asks for the mail that says: something waits in your account. The account is the
// channel, the mail is a copy.
func (a *App) copyTold(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var told report.Told
	if err := m.Decode(&told); err != nil {
		return err
	}
	if !told.Reporter {
		return nil
	}
	return a.write(ctx, tx, told.Person, "message_copy", told.About, map[string]string{
		"report": told.Report, "what": told.What, "link": "/reports/" + told.Report,
	})
}

// settleTurn looks again whose turn a report is after a promise was broken: the clocks of the desk go
// on when the reporter's last word does not come.
func (a *App) settleTurn(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var missed deadline.Missed
	if err := m.Decode(&missed); err != nil {
		return err
	}
	return a.Reports.Settle(ctx, tx, missed.Subject)
}

// eraseMail removes the copies that went to somebody who has left (terms 11.2). Their photos go with
// the next sweep of files, because no wish names them any more.
func (a *App) eraseMail(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var gone struct {
		Person string `json:"person"`
	}
	if err := m.Decode(&gone); err != nil {
		return err
	}
	return mail.Erase(ctx, tx, gone.Person)
}

func (a *App) tellAward(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var said reward.Announcement
	if err := m.Decode(&said); err != nil {
		return err
	}
	return a.write(ctx, tx, said.Person, "award", said.Award, map[string]string{
		"report": said.Report, "amount": said.Amount, "link": "/reports/" + said.Report,
	})
}

// creditAward makes a report that earns a reward count for the hall of fame. Whether a name
// is shown there is for its owner and the company to say.
func (a *App) creditAward(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var said reward.Announcement
	if err := m.Decode(&said); err != nil {
		return err
	}
	return a.Participants.Credit(ctx, tx, said.Person, said.Report, m.At)
}

// write asks for a mail to a person, if they still have an address.
func (a *App) write(ctx context.Context, tx *sql.Tx, personID, template, about string, data map[string]string) error {
	to, err := a.People.Addressee(ctx, tx, personID)
	if err != nil {
		return fmt.Errorf("looking for the address of %s: %w", personID, err)
	}
	if to.Mail == "" {
		return nil // withdrawn, or never had one
	}
	return bus.Queue(ctx, tx, a.Config.Now(), "mail.requested", map[string]any{
		"to": to.Mail, "person": personID, "template": template, "lang": to.Lang, "about": about, "data": data,
	})
}

// openPayment puts what was awarded on the books as owed.
func (a *App) openPayment(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var said reward.Announcement
	if err := m.Decode(&said); err != nil {
		return err
	}
	return a.Payouts.Open(ctx, tx, said.Award)
}

// copyPayment asks for the mail that says: something about your payment stands in your account.
func (a *App) copyPayment(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var said payout.Announcement
	if err := m.Decode(&said); err != nil {
		return err
	}
	if said.About == "" {
		return nil // a step that is told nobody
	}
	data := map[string]string{"report": said.Report, "kind": said.Kind, "link": "/account/payments"}
	if said.State == payout.InfoRequested {
		last, err := calendar.Parse(said.Day)
		if err != nil {
			return fmt.Errorf("reading the last day of award %s: %w", said.Award, err)
		}
		data["last"] = last.End(calendar.JST).Format(time.RFC3339)
	}
	return a.write(ctx, tx, said.Person, "payment", said.About, data)
}
