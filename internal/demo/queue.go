package demo

import (
	"fmt"

	"hinomi.dev/hinomi/internal/report"
)

// The working desk of the autumn of 2020: what a triager finds on the morning of 16 October. Here
// every time is written out, because the states and ages are the point.

// queue tells the reports that came in since July.
func (s *story) queue() {
	s.finished()
	s.fixing()
	s.decided()
	s.working()
	s.waiting()
	s.against()
	s.arrived()
}

func numbered(group string, n int) string { return fmt.Sprintf("%s-%02d", group, n) }

// got begins a report of the queue.
func (s *story) got(group string, n int, at, holeID string, by, where, told int) *tale {
	t := s.begin(numbered(group, n), by, holeID, where, told, jst(at))
	t.brisk = true
	return t.receive()
}

// finished are the reports that are fixed, and those that are published too.
func (s *story) finished() {
	for i, e := range []struct {
		at, hole        string
		by, where, told int
		published       bool
	}{
		{"2020-07-01 10:22", "xss-reflected", 111, 6, 0, true},
		{"2020-07-03 21:05", "other-cors", 69, 0, 0, true},
		{"2020-07-09 16:38", "xss-stored", 3, 5, 0, true},
		{"2020-07-14 04:51", "csrf-setting", 83, 3, 1, true},
		{"2020-07-20 13:17", "other-leak", 10, 2, 0, false},
		{"2020-07-27 23:40", "auth-redirect", 121, 0, 0, false},
		{"2020-08-04 12:09", "xss-dom", 128, 0, 1, false},
		{"2020-08-12 09:33", "purchase-race", 6, 0, 0, false},
		{"2020-08-20 18:56", "other-traversal", 95, 1, 0, false},
		{"2020-08-27 07:14", "xss-message", 139, 2, 1, false},
	} {
		t := s.got("finished", i+1, e.at, e.hole, e.by, e.where, e.told)
		t.greet().confirmed()
		if i%3 == 1 {
			t.question()
		}
		t.eligible("", "").mended(4 + 3*(i%4))
		if e.published {
			t.shown()
		}
		t.later(20).read()
		s.done = append(s.done, t)
	}
}

// fixing are the reports that developers work on. One is late, one earns no reward and is mended all
// the same, one is being used while it is mended.
func (s *story) fixing() {
	late := s.got("fixing", 1, "2020-07-02 15:44", "crypto-nonce", 125, 0, 0)
	late.greet().confirmed()
	late.on("2020-07-08 11:30").accept(s.talk.Accepted.EN[0]).on("2020-07-09 14:02").propose("", "")
	late.on("2020-07-10 10:20").approve(board, true, "").on("2020-07-13 16:45").move(report.ToFixing, "The change touches every client, so it goes out in three steps. The first one is in review.")
	late.on("2020-09-30 17:10").note(late.lead, "The third step slipped again. 90 days end on 6 October. 約束の期日を過ぎる見込みを報告者に知らせること。")
	late.on("2020-10-06 15:25").say("Two of three steps are live. The third has met a problem with old phones, and we will not make the date we promised you, which is today. We expect three more weeks.")
	s.late = late

	for i, e := range []struct {
		at, hole, accepted string
		by, where, told    int
	}{
		{"2020-08-31 20:18", "auth-session", "2020-09-11 14:31", 1, 1, 0},
		{"2020-09-07 11:52", "xss-link", "2020-09-17 10:48", 131, 1, 1},
		{"2020-09-10 14:27", "purchase-price", "2020-09-24 16:12", 4, 1, 0},
	} {
		t := s.got("fixing", i+2, e.at, e.hole, e.by, e.where, e.told).greet().confirmed()
		t.on(e.accepted).accept(s.talk.Accepted.pick(t.rand, t.lang)).desk(1).propose("", "")
		t.desk(1).approve(board, true, "").credit().desk(2).move(report.ToFixing, s.talk.Fixing.pick(t.rand, t.lang))
	}

	flood := s.got("fixing", 5, "2020-09-23 08:41", "ex-dos", 21, 2, 2)
	flood.on("2020-09-24 11:05").exclude().later(9).reply("Understood, the rule is clear. Will you fix it anyway?")
	flood.on("2020-09-28 10:32").say("Yes. Eligibility says what we pay, not what we mend.").on("2020-09-28 10:40").move(report.ToFixing, "A limit for the length is being built.")

	used := s.got("fixing", 6, "2020-10-05 19:36", "other-redirect", 47, 0, 0)
	used.on("2020-10-06 10:08").assign().on("2020-10-06 10:25").say(s.talk.Thanks.EN[1])
	used.on("2020-10-06 16:50").move(report.ToTriaged, s.talk.Triaged.EN[3])
	used.on("2020-10-07 09:55").urgency(duty, report.InUse, "The log of the redirect shows 41 visits since yesterday evening that carry the address of a page imitating our sign-in. The reporter's own are marked and not among them.")
	used.on("2020-10-07 10:20").note(duty, "模倣ページの停止を依頼済み。転送先の許可リスト化を先に入れる。")
	used.on("2020-10-07 11:40").accept("Eligible, and urgent whatever the reward: it is in use.")
	used.on("2020-10-07 13:15").move(report.ToFixing, "Addresses outside our own hosts are refused from tonight. The token goes away with the release of next week.")
	used.on("2020-10-08 10:30").propose("1500.00", "Three times the guide: it leads to the session, not only to another page, and it was in use.")
	used.on("2020-10-09 15:20").approve(board, true, "")
}

// decided are the reports that are accepted and whose work has not begun.
func (s *story) decided() {
	shell := s.got("decided", 1, "2020-09-24 22:13", "rce-convert", 11, 0, 0)
	shell.on("2020-09-25 10:02").assign().on("2020-09-25 10:15").say(s.talk.Thanks.JA[2]).on("2020-09-25 13:40").seen()
	shell.question()
	shell.on("2020-10-01 14:05").move(report.ToTriaged, s.talk.Triaged.JA[2]).settleSeverity()
	shell.on("2020-10-08 11:20").accept(s.talk.Accepted.JA[0])
	shell.on("2020-10-08 11:45").note(owner, "変換サーバは切り離し済み。恒久対応の設計を待って修正に移す。")
	shell.on("2020-10-14 16:30").propose("", "")

	paid := s.got("decided", 2, "2020-09-29 13:08", "other-idor", 109, 1, 0).greet().confirmed()
	paid.on("2020-10-07 15:12").accept(s.talk.Accepted.EN[1]).on("2020-10-09 10:40").propose("1000.00", "Twice the guide: an order carries a name and an address, and nothing but a number was needed.")
	paid.on("2020-10-13 14:22").approve(board, true, "").credit()

	fresh := s.got("decided", 3, "2020-10-06 09:47", "xss-upload", 17, 0, 0).greet().confirmed()
	fresh.on("2020-10-15 16:18").accept(s.talk.Accepted.JA[1])

	again := s.got("decided", 4, "2020-09-25 17:29", "csrf-spend", 104, 2, 0).greet().confirmed()
	again.on("2020-10-06 11:33").accept(s.talk.Accepted.EN[0]).on("2020-10-07 10:10").propose("250.00", s.talk.Board.Below[0].EN)
	again.on("2020-10-12 15:05").approve(board, false, "The reason speaks of the first two minutes. I tried it after an hour and it worked; and gifts cost real money. Please look at the guide again.")
	again.on("2020-10-15 11:50").propose("", "")
}

// working are the reports that are real and wait for the decision on the reward.
func (s *story) working() {
	low := s.got("working", 1, "2020-10-05 12:55", "xss-stored", 64, 6, 1)
	low.body.Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:N"
	low.greet().on("2020-10-07 17:20").move(report.ToTriaged, s.talk.Triaged.EN[0])
	low.on("2020-10-14 11:11").lower()

	other := s.got("working", 2, "2020-09-29 06:40", "ex-other", 73, 0, 0)
	other.greet().on("2020-10-02 15:48").move(report.ToTriaged, "The delay is there; about an hour, as you say.")
	other.on("2020-10-15 17:02").decide(other.lead, other.excluded())

	overdue := s.got("working", 3, "2020-09-16 18:21", "other-idor", 136, 3, 1)
	overdue.greet().on("2020-09-25 14:37").move(report.ToTriaged, s.talk.Triaged.EN[3])
	overdue.on("2020-10-12 18:04").reply("Hello, the page says the decision was promised for last Friday. Is there anything you need from me?")
	s.overdue = overdue

	raised := s.got("working", 4, "2020-10-12 20:50", "other-leak", 92, 1, 0)
	raised.on("2020-10-13 10:18").assign().on("2020-10-13 10:30").say(s.talk.Thanks.EN[4])
	raised.on("2020-10-14 15:33").move(report.ToTriaged, s.talk.Triaged.EN[4]).on("2020-10-14 15:50").settleSeverity()

	honest := s.got("working", 6, "2020-10-01 16:12", "other-idor", 133, 0, 1)
	honest.body.OthersData = "yes"
	honest.body.OthersDataWhat = "When I mistyped one digit, a photo of somebody I do not know was shown to me. I closed it at once, kept nothing and have not tried other numbers since."
	honest.greet().on("2020-10-05 11:26").move(report.ToTriaged, s.talk.Triaged.EN[0])
	honest.on("2020-10-05 11:40").note(honest.lead, "7.1.vi? The reporter saw one photo of somebody else, said so unasked, stopped and kept nothing. 正直な申告として扱いたい。責任者の意見を求める。")
	honest.on("2020-10-06 09:58").note(owner, "Agreed. Accident, declared at once, nothing kept. No proposal against the reporter; say thank you.")
	honest.on("2020-10-06 13:20").say("Thank you for telling us that a photo of somebody else was shown to you, and for stopping there. We have told the person. It does not count against you.")

	for i, e := range []struct {
		n               int
		at, hole, done  string
		by, where, told int
	}{
		{5, "2020-09-29 09:06", "csrf-setting", "2020-10-02 11:15", 2, 2, 0},
		{7, "2020-10-06 21:33", "xss-dom", "2020-10-09 14:50", 19, 2, 0},
		{8, "2020-10-08 15:19", "auth-code", "2020-10-13 16:41", 140, 0, 1},
		{9, "2020-10-12 11:04", "purchase-replay", "2020-10-14 17:36", 116, 0, 1},
	} {
		t := s.got("working", e.n, e.at, e.hole, e.by, e.where, e.told).greet()
		t.on(e.done).move(report.ToTriaged, s.talk.Triaged.pick(t.rand, t.lang))
		if i%2 == 0 {
			t.desk(0).note(t.other, choose(t.rand, s.talk.Note))
		}
	}
}
