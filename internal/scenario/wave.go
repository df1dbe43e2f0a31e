package scenario

// squad: somebody makes eight bots, and each asks its people to be friends and invites most of
// them to its group, within minutes. One squad in eight has a bot that takes many; in most
// squads one person gets the invitations of several bots.
func (y *y2020) squad(i int, at int64, d *dice, p *plan) {
	first := 2 + i*squad
	n := min(squad, y.bots-first)
	by := operator.at(i % y.scaled(12, 1))
	sizes := y.sizes(first, n, d)
	span := d.between(2*minute, 7*minute)
	victim := -1
	if n > 4 && d.permille(625) {
		victim = d.below(n)
	}
	who := y.bound(first)
	for k, size := range sizes {
		bot := rogue.at(first + k)
		p.add(born(at+int64(k)*second, bot, by, d))
		for j := range size {
			to := person.at(who)
			who++
			t := at + 30*second + d.between(0, span)
			y.reach(t, bot, to, d, p)
			for m := 1; k == victim && j == 0 && m <= 4; m++ { // four of the others, too
				other := rogue.at(first + (k+m)%n)
				f := y.effect(at+30*second+d.between(0, span), groupInvite, other, to, d)
				f.container, f.by = room(other), byOthers
				p.add(f)
			}
		}
	}
	meet(p)
}

// meet marks, for each person of a squad, which effect reached them first.
func meet(p *plan) {
	reached := map[ref]int{}
	for n := range p.facts {
		f := &p.facts[n]
		if f.role != asAbuse {
			continue
		}
		if m, ok := reached[f.target]; !ok || byTime(*f, p.facts[m]) < 0 {
			reached[f.target] = n
		}
	}
	for _, n := range reached {
		p.facts[n].first, p.facts[n].claim = true, 3
	}
}

// sizes are how many people each bot of a squad takes: near the mean of 15.6, below 20 but for
// the one that takes many.
func (y *y2020) sizes(first, n int, d *dice) []int {
	sizes := make([]int, n)
	for k := range sizes {
		sizes[k] = y.bound(first+k+1) - y.bound(first+k)
	}
	from := 0
	if n == squad && d.permille(125) {
		for k := 1; k < n; k++ {
			sizes[k] -= 2
			sizes[0] += 2
		}
		from = 1
	}
	for k := from; k+1 < n; k += 2 {
		give := d.below(5) - 2
		sizes[k] += give
		sizes[k+1] -= give
	}
	return sizes
}

// reach is the effects of a bot on a person: a request always, an invitation mostly; and what
// the person did about it.
func (y *y2020) reach(at int64, bot, to ref, d *dice, p *plan) {
	f := y.effect(at, friendRequest, bot, to, d)
	f.by = byOthers
	p.add(f)
	if d.permille(850) {
		g := y.effect(at+d.between(200, 3*second), groupInvite, bot, to, d)
		g.container, g.by = room(bot), byOthers
		p.add(g)
		if d.permille(30) {
			j := act(g.at+d.between(10*second, 30*minute), groupJoined, apiJoin, to, d)
			j.container, j.region, j.role = g.container, f.region, asResponse
			p.add(j)
			if d.permille(600) {
				l := act(j.at+d.between(minute, hour), groupLeft, apiLeave, to, d)
				l.container, l.region, l.role = g.container, f.region, asResponse
				p.add(l)
			}
		}
	}
	if d.permille(20) {
		p.add(y.complaint(at+d.between(minute, 50*minute), to, bot, d))
	}
}

// complaint is a person reporting a bot.
func (y *y2020) complaint(at int64, from, bot ref, d *dice) fact {
	f := act(at, abuseReported, apiReport, from, d)
	f.target, f.region, f.role = bot, y.home(from), asResponse
	f.reason = [...]word{unwantedRequest, unwantedInvite, spam}[d.below(3)]
	return f
}

// refusals are when the interface said no: in both interruptions, and the patched one after the
// first patch.
var refusals = pace{
	{interrupted1, interrupted1End, 5},
	{interrupted2, interrupted2End, 6},
	{interrupted2End, windowEnd, 3},
}

// refused: a bot tries, and nothing comes of it.
func (y *y2020) refused(_ int, at int64, d *dice, p *plan) {
	f := act(at, apiCalled, clovaAdd, rogue.at(2+d.below(y.bots-2)), d)
	f.status, f.role = 503, asTrace
	if at >= interrupted2End {
		f.status = 403
	}
	p.add(f)
}

// removed: one of the bots that were removed alone, long before the others.
func (y *y2020) removed(i int, at int64, d *dice, p *plan) {
	f := act(at, accountSuspended, apiAccount, staff.at(0), d)
	f.target, f.reason, f.role = rogue.at(2+i), unauthorisedContact, asResponse
	p.add(f)
}

// withdrawn: the open invitations of the person of a squad who got many are cancelled, in the
// batch of the squad.
func (y *y2020) withdrawn(i int, at int64, d *dice, p *plan) {
	told := y.retell(y.squads, i, nil)
	type open struct{ who, room ref }
	invites, joined := map[ref]int{}, map[open]bool{}
	for _, f := range told {
		switch {
		case f.role == asAbuse && f.what == groupInvite:
			invites[f.target]++
		case f.what == groupJoined: // to leave is up to them
			joined[open{f.actor, f.container}] = true
		}
	}
	for _, f := range told {
		if f.role == asAbuse && f.what == groupInvite && invites[f.target] > 3 && !joined[open{f.target, f.container}] {
			w := act(at+d.between(0, 2*second), inviteWithdrawn, apiCancel, staff.at(0), d)
			w.target, w.region, w.container, w.role = f.target, f.region, f.container, asResponse
			p.add(w)
		}
	}
}

// linked: one of ten affected people has linked another assistant, which then does for them
// what the bots do to all; some unlink it, and it stops. While the service is interrupted, so
// is this.
func (y *y2020) linked(i int, at int64, d *dice, p *plan) {
	who, to := assistant.at(d.below(y.assistants())), person.at(10*i)
	link := func(at int64, what word) {
		f := act(at, what, apiLink, to, d)
		f.target, f.scope, f.region = who, toAssistant, y.home(to)
		p.add(f)
	}
	effect := func(at int64, what, api word) {
		for _, gap := range [...][2]int64{{interrupted1, interrupted1End}, {interrupted2, interrupted2End}} {
			if gap[0] <= at && at < gap[1] {
				at = gap[1] + (at-gap[0])/8
			}
		}
		f := act(at, what, api, who, d)
		f.target, f.region = to, y.home(to)
		if what != friendRequest {
			f.container = group.at(officialGroups + 1<<30 + i)
		}
		p.add(f)
	}
	link(at, consentGranted)
	effect(at+d.between(second, 5*second), friendRequest, clovaAdd)
	effect(at+d.between(minute, 6*hour), messageSent, clovaSend)
	if d.permille(300) {
		effect(at+d.between(minute, 6*hour), groupInvite, clovaInvite)
	}
	if d.permille(100) {
		link(at+d.between(12*hour, 5*day), consentRevoked)
	}
}
