package scenario

// A stage is where a scenario plays: its span, and the people who live there.
type stage struct {
	from, to int64
	daily    *daily
	regions  spread
	people   int
}

func newStage(from, to int64, regions spread, people int) *stage {
	return &stage{from: from, to: to, daily: newDaily(from, to), regions: regions, people: people}
}

// someone is a person of the stage, drawn.
func (g *stage) someone(d *dice) ref { return person.at(d.below(g.people)) }

// home is the region of a person, and that of others by the same mixture.
func (g *stage) home(r ref) word { return g.regions.region(r.number()) }

// phones are what people use.
var phones = [...]word{iphone, android, desktop, oldAndroid}

// phone is what an account uses, always the same.
func phone(r ref) word { return phones[mix(uint64(r))>>62] }

// act is a fact of somebody with their usual client, which went well.
func act(at int64, what, api word, actor ref, d *dice) fact {
	f := fact{at: at, what: what, api: api, actor: actor, status: 200, bytes: int16(180 + d.below(1400))}
	switch actor.class() {
	case rogue, assistant:
		f.device = speaker
	case official, affiliate, intruder:
		f.device = machine
	case staff:
		f.device = console
	default:
		f.device = phone(actor)
	}
	return f
}

// A blend is a kind of ordinary event, and how many of a thousand are of it.
type blend struct {
	upto      int
	what, api word
}

// blends are the ordinary traffic. Made up.
var blends = [...]blend{
	{520, messageSent, apiSend},
	{780, apiCalled, apiSync},
	{850, loggedIn, apiLogin},
	{880, sessionEnded, apiLogout},
	{925, friendRequest, apiRequest},
	{955, friendAdded, apiAccept},
	{975, groupInvite, apiInvite},
	{992, groupJoined, apiJoin},
	{997, groupLeft, apiLeave},
	{1000, keyChanged, apiKey},
}

// redelivered is how seldom an ordinary event is delivered twice; a prime, to beat with nothing.
const redelivered = 4999

// drop makes the i-th ordinary event: somebody does something that people do.
func (g *stage) drop(i int, d *dice, f *fact) {
	n, k := d.below(1000), 0
	for blends[k].upto <= n {
		k++
	}
	at := f.at
	*f = act(at, blends[k].what, blends[k].api, g.someone(d), d)
	f.again = i%redelivered == redelivered-1
	switch f.what {
	case messageSent, friendRequest, friendAdded, groupInvite:
		f.target = g.someone(d)
		f.region = g.home(f.target)
	default:
		f.region = g.home(f.actor)
	}
	switch f.what {
	case messageSent, groupInvite, groupJoined, groupLeft:
		f.container = group.at(d.below(g.people))
	case loggedIn:
		f.second = passkey
		f.session = session.at(i)
	case sessionEnded, keyChanged:
		f.session = session.at(d.below(i + 1))
	}
}

// ordinary is the background of a plot: so many events for each of its flows' facts.
func (s *Stream) ordinary(g *stage, flows []*flow) background {
	story := 0
	for _, f := range flows {
		story += f.n * f.size
	}
	return background{n: int(s.opt.Background * float64(story)), at: g.daily.at, tell: g.drop}
}
