package demo

import (
	"strings"

	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

// The courses that a report takes. Each is a stretch of a tale: from where it stands to where the
// name says.

// greet is the first answer by a person, sometimes late.
func (t *tale) greet() *tale {
	days := []int{0, 0, 1, 1, 1, 1, 2, 2, 3, 5}[t.rand.IntN(10)]
	if t.brisk {
		days = min(days, 1)
	}
	t.desk(days).assign()
	if t.hole.Clause != "" {
		return t.desk(0).say(t.story.talk.Received.pick(t.rand, t.lang))
	}
	return t.desk(0).say(t.story.talk.Thanks.pick(t.rand, t.lang))
}

// question is a round of asking and answering.
func (t *tale) question() *tale {
	x := t.asks().pick(t.rand, t.lang)
	t.desk(1 + t.rand.IntN(3)).ask(x.Ask)
	return t.later(20).answers(x)
}

// asks are the questions that fit the hole, or its class.
func (t *tale) asks() both[exchange] {
	own := t.story.talk.Ask[t.hole.ID]
	if len(own.EN) == 0 || t.lang == lang.JA && len(own.JA) == 0 {
		return t.story.talk.Ask[t.hole.Class]
	}
	return own
}

// answers is the reporter's reply to a question, with the programs of the day.
func (t *tale) answers(x exchange) *tale {
	n := t.at.Year() - 2017
	return t.reply(fill(x.Reply, "{webview}", []string{"58.0.3029.83", "66.0.3359.158", "75.0.3770.101", "85.0.4183.127"}[n],
		"{firefox}", []string{"52", "60", "66", "81"}[n]))
}

// confirmed is the desk's word that the fault is real.
func (t *tale) confirmed() *tale {
	if t.rand.IntN(100) < 35 {
		t.desk(0).note(t.other, choose(t.rand, t.story.talk.Note))
	}
	days := t.rand.IntN(3)
	if t.brisk {
		days = min(days, 1)
	}
	t.desk(days).move(report.ToTriaged, t.story.talk.Triaged.pick(t.rand, t.lang))
	return t.settleSeverity()
}

// settleSeverity rates what the reporter left open, and lowers what they set too high, with their
// agreement.
func (t *tale) settleSeverity() *tale {
	why := func(is string) string { return t.story.talk.Rate[is].In(t.lang) }
	switch {
	case t.hole.Vector == "":
	case t.body.Vector == "":
		t.desk(0).rate(t.hole.Vector, why("open"))
	case t.body.Vector != t.hole.Vector:
		t.desk(0).lower()
		if score(t.hole.Vector) < score(t.body.Vector) {
			t.later(16).agree(true, "")
		}
	case t.rand.IntN(100) < 8 && strings.HasSuffix(t.hole.Vector, "I:L/A:N"):
		t.desk(0).rate(strings.Replace(t.hole.Vector, "I:L/A:N", "I:H/A:N", 1), why("modest"))
	}
	return t
}

// lower sets the vector to what the hole is, with a reason for each kind of change.
func (t *tale) lower() *tale {
	var why []string
	if strings.Contains(t.hole.Vector, "/PR:L") && !strings.Contains(t.body.Vector, "/PR:L") {
		why = append(why, t.story.talk.Rate["account"].In(t.lang))
	}
	if strings.Count(t.hole.Vector, ":H") < strings.Count(t.body.Vector, ":H") {
		why = append(why, t.story.talk.Rate["little"].In(t.lang))
	}
	return t.rate(t.hole.Vector, strings.Join(why, t.in(" ", "")))
}

func score(vector string) int {
	v, err := cvss.Parse(vector)
	must(err)
	return v.Score()
}

// eligible is the decision in the reporter's favour, and the award that follows from it.
func (t *tale) eligible(amount, why string) *tale {
	t.desk(1 + t.rand.IntN(6)).accept(t.story.talk.Accepted.pick(t.rand, t.lang))
	t.desk(t.rand.IntN(3)).propose(amount, why)
	t.desk(1+t.rand.IntN(3)).approve(board, true, "")
	return t.credit()
}

// mended is the work on the fix, until it is live.
func (t *tale) mended(days int) *tale {
	talk := t.story.talk
	t.desk(1+t.rand.IntN(4)).move(report.ToFixing, talk.Fixing.pick(t.rand, t.lang))
	t.desk(days).move(report.ToFixed, talk.Fixed.pick(t.rand, t.lang))
	if t.rand.IntN(100) < 45 {
		t.desk(0).say(talk.PleaseRetest.pick(t.rand, t.lang))
		t.later(24).reply(talk.Retested.pick(t.rand, t.lang))
		// Words of the reporter are owed an answer, if only a short one.
		t.desk(1).say(t.in("Thank you for checking.", "ご確認ありがとうございました。"))
	}
	return t
}

// shown is the end of secrecy.
func (t *tale) shown() *tale {
	return t.desk(5+t.rand.IntN(20)).move(report.ToPublished, t.story.talk.Published.pick(t.rand, t.lang))
}

// helpful are the clauses under which reports are useful all the same: what they name is mended.
var helpful = map[string]bool{"3.2.iii": true, "3.2.v": true, "3.2.xii.b": true, "3.2.xxii": true}

// rejected is the way of a report that a clause excludes.
func (t *tale) rejected() *tale {
	if t.rand.IntN(100) < 30 {
		t.greet()
	}
	t.desk(t.rand.IntN(4)).exclude()
	if helpful[t.hole.Clause] && t.rand.IntN(100) < 35 {
		t.special("The report earned no reward, and something was changed because of it.")
	}
	t.later(30).read()
	if t.rand.IntN(100) < 20 {
		x := t.story.talk.Complain.pick(t.rand, t.lang)
		t.later(4).reply(x.Say)
		t.desk(1 + t.rand.IntN(3)).say(x.Answer)
	}
	return t
}

// repeated is the way of a duplicate of an earlier report.
func (t *tale) repeated(of *tale) *tale {
	if t.rand.IntN(100) < 25 {
		t.greet()
	}
	t.desk(t.rand.IntN(3)).duplicate(of, "6.3", t.story.talk.Duplicate.pick(t.rand, t.lang))
	return t.later(26).read()
}

// accepted is the whole way of a report that earns a reward, to the end.
func (t *tale) accepted(amount, why string) *tale {
	t.greet()
	if t.rand.IntN(100) < 30 {
		t.question()
	}
	t.confirmed().eligible(amount, why)
	t.mended(2 + t.rand.IntN(45))
	if t.rand.IntN(100) < 70 {
		t.shown()
	}
	return t.later(40).read()
}
