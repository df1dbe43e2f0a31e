package scenario

// Every scenario has the same hard negatives: accounts that do what the abuse does, for a good
// reason. All their numbers are made up. They scale with it, and there are always some.

// Groups of the hard negatives have numbers of their own, beyond those of anybody else.
const (
	organiserGroups = 1 << 40
	officialGroups  = 2 << 40
	rogueGroups     = 3 << 40
	abuseSessions   = 1 << 41
	jobSessions     = 2 << 41
	jobRecords      = 1 << 40
)

// innocents returns the flows of the hard negatives, with so many toggles and affiliates.
func (s *Stream) innocents(g *stage, toggles, affiliates int) []*flow {
	return []*flow{
		{name: "organiser", n: s.scaled(40, 2), size: 75, at: until(g, 99), tell: g.organise},
		{name: "retry", n: s.scaled(60, 2), size: 33, at: until(g, 99), tell: g.retry},
		{name: "official", n: s.scaled(20, 2), size: 220, at: until(g, 66), tell: g.campaign},
		{name: "popular", n: s.scaled(15, 1), size: 120, at: until(g, 99), tell: g.admire},
		{name: "toggle", n: s.scaled(toggles, 3), size: 3, at: until(g, 90), tell: g.toggle},
		{name: "job", n: s.scaled(affiliates, 2), size: 10 * 31, at: until(g, 55), tell: g.work},
	}
}

// until spreads starts over the first percent of the span: a story takes a while, and is to end
// in it.
func until(g *stage, percent float64) func(float64) int64 {
	return func(q float64) int64 { return g.daily.at(q * percent / 100) }
}

// organise: somebody invites many people to a group within minutes, and they come.
func (g *stage) organise(i int, at int64, d *dice, p *plan) {
	who, room := organiser.at(i), group.at(organiserGroups+i)
	for range 25 + d.below(36) {
		f := act(at+d.between(0, 9*minute), groupInvite, apiInvite, who, d)
		f.target, f.container, f.role = g.someone(d), room, asOrganiser
		f.region = g.home(f.target)
		p.add(f)
		if d.permille(850) {
			j := act(f.at+d.between(5*second, 2*hour), groupJoined, apiJoin, f.target, d)
			j.container, j.region = room, f.region
			p.add(j)
		}
	}
}

// retry: a client asks the same person again and again until the answer comes, with a new event
// id each time; and some of its events are delivered twice, with the same id.
func (g *stage) retry(i int, at int64, d *dice, p *plan) {
	who, to := retrier.at(i), g.someone(d)
	tries := 25 + d.below(16)
	for n := range tries {
		f := act(at, friendRequest, apiRequest, who, d)
		f.target, f.region, f.role = to, g.home(to), asRetry
		f.again = n == 1 || d.permille(60)
		if n < tries-1 {
			f.status = 504
		}
		p.add(f)
		at += d.between(2*second, 12*second)
	}
}

// campaign: people link an official account over days; then it writes to all and invites them
// within minutes.
func (g *stage) campaign(i int, at int64, d *dice, p *plan) {
	who, room := official.at(i), group.at(officialGroups+i)
	start := at + 3*day + d.between(0, 12*hour)
	for range 30 + d.below(51) {
		fan := g.someone(d)
		c := act(at+d.between(0, 3*day), consentGranted, apiLink, fan, d)
		c.target, c.scope, c.region = who, toOfficial, g.home(fan)
		p.add(c)
		for n, what := range [...]word{messageSent, groupInvite} {
			f := act(start+d.between(0, 8*minute), what, [...]word{apiSend, apiInvite}[n], who, d)
			f.target, f.region, f.container, f.role = fan, g.home(fan), room, asOfficial
			p.add(f)
		}
	}
}

// admire: within minutes many people ask the same one to be a friend, each for the first time.
func (g *stage) admire(i int, at int64, d *dice, p *plan) {
	who := popular.at(i)
	for range 40 + d.below(81) {
		f := act(at+d.between(0, 9*minute), friendRequest, apiRequest, g.someone(d), d)
		f.target, f.region, f.role = who, g.home(who), asPopular
		p.add(f)
		if d.permille(500) {
			a := act(f.at+d.between(minute, 6*hour), friendAdded, apiAccept, who, d)
			a.target, a.region = f.actor, g.home(f.actor)
			p.add(a)
		}
	}
}

// toggle: somebody switches encryption off, and often on again. A third of them had just got a
// new phone, with its login and its key.
func (g *stage) toggle(i int, at int64, d *dice, p *plan) {
	who := toggler.at(i)
	plain := func(at int64, what, api word) fact {
		f := act(at, what, api, who, d)
		f.region, f.role = g.home(who), asToggle
		return f
	}
	if d.permille(333) {
		l := plain(at, loggedIn, apiLogin)
		l.second, l.session = passkey, session.at(jobSessions+1<<40+i)
		p.add(l)
		k := plain(at+d.between(second, 20*second), keyChanged, apiKey)
		k.session = l.session
		p.add(k)
		at = k.at + d.between(minute, 20*hour)
	}
	off := plain(at, e2eeChanged, apiE2EE)
	off.e2ee = switchedOff
	p.add(off)
	if d.permille(600) {
		on := plain(at+d.between(minute, 2*day), e2eeChanged, apiE2EE)
		on.e2ee = switchedOn
		p.add(on)
	}
}

// classes are the classes of data an affiliate may have a grant for.
var classes = [...]word{userData, communicationData, partnerData, employeeData}

// granted is the class that affiliate i has a grant for.
func granted(i int) word { return classes[[...]int{2, 0, 3, 2}[i%4]] }

// work: an affiliate's identity gets a grant for one class of data, reads its portion in ten
// nights, and the grant ends.
func (g *stage) work(i int, at int64, d *dice, p *plan) {
	who := affiliate.at(i)
	p.add(grant(at, who, consentGranted, granted(i), d))
	for night := range 10 {
		start := at + hour + int64(night)*day + d.between(0, 20*minute)
		l := act(start, loggedIn, apiLogin, who, d)
		l.second, l.session = hardwareKey, session.at(jobSessions+i*16+night)
		l.company, l.country, l.role = atWork, inJapan, asJob
		p.add(l)
		for n := range 20 + d.below(21) {
			f := act(start+d.between(minute, 30*minute), fileAccess, apiData, who, d)
			f.target, f.dataClass, f.items = record.at(jobRecords+i*1024+night*64+n), granted(i), int16(1+d.below(5))
			f.company, f.country, f.session, f.role = atWork, inJapan, l.session, asJob
			p.add(f)
		}
	}
	p.add(grant(at+11*day, who, consentRevoked, granted(i), d))
}

// grant: somebody of the service links an affiliate's identity to a class of data, or unlinks it.
func grant(at int64, who ref, what, scope word, d *dice) fact {
	f := act(at, what, apiGrant, staff.at(0), d)
	f.target, f.scope = who, scope
	return f
}

// lists are the accounts behind the placeholders, the same in each scenario, so that all rules
// can run over any: the people whose protection matters most, the reporter's own accounts with
// their bot, and the affiliate identities that have a grant.
func (s *Stream) lists(affiliates int) []List {
	return []List{
		{"protected", s.cover(guarded, s.scaled(cohort, 12))},
		{"reporter", append(s.cover(tester, testers), s.id(rogue.at(0)))},
		{"affiliate_granted", s.cover(affiliate, s.scaled(affiliates, 2))},
	}
}
