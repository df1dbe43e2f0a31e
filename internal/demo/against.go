package demo

import "hinomi.dev/hinomi/internal/report"

// waiting are the reports that the desk has asked about, and that stand still until somebody answers.
func (s *story) waiting() {
	silent := s.got("waiting", 1, "2020-09-10 02:30", "auth-code", 58, 1, 0).greet()
	silent.on("2020-09-14 14:45").ask(silent.asks().EN[0].Ask)
	silent.on("2020-10-05 10:05").say("A reminder: we cannot go on without the times. The page shows until when an answer counts.")

	rounds := s.got("waiting", 2, "2020-09-30 19:27", "xss-stored", 29, 3, 0).greet()
	x := s.talk.Ask["xss"].EN
	rounds.on("2020-10-05 15:30").ask(x[0].Ask).on("2020-10-06 04:12").answers(x[0])
	rounds.on("2020-10-08 11:24").move(report.ToTriaged, "With English as the language we see it, too.")
	rounds.on("2020-10-13 10:50").ask(x[1].Ask)

	for i, e := range []struct {
		at, hole, asked string
		by, where, told int
	}{
		{"2020-10-06 18:40", "other-leak", "2020-10-09 13:42", 5, 0, 0},
		{"2020-10-13 23:11", "sqli-sort", "2020-10-15 14:08", 114, 2, 0},
		{"2020-09-15 12:34", "purchase-race", "2020-09-18 16:20", 7, 1, 0},
		{"2020-10-02 08:02", "csrf-social", "2020-10-08 10:37", 35, 0, 1},
		{"2020-09-28 22:46", "crypto-certificate", "2020-10-02 15:55", 127, 1, 1},
		{"2020-10-12 13:21", "xss-reflected", "2020-10-14 11:03", 12, 3, 0},
	} {
		t := s.got("waiting", i+3, e.at, e.hole, e.by, e.where, e.told)
		t.desk(1).assign()
		t.on(e.asked).ask(t.asks().pick(t.rand, t.lang).Ask)
		if i%2 == 1 {
			t.later(6).read()
		}
	}
}

// against are the reports that were closed against their authors: as duplicates, by a clause, or
// taken back by themselves.
func (s *story) against() {
	why := s.talk.Duplicate
	second := s.got("against", 1, "2020-07-28 14:19", "crypto-nonce", 84, 0, 1)
	second.on("2020-07-30 11:52").duplicate(s.late, "6.3", why.EN[0]).later(10).read()
	chain := s.got("against", 2, "2020-09-18 03:08", "crypto-nonce", 144, 0, 0)
	chain.on("2020-09-23 14:10").duplicate(second, "6.3", why.EN[2]).later(5).read()
	chain.on("2020-09-24 08:15").reply("The card says that the original came on 2 July. If it is still open in September, who pays for the risk of the users?")
	chain.on("2020-09-25 11:31").say("A fair question. The fix goes out in three steps because it touches every client; two are live. We would rather be late than break calls for old phones, and we say so on the page with the figures.")
	third := s.got("against", 3, "2020-09-30 10:01", "other-idor", 53, 3, 0)
	third.on("2020-10-01 15:16").duplicate(s.overdue, "6.3", why.EN[1]).later(8).read()
	s.got("against", 4, "2020-09-04 17:55", "other-leak", 41, 1, 1).on("2020-09-08 13:29").knownAs("SEC-412", s.talk.Known.EN[1]).later(12).read()
	again := s.got("against", 5, "2020-07-16 20:37", "xss-stored", 14, 5, 0)
	again.on("2020-07-17 14:48").duplicate(s.done[2], "6.3", why.JA[0]).later(16).read()
	s.got("against", 6, "2020-08-07 05:22", "xss-dom", 76, 0, 0).on("2020-08-11 11:37").duplicate(s.done[6], "6.3", why.EN[2]).later(30).read()
	s.got("against", 7, "2020-08-29 12:44", "xss-message", 107, 2, 0).on("2020-09-01 10:26").duplicate(s.done[9], "6.3", why.EN[0])

	s.excluded()

	s.got("against", 18, "2020-08-18 22:20", "xss-callback", 33, 0, 0).greet().later(9).withdraw(s.talk.Withdraw.EN[0])
	s.got("against", 19, "2020-09-14 16:06", "xss-dom", 8, 1, 0).later(5).withdraw(s.talk.Withdraw.JA[0])
}

// excluded are the reports that a clause excludes.
func (s *story) excluded() {
	late := s.got("against", 8, "2020-08-21 13:50", "other-header", 119, 0, 0).greet()
	late.on("2020-08-27 16:34").decide(owner, report.Decision{
		Kind: report.Exception, Clause: "3.2.xx", Reason: s.talk.Exception, WouldChange: s.talk.ExceptionChange,
	})
	late.on("2020-08-28 11:08").confirm(sato, true, "")
	late.on("2020-08-29 01:15").reply("So there is no proof, only your word and a name. I appreciate the name.")
	late.on("2020-08-31 14:12").say("That is exactly what it is, and why such exceptions are counted and shown to the auditor. This is the second one in four years.")

	for i, e := range []struct {
		at, hole, closed string
		by, where, told  int
	}{
		{"2020-07-08 18:32", "ex-spf", "2020-07-09 11:20", 46, 0, 1},
		{"2020-08-05 11:11", "ex-frame", "2020-08-06 15:42", 13, 3, 0},
		{"2020-08-25 15:07", "ex-theory", "2020-08-28 10:19", 15, 1, 0},
		{"2020-09-02 09:28", "ex-mailrules", "2020-09-03 14:06", 67, 2, 0},
		{"2020-09-17 20:59", "ex-header", "2020-09-18 11:44", 87, 4, 0},
		{"2020-10-01 14:24", "ex-spam", "2020-10-05 16:33", 16, 1, 0},
		{"2020-10-07 12:18", "ex-family", "2020-10-08 13:57", 20, 1, 0},
	} {
		t := s.got("against", i+9, e.at, e.hole, e.by, e.where, e.told).on(e.closed).exclude()
		if i != 4 {
			t.later(14).read()
		}
	}
	objects := s.got("against", 16, "2020-10-08 23:38", "ex-brute", 102, 2, 1).on("2020-10-12 11:16").exclude()
	objects.on("2020-10-14 21:09").reply("With the right PIN after 40 wrong ones I am in. Log attached below, it is my own account.\n\n    22:51:07 wrong (40th)\n    22:51:12 right: 200 OK\n\nIs this not what you asked for?")
	s.lookalike()
}
