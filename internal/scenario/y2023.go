package scenario

// The items of personal data that were read, by class, in the final figures. The part of the
// users' that is secrecy of communications is that of November 2023: the later ones do not say.
const (
	userItems2023          = 302980 - communicationItems2023
	communicationItems2023 = 22239
	partnerItems2023       = 86211
	employeeItems2023      = 130315
	intruders2023          = 6  // identities used by others; made up
	affiliates2023         = 30 // identities at work; made up
)

// The dates of 2023; the hours are made up.
var (
	from2023    = jst(2023, 9, 1, 0, 0)
	to2023      = jst(2023, 11, 28, 0, 0)
	firstAccess = jst(2023, 9, 14, 2, 14)
	firstBulk   = jst(2023, 10, 9, 1, 0) // the day first published as the beginning
	cutOff      = jst(2023, 10, 27, 15, 0)
	relogin     = jst(2023, 10, 28, 6, 0)
)

// A y2023 is the story of 2023 at its scale.
type y2023 struct {
	*Stream
	*stage
	identities int
	items      []int // by classes
}

func plot2023(s *Stream) *plot {
	parts := []int{userItems2023, communicationItems2023, partnerItems2023, employeeItems2023}
	total := 0
	for _, n := range parts {
		total += n
	}
	y := &y2023{Stream: s, identities: s.scaled(intruders2023, 2), items: apportion(parts, s.scaled(total, 500))}
	// Japan's part of the users' items, as of November 2023.
	y.stage = newStage(from2023, to2023, newSpread([]word{inJapan, elsewhere}, []int{129894, 302569 - 129894}, s.key), s.scaled(400_000, 1000))
	flows := []*flow{
		{name: "intruder", n: y.identities, size: s.scaled(total, 500) / y.identities / 8, at: y.entry, tell: y.intrude},
		{name: "borrowed", n: (y.identities + 1) / 3, size: 40, at: steady(from2023+2*day, from2023+5*day).at, tell: y.borrowed},
		{name: "relogin", n: s.scaled(2000, 5), size: 1, at: steady(relogin, relogin+12*hour).at, tell: y.relogin},
	}
	flows = append(flows, s.innocents(y.stage, 200, affiliates2023)...)
	p := &plot{
		from: from2023, to: to2023, flows: flows, markers: markers2023(), lists: s.lists(affiliates2023),
		background: s.ordinary(y.stage, flows),
		expect:     Expectations{Actors: y.identities, Items: map[string]int{}},
		claims: []claim{
			{"first_access", "outside_grant", "an affiliate's identity without a grant reads data"},
			{"first_bulk_read", "volume", "the first of the reads whose number gives them away"},
		},
	}
	for i := range (y.identities + 1) / 3 {
		l := &p.lists[len(p.lists)-1]
		l.IDs = append(l.IDs, s.id(intruder.at(3*i+1)))
	}
	for i, c := range classes {
		p.expect.Items[spelled[c]] = y.items[i]
	}
	return p
}

// entry is when the identities are used: the first weeks before the others.
func (y *y2023) entry(q float64) int64 {
	if q < 1/float64(y.identities) {
		return firstAccess - 30*second
	}
	return firstBulk + 20*hour + int64(q*float64(2*day))
}

// intrude: one identity reads for the abuse: the first goes about the directory of employees
// for weeks, a few items a day; then all read for nights, until their access is cut.
func (y *y2023) intrude(i int, at int64, d *dice, p *plan) {
	r := reading{y: y, who: intruder.at(i), number: i, d: d, p: p}
	r.login(at)
	left := make([]int, len(classes))
	for c := range left {
		left[c] = y.items[c]*(i+1)/y.identities - y.items[c]*i/y.identities
	}
	if i == 0 {
		const employee = 3
		for n := 0; n < 75 && left[employee] > 1; n++ {
			t := firstAccess + int64(n/3)*day + int64(n%3)*d.between(minute, 20*minute)
			r.read(t, employee, 1, 1)
			left[employee]--
		}
	}
	for night := range int64(9) {
		start := firstBulk + (2*night+int64(i%2))*day
		if start < at {
			continue
		}
		for c := range left {
			share := left[c] / int(9-night)
			for share > 0 {
				n := min(share, 1+d.below(15))
				r.read(start+d.between(minute, 4*hour), c, n, 2)
				share -= n
				left[c] -= n
			}
		}
	}
	r.cut(cutOff + int64(i)*minute)
}

// A reading is what an identity does for the abuse.
type reading struct {
	y      *y2023
	who    ref
	number int
	reads  int
	d      *dice
	p      *plan
}

func (r *reading) act(at int64, what, api word, as role) fact {
	f := act(at, what, api, r.who, r.d)
	f.company, f.country, f.role = contractor, inKorea, as
	f.session = session.at(abuseSessions + r.number)
	return f
}

func (r *reading) login(at int64) {
	f := r.act(at, loggedIn, apiLogin, asTrace)
	f.second = noFactor
	r.p.add(f)
}

// read reads n items of a class; each read is of another record.
func (r *reading) read(at int64, class, n int, claim int8) {
	f := r.act(at, fileAccess, apiData, asAbuse)
	f.target, f.dataClass, f.items = record.at(r.number<<24+r.reads), classes[class], int16(n)
	f.first, f.again, f.claim = true, r.d.permille(2), claim
	if class < 2 { // the data of users have their region
		f.region = r.y.home(f.target)
	}
	r.reads++
	r.p.add(f)
}

// cut is the end: the session is ended and the account closed to its owner.
func (r *reading) cut(at int64) {
	for n, what := range [...]word{sessionEnded, accountSuspended} {
		f := act(at+int64(n)*second, what, apiAccount, staff.at(0), r.d)
		f.target, f.role = r.who, asResponse
		if n == 0 {
			f.session = session.at(abuseSessions + r.number)
		}
		r.p.add(f)
	}
}

// borrowed: one of three of these identities had work of its own, with a grant for the data of
// partners, and was used beside it.
func (y *y2023) borrowed(i int, at int64, d *dice, p *plan) {
	who := intruder.at(3*i + 1)
	p.add(grant(at, who, consentGranted, partnerData, d))
	for n := range 40 {
		f := act(at+hour+int64(n)*12*hour+d.between(0, hour), fileAccess, apiData, who, d)
		f.target, f.dataClass, f.items = record.at(jobRecords*2+i<<10+n), partnerData, int16(1+d.below(3))
		f.company, f.country = contractor, inKorea
		p.add(f)
	}
}

// relogin: everybody who works for the service signs in anew on the day after.
func (y *y2023) relogin(i int, at int64, d *dice, p *plan) {
	f := act(at, loggedIn, apiLogin, staff.at(1+i), d)
	f.second, f.session, f.role = hardwareKey, session.at(jobSessions+1<<38+i), asResponse
	p.add(f)
}
