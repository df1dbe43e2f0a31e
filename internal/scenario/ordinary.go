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
func (g *stage) home(r ref) string { return g.regions.region(r.number()) }

// phones are what people use. Made up, in the form in which clients name themselves.
var phones = [...]string{"IOS 10.18.1 14.1", "ANDROID 10.18.2 10", "DESKTOP 6.3.0 10.0.19042", "ANDROID 10.17.0 9"}

// phone is what an account uses, always the same.
func phone(r ref) string { return phones[mix(uint64(r))>>62] }

// Where assistants, machines and consoles call from.
const (
	speaker = "CLOVA 3.14.0 1.0"
	machine = "SERVER 5.4.0 1.0"
	console = "CONSOLE 2.9.1 1.0"
)

// The interfaces that events come by.
const (
	apiRequest = "/chat/v4/friends/request"
	apiAccept  = "/chat/v4/friends/accept"
	apiInvite  = "/chat/v4/groups/invite"
	apiJoin    = "/chat/v4/groups/join"
	apiLeave   = "/chat/v4/groups/leave"
	apiSend    = "/chat/v4/messages/send"
	apiSync    = "/chat/v4/sync"
	apiLogin   = "/account/v2/login"
	apiLogout  = "/account/v2/logout"
	apiKey     = "/account/v2/keys"
	apiE2EE    = "/account/v2/settings/e2ee"
	apiReport  = "/chat/v4/reports"
	apiLink    = "/account/v2/links"
	apiAccount = "/admin/v1/accounts"
	apiCancel  = "/admin/v1/invitations/cancel"
	apiGrant   = "/admin/v1/grants"
	apiData    = "/data/v1/records"
)

// act is a fact of somebody with their usual client, which went well.
func act(at int64, what, api string, actor ref, d *dice) fact {
	f := fact{at: at, what: what, api: api, actor: actor, status: 200, bytes: 180 + d.below(1400)}
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
	what, api string
}

// blends are the ordinary traffic. Made up.
var blends = [...]blend{
	{520, "message", apiSend},
	{780, "api_call", apiSync},
	{850, "login", apiLogin},
	{880, "session_ended", apiLogout},
	{925, "friend_request", apiRequest},
	{955, "friend_added", apiAccept},
	{975, "group_invite", apiInvite},
	{992, "group_joined", apiJoin},
	{997, "group_left", apiLeave},
	{1000, "key_changed", apiKey},
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
	case "message", "friend_request", "friend_added", "group_invite":
		f.target = g.someone(d)
		f.region = g.home(f.target)
	default:
		f.region = g.home(f.actor)
	}
	switch f.what {
	case "message", "group_invite", "group_joined", "group_left":
		f.container = group.at(d.below(g.people))
	case "login":
		f.second = "passkey"
		f.session = session.at(i)
	case "session_ended", "key_changed":
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
