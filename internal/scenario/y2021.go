package scenario

// What the sources have of 2021 is that protection was off for more than a hundred accounts, and
// the days. The numbers here are made up within that.
const (
	cohort   = 240 // people whose protection matters most
	attacked = 108 // "more than a hundred"
	ownOff   = 4   // of the others, by themselves: 0.2 a day
)

// The dates of 2021.
var (
	from2021    = jst(2021, 7, 5, 0, 0)
	to2021      = jst(2021, 8, 3, 0, 0)
	firstOff    = jst(2021, 7, 14, 10, 12) // unknown, but before the week of the detection
	abnormality = jst(2021, 7, 19, 0, 0)   // that week
	protectedBy = jst(2021, 7, 25, 0, 0)
)

// A y2021 is the story of 2021 at its scale.
type y2021 struct {
	*Stream
	*stage
	hit int
}

func plot2021(s *Stream) *plot {
	regions := newSpread([]word{inTaiwan, inJapan, inThailand, elsewhere}, []int{880, 50, 40, 30}, s.key)
	y := &y2021{Stream: s, hit: s.scaled(attacked, 5)}
	y.stage = newStage(from2021, to2021, regions, s.scaled(400_000, 1000))
	members := s.scaled(cohort, 12)
	attack := pace{{firstOff, abnormality, 2}, {abnormality, protectedBy - day, 8}}
	flows := []*flow{
		{name: "attack", n: y.hit, size: 14, at: y.entry(attack), tell: y.attack},
		{name: "member", n: members * 20, size: 1, at: y.daily.at, tell: y.member(members)},
		{name: "own", n: min(members-y.hit, s.scaled(ownOff, 1)), size: 2,
			at: steady(jst(2021, 7, 17, 0, 0), jst(2021, 7, 31, 0, 0)).at, tell: y.ownSwitch},
	}
	flows = append(flows, s.innocents(y.stage, 1500, 12)...)
	return &plot{
		from: from2021, to: to2021, flows: flows, markers: markers2021(), lists: s.lists(12),
		background: s.ordinary(y.stage, flows),
		expect:     Expectations{Actors: y.hit, People: y.hit, ByRegion: map[string]int{"TW": y.hit}},
		claims: []claim{
			{"first_switch_off", "protected_off", "protection switched off for somebody of the protected cohort, minutes after a new session or key"},
		},
	}
}

// entry is when the attacks begin, the first of them a little before all others.
func (y *y2021) entry(p pace) func(float64) int64 {
	return func(q float64) int64 {
		if q < 1/float64(y.hit) {
			return firstOff - 20*minute
		}
		return p.at(q)
	}
}

// attack: somebody else gets a session of a protected person, or changes the key, and switches
// protection off within ten hours. The person goes on writing. In the end the service ends the
// session and switches protection on again.
func (y *y2021) attack(i int, at int64, d *dice, p *plan) {
	who := guarded.at(i)
	plain := func(at int64, what, api word, r role) fact {
		f := act(at, what, api, who, d)
		f.region, f.role = inTaiwan, r
		return f
	}
	own := session.at(abuseSessions + i)
	method := byBoth
	switch n := d.below(100); {
	case n < 25:
		method = bySession
	case n < 40:
		method = byKey
	}
	if method != byKey {
		l := plain(at, loggedIn, apiLogin, asTrace)
		l.session, l.second, l.device = own, noFactor, foreignDesktop
		p.add(l)
	}
	if method != bySession {
		k := plain(at+d.between(20*second, 3*minute), keyChanged, apiKey, asTrace)
		k.session = own
		p.add(k)
	}
	off := plain(at+d.between(5*minute, 10*hour), e2eeChanged, apiE2EE, asAbuse)
	if i == 0 {
		off.at = firstOff
	}
	off.e2ee, off.first, off.by, off.session, off.claim = switchedOff, true, method, own, 1
	p.add(off)
	back := max(off.at+6*hour, d.between(protectedBy-day, protectedBy+day-hour))
	for range 3 + d.below(10) {
		m := plain(d.between(off.at+second, back), messageSent, apiSend, asExposed)
		m.target, m.by = y.someone(d), method
		m.region, m.container = y.home(m.target), group.at(d.below(y.people))
		p.add(m)
	}
	end := act(back-minute, sessionEnded, apiAccount, staff.at(0), d)
	end.target, end.session, end.role = who, own, asResponse
	p.add(end)
	on := plain(back, e2eeChanged, apiE2EE, asExposed)
	on.e2ee, on.by = switchedOn, method
	p.add(on)
}

// member: the protected people sign in with their second factor; some get a new phone.
func (y *y2021) member(members int) func(int, int64, *dice, *plan) {
	return func(i int, at int64, d *dice, p *plan) {
		who := guarded.at(d.below(members))
		l := act(at, loggedIn, apiLogin, who, d)
		l.region, l.second, l.session = inTaiwan, passkey, session.at(jobSessions+1<<39+i)
		p.add(l)
		if d.permille(30) {
			k := act(at+d.between(second, 20*second), keyChanged, apiKey, who, d)
			k.region, k.session = inTaiwan, l.session
			p.add(k)
		}
	}
}

// ownSwitch: a protected person who was not attacked switches protection off, for an hour.
func (y *y2021) ownSwitch(i int, at int64, d *dice, p *plan) {
	who := guarded.at(y.hit + i)
	for n, to := range [...]word{switchedOff, switchedOn} {
		f := act(at+int64(n)*hour, e2eeChanged, apiE2EE, who, d)
		f.region, f.e2ee, f.role = inTaiwan, to, asOwnToggle
		p.add(f)
	}
}
