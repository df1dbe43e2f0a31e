package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

// A sender is who may have sent a report: somebody from Japan, or anybody from elsewhere.
type sender struct {
	lang lang.Lang
	by   int // for somebody from Japan
}

// place lets an outcome happen to a report of the given time and sender, if it can.
func (s *story) place(r *rand.Rand, key string, o outcome, who sender, at time.Time) bool {
	if o.how == "duplicate" {
		of := s.original(r, who.lang, at)
		if of == nil || who.lang == lang.JA && of.by == who.by {
			return false
		}
		t := s.begin(key, s.guest(r, who, of.by), of.hole.ID, of.where, of.told+1+s.copies[of], at)
		t.receive().repeated(of)
		s.copies[of]++
		return true
	}
	h := s.holes[o.hole]
	where, told, ok := s.vacant(r, o, h, who.lang, at)
	if !ok {
		return false
	}
	t := s.begin(key, s.guest(r, who, -1), o.hole, where, told, at)
	s.roots[t] = h.Clause == "" && o.how != "withdrawn" && o.how != "known"
	t.receive().ends(o)
	return true
}

// ends lets the report take the course of the outcome.
func (t *tale) ends(o outcome) {
	talk := t.story.talk
	switch o.how {
	case "accepted":
		t.accepted(t.story.amount(t))
	case "reopened":
		t.reopened()
	case "excluded":
		t.rejected()
	case "known":
		t.desk(1+t.rand.IntN(2)).knownAs(o.ref, talk.Known.pick(t.rand, t.lang))
		t.later(20).read()
	case "exception":
		t.greet()
		t.desk(2).decide(owner, report.Decision{
			Kind: report.Exception, Clause: "3.2.xx", Reason: talk.Exception, WouldChange: talk.ExceptionChange,
		})
		t.desk(1).confirm(board, true, "")
		t.later(12).reply("That is disappointing, but thank you for saying openly how it went.")
		t.desk(1).say("We owe you that. The list of special contributors carries your name if you agree.")
	case "withdrawn":
		t.later(30).withdraw(talk.Withdraw.pick(t.rand, t.lang))
	default:
		panic("no outcome " + o.how)
	}
}

// reopened is the way of a report whose author found what would change the decision.
func (t *tale) reopened() *tale {
	t.desk(2).decide(t.lead, report.Decision{
		Kind: report.ToNotEligible, Clause: "3.2.ii", Impact: "none",
		Reason:      t.in("We see the additional fields, but all of them were your own. Whether others' are in reach is an assumption so far.", "追加の項目は確認しましたが、いずれもご自身のものでした。他の利用者の情報に及ぶことは、まだ示されていません。"),
		WouldChange: t.in("One answer with a field of an account that did not agree to be seen, for instance your second one.", "閲覧に同意していないアカウント（2つ目の検証用アカウントなど）の項目が含まれる応答をお示しください。"),
	})
	t.later(14).reply(t.in("I took that literally: my second account has the setting off, and here is the answer with its number in it. Times are in the text below.\n\n    09:14:02 setting off\n    09:14:40 request\n    09:14:40 answer, field present", "2つ目のアカウントで設定をオフにした状態の応答を確認しました。番号が含まれています。\n\n    09:14:02 設定をオフ\n    09:14:40 リクエスト\n    09:14:40 応答に項目あり"))
	t.desk(1).move(report.Reopen, t.in("You are right, and the first decision was wrong. Opened again; the date of receipt and all dates stay as they were.", "ご指摘のとおりで、最初の判断は誤りでした。再開します。受付日時と期日は変わりません。"))
	t.settleSeverity()
	t.eligible("", "")
	return t.mended(14).shown().later(20).read()
}

// original is an earlier report that somebody may find again: of the last weeks, in words that this
// language has too, and not found again too often already.
func (s *story) original(r *rand.Rand, l lang.Lang, at time.Time) *tale {
	var all []*tale
	for _, t := range s.tales {
		age := at.Sub(t.received)
		if age > 36*time.Hour && age < 75*24*time.Hour && s.roots[t] && s.copies[t] < 3 && len(t.hole.accounts(l)) > 0 {
			all = append(all, t)
		}
	}
	if len(all) < 4 {
		return nil
	}
	return choose(r, all)
}

// vacant finds where a hole may be at a time: a place that the terms of the day cover, where nobody
// has found it before.
func (s *story) vacant(r *rand.Rand, o outcome, h *hole, l lang.Lang, at time.Time) (where, told int, ok bool) {
	accounts := h.accounts(l)
	for _, n := range r.Perm(len(h.Places) * len(accounts)) {
		where, told = n%len(h.Places), n/len(h.Places)
		p := h.Places[where]
		key := fmt.Sprintf("%s %d", h.ID, where)
		switch {
		case !accounts[told].fits(where):
		case h.Clause == "" && p.Reached == "web" && at.Before(revised):
		case o.how == "known" && !s.knows(o.ref, p, at):
		case o.how != "known" && h.Clause == "" && s.taken[key]:
		case h.Clause != "" && s.taken[fmt.Sprintf("%s %d %s", key, told, l)]:
		default:
			s.taken[key] = true
			s.taken[fmt.Sprintf("%s %d %s", key, told, l)] = true
			return where, told, true
		}
	}
	return 0, 0, false
}

// knows reports whether the register had an issue of this place at a time.
func (s *story) knows(ref string, p place, at time.Time) bool {
	for _, k := range s.known {
		if k.Reference == ref {
			return strings.Contains(p.Target, "//"+k.Target) && at.Sub(jst(strings.Replace(k.At, "T", " ", 1))) > 72*time.Hour
		}
	}
	return false
}

// guest picks who reports: a few come often, most once or twice. not is whose report it repeats.
func (s *story) guest(r *rand.Rand, who sender, not int) int {
	if who.lang == lang.JA {
		return who.by
	}
	for {
		if i := japanese + int(math.Pow(r.Float64(), 1.7)*float64(october-japanese)); i != not {
			return i
		}
	}
}

// japanese is how many of the guests live in Japan; they stand first in the list.
const japanese = 21

// amount is what an accepted report of 2017 earns, and why it leaves the guide.
func (s *story) amount(t *tale) (amount, why string) {
	s.awards[t.hole.ID]++
	b := s.talk.Board
	pick := func(of struct{ Amount, EN, JA string }) (string, string) { return of.Amount, t.in(of.EN, of.JA) }
	switch fmt.Sprintf("%s %d", t.hole.ID, s.awards[t.hole.ID]) {
	case "xss-reflected 4":
		return pick(b.Above[0])
	case "other-ssrf 1":
		return pick(b.Above[1])
	case "xss-stored 2":
		return pick(b.Above[2])
	case "other-idor 1":
		return pick(b.Above[3])
	case "auth-session 1":
		return pick(b.Above[4])
	case "crypto-certificate 1":
		return pick(b.Above[5])
	case "purchase-price 1":
		return pick(b.Above[6])
	case "csrf-setting 2":
		return pick(b.Below[0])
	case "auth-code 2":
		return pick(b.Below[1])
	}
	return "", ""
}
