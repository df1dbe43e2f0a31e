package demo

import (
	"context"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// A teller does what the plan says, with the people it has met.
type teller struct {
	Nouns
	staff  map[string]access.Caller // by the part of their address before the @
	guests map[int]access.Caller
	hashes hashes
	agreed map[int]string    // the terms that a guest has accepted last
	known  map[string]string // ids of the known issues, by our reference

	story    *story
	tales    map[string]string // by award: the key of its tale
	byPerson map[string]int    // guests
	taxed    map[string]bool   // who has a tax category
	ratesTo  calendar.Date     // rates are imported up to here
	sent     []string          // runs that the bank has not answered
}

// domain is where the people of the demo have their addresses: .example is nobody's.
const domain = "demo.hinomi.example"

// desk gives everybody at the desk an account.
func (w *teller) desk(ctx context.Context, all []colleague) error {
	for _, c := range all {
		local, _, _ := strings.Cut(c.Mail, "@")
		hash, err := w.hashes.of(local)
		if err != nil {
			return err
		}
		p, err := w.People.Add(ctx, access.Self, person.Newcomer{
			Kind: access.Staff, Mail: c.Mail, Name: c.Name, Lang: c.Lang, Roles: c.Roles, Hash: hash, TOTP: secret(local),
		})
		if err != nil {
			return fmt.Errorf("adding %s: %w", c.Mail, err)
		}
		w.staff[local] = p.Caller("")
	}
	return nil
}

// join opens a guest's account: address, profile, the conditions of article 2 one by one, and the
// terms in force.
func (w *teller) join(ctx context.Context, by int, g guest) error {
	in := person.Newcomer{Kind: access.Participant, Mail: g.mail(by), Name: g.name, Lang: g.lang()}
	if g.signsIn() {
		hash, err := w.hashes.of(g.local)
		if err != nil {
			return err
		}
		in.Hash, in.TOTP = hash, secret(g.local)
	}
	p, err := w.People.Add(ctx, access.Self, in)
	if err != nil {
		return err
	}
	who := p.Caller("")
	w.guests[by], w.byPerson[p.ID] = who, by
	if err := w.Participants.SetProfile(ctx, who, participant.Form{Name: g.name, Lang: g.lang(), Country: g.country, Born: g.born()}); err != nil {
		return err
	}
	return w.agree(ctx, by, g)
}

// agree lets a guest answer the conditions of the terms in force and accept them, if they have not.
func (w *teller) agree(ctx context.Context, by int, g guest) error {
	terms, ok := w.Reports.Program.At(w.Reports.Now())
	if !ok || w.agreed[by] == terms.ID {
		return nil // without terms the report will be refused, in better words
	}
	who := w.guests[by]
	answers := map[string]participant.Answer{}
	for _, c := range terms.Clauses() {
		if c.Kind == program.Qualification && c.Depth == 3 {
			answers[c.ID] = participant.Yes
		}
	}
	if err := w.Participants.Declare(ctx, who, answers, g.lang()); err != nil {
		return err
	}
	w.agreed[by] = terms.ID
	return w.Participants.Accept(ctx, who, terms.ID, terms.Hash, g.lang())
}

// day puts the promises on record that ran out since the day before.
func (w *teller) day(ctx context.Context) error {
	_, err := deadline.Tick(ctx, w.DB, w.Reports.Now())
	return err
}

// deliver hands over what was announced, until nothing is left, and posts the mail that was asked for in
// answer. That it was taken is announced with the next step.
func (w *teller) deliver(ctx context.Context) error {
	for round := 0; ; round++ {
		n, err := w.Relay.Deliver(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		for more := round > 1; more; { // mail is asked for in the second round
			if more, err = w.Mails.Deliver(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// guide returns what the terms name as an example for the class.
func (w *teller) guide(ctx context.Context, who access.Caller, id, class string) (money.Amount, error) {
	r, err := w.Reports.Read(ctx, who, id)
	if err != nil {
		return money.Amount{}, err
	}
	return w.Awards.Guide(r, class)
}
