package demo

import (
	"bytes"
	"context"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// then adds a step at the tale's time.
func (t *tale) then(do func(ctx context.Context, w *teller) error) *tale {
	t.story.add(t.key, t.at, do)
	return t
}

// receive sends the report, with its files, through a draft.
func (t *tale) receive() *tale {
	t.story.joins(t.by, t.at)
	t.story.add(t.key, t.at, func(ctx context.Context, w *teller) error {
		who := w.guests[t.by]
		if err := w.agree(ctx, t.by, t.story.guests[t.by]); err != nil {
			return err
		}
		d, err := w.Reports.NewDraft(ctx, who, t.body)
		if err != nil {
			return err
		}
		for _, f := range t.files {
			if _, err := w.Reports.AddFile(ctx, who, d.ID, f.name, bytes.NewReader(f.data)); err != nil {
				return err
			}
		}
		r, err := w.Reports.Submit(ctx, who, d.ID, t.lang)
		t.id = r.ID
		return err
	}).logs = true
	return t
}

// assign gives the report to the triager of the tale.
func (t *tale) assign() *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		who := w.staff[t.lead]
		return w.Reports.Assign(ctx, who, t.id, who.ID)
	})
}

// say writes to the reporter.
func (t *tale) say(body string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Say(ctx, w.staff[t.lead], t.id, strings.TrimSpace(body), false)
	})
}

// ask writes what needs a reply.
func (t *tale) ask(body string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Say(ctx, w.staff[t.lead], t.id, strings.TrimSpace(body), true)
	})
}

// reply lets the reporter write.
func (t *tale) reply(body string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Reply(ctx, w.guests[t.by], t.id, strings.TrimSpace(body))
	})
}

// note writes for the desk alone.
func (t *tale) note(by, body string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Note(ctx, w.staff[by], t.id, body)
	})
}

// decide makes a decision in somebody's name. One that waits for another person is remembered.
func (t *tale) decide(by string, d report.Decision) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		d.Reason, d.WouldChange = strings.TrimSpace(d.Reason), strings.TrimSpace(d.WouldChange)
		d, err := w.Reports.Decide(ctx, w.staff[by], t.id, d)
		t.proposed = d.ID
		return err
	})
}

// confirm lets a second person at the desk answer the decision that waits.
func (t *tale) confirm(by string, agree bool, why string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Confirm(ctx, w.staff[by], t.id, t.proposed, agree, why)
	})
}

// credit lets the reporter say, once, how they want to be named, and the company agree to it.
func (t *tale) credit() *tale {
	g, at := t.story.guests[t.by], t.at
	if g.credit == "" || t.story.named[t.by] {
		return t
	}
	t.story.named[t.by] = true
	var wish participant.Consent
	t.later(30).then(func(ctx context.Context, w *teller) (err error) {
		wish, err = w.Participants.Wish(ctx, w.guests[t.by], participant.Wish{Part: participant.Part(g.credit), Value: g.alias, Lang: t.lang, Warranty: true})
		return err
	})
	if t.key != lastWish {
		t.desk(1 + t.rand.IntN(3)).then(func(ctx context.Context, w *teller) error {
			return w.Participants.Approve(ctx, w.staff[press], wish.ID)
		})
	}
	t.at = at
	return t
}

// lastWish is the report whose author's wish still waits when the story ends.
const lastWish = "decided-02"

// special puts the reporter on the list of those who helped without a reward.
func (t *tale) special(why string) *tale {
	at := t.at
	t.desk(3).then(func(ctx context.Context, w *teller) error {
		return w.Participants.NameSpecial(ctx, w.staff[owner], w.guests[t.by].ID, t.at.Year(), why)
	})
	t.at = at
	return t.credit()
}

// agree lets the reporter answer the decision that waits.
func (t *tale) agree(agree bool, why string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Confirm(ctx, w.guests[t.by], t.id, t.proposed, agree, why)
	})
}

// duplicate closes the report as the same as an earlier one.
func (t *tale) duplicate(of *tale, clause string, why reason) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		_, err := w.Reports.Decide(ctx, w.staff[t.lead], t.id, report.Decision{
			Kind: report.ToDuplicate, Clause: clause, To: of.id, OneFix: "yes", Reason: strings.TrimSpace(why.Reason), WouldChange: why.Change,
		})
		return err
	})
}

// knownAs closes the report as the same as an issue of our own register.
func (t *tale) knownAs(reference string, why reason) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		_, err := w.Reports.Decide(ctx, w.staff[t.lead], t.id, report.Decision{
			Kind: report.ToDuplicate, Clause: "3.2.xx", To: w.known[reference], OneFix: "yes", Reason: strings.TrimSpace(why.Reason), WouldChange: why.Change,
		})
		return err
	})
}

// withdraw lets the reporter take the report back.
func (t *tale) withdraw(why string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		return w.Reports.Withdraw(ctx, w.guests[t.by], t.id, why)
	})
}

// read lets the reporter open the page.
func (t *tale) read() *tale { return t.open(func(w *teller) access.Caller { return w.guests[t.by] }) }

// seen lets the triager open the page.
func (t *tale) seen() *tale { return t.open(func(w *teller) access.Caller { return w.staff[t.lead] }) }

func (t *tale) open(who func(*teller) access.Caller) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		c, err := w.Reports.Case(ctx, who(w), t.id)
		if err != nil {
			return err
		}
		return w.Reports.MarkRead(ctx, who(w), c)
	})
}

// propose proposes an award. amount is in dollars; empty means the guide.
func (t *tale) propose(amount, why string) *tale {
	talk, class := t.story.talk, t.hole.Class
	novelty := choose(t.rand, talk.Board.Novelty)
	return t.then(func(ctx context.Context, w *teller) error {
		who := w.staff[t.lead]
		a := reward.Award{Report: t.id, Class: class, Seriousness: talk.Board.Seriousness[class], Novelty: novelty, Reason: why}
		var err error
		if amount != "" {
			a.Amount, err = money.Parse(amount, money.USD)
		} else {
			a.Amount, err = w.guide(ctx, who, t.id, class)
		}
		if err != nil {
			return err
		}
		a, err = w.Awards.Propose(ctx, who, a)
		t.award = a.ID
		w.tales[a.ID] = t.key
		return err
	})
}

// approve lets a second person decide on the proposed award.
func (t *tale) approve(by string, yes bool, why string) *tale {
	return t.then(func(ctx context.Context, w *teller) error {
		_, err := w.Awards.Decide(ctx, w.staff[by], t.award, yes, why)
		return err
	})
}

// urgency sets how pressing it is.
func (t *tale) urgency(by string, to report.Urgency, why string) *tale {
	return t.decide(by, report.Decision{Kind: report.SetUrgency, To: string(to), Reason: why})
}

// rate sets the severity.
func (t *tale) rate(vector, why string) *tale {
	return t.decide(t.lead, report.Decision{Kind: report.SetSeverity, To: vector, Reason: why})
}

// move makes a decision in the reporter's favour, or one of the work on the fix.
func (t *tale) move(k report.Kind, why string) *tale {
	return t.decide(t.lead, report.Decision{Kind: k, Reason: why})
}

// accept makes the report eligible, by the clause that covers the target.
func (t *tale) accept(why string) *tale {
	clause := "3.1.i"
	if t.place.Reached == "web" {
		clause = "3.1.ii"
	}
	return t.decide(t.lead, report.Decision{Kind: report.ToAccepted, Clause: clause, Reason: why})
}

// excluded is the decision that the hole's clause takes.
func (t *tale) excluded() report.Decision {
	all := t.story.reasons[t.hole.Clause]
	why := all.pick(t.rand, t.lang)
	if n := t.account().Why; n > 0 {
		why = all.EN[n-1]
	}
	return report.Decision{Kind: report.ToNotEligible, Clause: t.hole.Clause, Impact: "none", Reason: why.Reason, WouldChange: why.Change}
}

// exclude closes the report by the hole's clause. Where the terms want a second person, one agrees.
func (t *tale) exclude() *tale {
	d := t.excluded()
	t.decide(t.lead, d)
	if second(d.Clause) {
		t.desk(0).confirm(t.other, true, "")
	}
	return t
}

// second reports whether the terms' own data ask for a second person, or the clause says that it was
// known before.
func second(clause string) bool { return clause == "3.2.xx" || strings.HasPrefix(clause, "3.2.xxvi") }

// in picks one of two texts by the tale's language.
func (t *tale) in(en, ja string) string { return lang.Text{EN: en, JA: ja}.In(t.lang) }
