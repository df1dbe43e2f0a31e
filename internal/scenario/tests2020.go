package scenario

// reporter: the reporter of the bug tries it. Their own accounts have agreed among each other:
// four linked the bot in the service, two did not, since that is the bug. From 17:00 on the bot
// reaches accounts that are not theirs as well (the notice: "accounts not recognized").
func (y *y2020) reporter(_ int, at int64, d *dice, p *plan) {
	bot, owner := rogue.at(0), tester.at(0)
	b := born(at, bot, owner, d)
	b.role = asReporter
	p.add(b)
	for i := range testers - 2 {
		f := act(at+int64(i+1)*2*minute, consentGranted, apiLink, tester.at(i), d)
		f.target, f.scope, f.region, f.role = bot, toAssistant, inJapan, asReporter
		p.add(f)
	}
	for i := range testers {
		for n, what := range [...]word{friendRequest, groupInvite} {
			for try := range 2 + n {
				t := windowStart + int64(1+i)*40*second + int64(n+2*try)*7*second
				if try > 1 { // once more in the week after the report
					t = windowStart + int64(2+d.below(6))*day + d.between(0, 3*hour)
				}
				f := y.effect(t, what, bot, tester.at(i), d)
				f.role, f.region, f.again = asReporter, inJapan, false
				if n == 1 {
					f.container = room(bot)
				}
				p.add(f)
			}
		}
	}
	for i := range labStrangers {
		t := windowStart + int64(i)*3*minute + int64(i)*317
		f := y.effect(t, friendRequest, bot, person.at(i), d)
		f.first, f.by, f.again, f.claim = true, byReporter, false, 1
		p.add(f)
		g := y.effect(t+second, groupInvite, bot, person.at(i), d)
		g.container, g.by = room(bot), byReporter
		p.add(g)
	}
}

// early: the first bot that is not the reporter's, from the start of the window as it was first
// published to the first report of a user.
func (y *y2020) early(_ int, at int64, d *dice, p *plan) {
	bot := rogue.at(1)
	p.add(born(at, bot, operator.at(0), d))
	for i := range firstReached {
		to := person.at(labStrangers + i)
		t := pressStart
		if i > 0 {
			t += int64(i)*150*minute + d.between(0, hour)
		}
		f := y.effect(t, friendRequest, bot, to, d)
		f.first, f.by, f.claim = true, byUnknown, 2
		p.add(f)
		g := y.effect(t+d.between(second, 3*second), groupInvite, bot, to, d)
		g.container, g.by = room(bot), byUnknown
		p.add(g)
		if i == firstReached-1 {
			c := y.complaint(userReport, to, bot, d)
			c.reason, c.claim = unwantedInvite, 4
			p.add(c)
		}
	}
}
