package demo

import "strings"

// arrived are the reports that nobody has answered yet, the one of 15 October 2020 among them.
func (s *story) arrived() {
	s.got("arrived", 1, "2020-10-07 03:53", "ex-scanner", 56, 1, 1)
	s.got("arrived", 2, "2020-10-09 19:48", "xss-message", 132, 1, 0).on("2020-10-14 18:12").note(brandt, "Who takes this one? The second triager was ill, first answer was due on Tuesday.")
	s.got("arrived", 3, "2020-10-13 13:37", "other-idor", 0, 4, 0)
	s.long()
	s.hostile()
	s.october()
	s.got("arrived", 6, "2020-10-15 18:40", "ex-header", 18, 5, 0)
	s.got("arrived", 8, "2020-10-15 21:40", "other-cors", 71, 2, 1)
	s.got("arrived", 9, "2020-10-16 08:12", "csrf-setting", 9, 4, 0)
}

// october is the report of 15 October 2020: its time and its facts are those that were published, and
// nothing is added to them. The terms exclude from reward what it seems to belong to, and nobody
// has looked at it yet.
func (s *story) october() {
	t := s.begin("october", october, "xss-link", 0, 0, jst("2020-10-15 17:56:03"))
	t.files = nil
	t.body.Title = "Accounts of the CLOVA Assistant can invite people who are not friends into groups, and be added as a friend without consent"
	t.body.Target, t.body.Reached, t.body.Platform, t.body.Version = "CLOVA Assistant API", "separate_process", "", ""
	t.body.Class, t.body.CWE, t.body.Vector = "other", "", ""
	t.body.Steps = `Some APIs of the CLOVA Assistant allow an account that appears as a dedicated CLOVA account

- to invite people into a group who are not friends of that account, and
- to be added as a friend although the person did not ask for it.

I have verified this several times.`
	t.body.Proof = ""
	t.body.Impact = "Users get friends and group invitations that they never agreed to, from accounts that appear as dedicated CLOVA accounts. Somebody could use it to send spam to users."
	t.body.Accounts = "My own LINE account. It has added a number of accounts that I do not recognise.\n\nI want to be open about this: accounts that are not under my control were involved in my verification as well."
	t.body.Addresses, t.body.From, t.body.Until, t.body.Knows, t.body.HarmlessUntil = "", "", "", "", ""
	t.body.Found, t.body.OthersData = "self", "yes"
	t.body.OthersDataWhat = "I answer yes because accounts that are not mine were involved when I verified it."
	t.receive()
}

// long is a report whose title is as long as a title may be.
func (s *story) long() {
	t := s.begin("arrived-04", 103, "other-client", 0, 0, jst("2020-10-14 09:15"))
	t.body.Title = "When a user shares a photo from the gallery to a chat while a call is running and the phone is turned sideways, the share screen of the messenger takes the address that another app has offered in the meantime, without asking, so that a file which was never chosen is offered for sending to the person of the call"
	if n := len([]rune(t.body.Title)); n > 300 {
		t.body.Title = string([]rune(t.body.Title)[:300])
	}
	t.receive()
}

// hostile is a report by somebody who tries out the desk itself. Nothing in it does any harm: it shows
// that everything is shown as what it is.
func (s *story) hostile() {
	// Written as escapes, so that this file reads as it is.
	odd := []string{
		"{rlo}", "\u202e", "{pdf}", "\u202c", "{zwsp}", "\u200b", "{i}", "\u0456", // a Cyrillic letter
		"{tower}", "Z" + strings.Repeat("\u0351\u036b", 12), "{line}", "\u2028",
	}
	t := s.begin("arrived-05", 38, "xss-link", 3, 0, jst("2020-10-14 16:02"))
	t.body.Title = fill("</title><script>alert(1)</script> {rlo}gnp.tnemucod{pdf} – look at the queue itself", odd...)
	t.body.Target, t.body.Reached = fill("https://live.l{i}ne.me@evil.example./login", odd...), "web"
	t.body.Platform, t.body.Version = "", ""
	t.body.Steps = fill(`I wondered what your own pages do with text like this, so here it is. **Please do not be angry.**

1. <img src=x onerror=alert(document.domain)> and <svg/onload=alert(2)>
2. [an honest link](javascript:alert(3)) · [another](https://store.line.me.evil.example/) · ![picture](https://evil.example/pixel.png)
3. <form action=/reports/decide method=post><button data-confirm="yes" hx-get="/queue">Accept this report</button></form>
4. zero{zwsp}width, {rlo}turned{pdf}, and a tower: {tower}

| a | b |
|---|---|
| `+"`<script>alert(4)</script>`"+` | <a href="data:text/html,hello">data</a> |

<!-- a comment that should not be a comment -->
~~~html
<style>body{display:none}</style>
~~~`, odd...)
	t.body.Proof = "{{constructor.constructor('alert(5)')()}} ${7*7} =cmd|' /C calc'!A1"
	t.body.Impact = fill("If anything of this did something, you would know by now.{line}Regards, \"><b onmouseover=alert(6)>V</b>", odd...)
	t.files = []exhibit{
		{fill("invoice{rlo}gnp.svg", odd...), drawing("hostile")},
		{"../../etc/passwd.html", page("https://desk.example/queue", "hostile")},
	}
	t.receive()
}

// lookalike is a report on a host that only looks like one of the program's.
func (s *story) lookalike() {
	t := s.begin("against-17", 63, "ex-domain", 4, 1, jst("2020-10-02 17:47"))
	t.body.Target = "https://store.l\u0456ne.me/search" // a Cyrillic letter
	t.body.Title = "Reflected XSS in the sticker search of the store"
	t.receive().on("2020-10-05 12:21").exclude()
	t.later(7).reply("Embarrassing. I had it from a mail and did not see it. Thank you for the picture of the two letters.")
	t.on("2020-10-06 17:33").say("Nothing to be embarrassed about, that is what such names are made for. We have asked for it to be taken down.")
}
