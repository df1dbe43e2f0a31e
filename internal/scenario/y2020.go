package scenario

// The people of the notice by region, and its bots.
var (
	regions2020 = []word{inJapan, inTaiwan, inThailand, inIndonesia, elsewhere}
	people2020  = []int{15530, 87197, 2813, 7084, 8597}
)

const (
	total2020    = 121221
	bots2020     = 7768
	removed2020  = 14
	squad        = 8  // bots that work at the same time, but for the last six of 7,768 less the first two
	labStrangers = 12 // accounts that the reporter's bot reached and the reporter did not know
	firstReached = 16 // people reached by the first bot of others
	testers      = 6  // the reporter's own accounts; the last two never linked the bot
	assistants   = 40 // ordinary assistant accounts, at scale 1
)

// The dates of the notice, in its rows.
var (
	from2020        = jst(2020, 10, 1, 0, 0)
	to2020          = jst(2020, 11, 25, 0, 0)
	windowStart     = jst(2020, 10, 15, 17, 0) // e0
	pressStart      = jst(2020, 10, 27, 20, 0) // the start as first published
	userReport      = jst(2020, 10, 29, 18, 15)
	interrupted1    = jst(2020, 11, 2, 11, 40)
	interrupted1End = jst(2020, 11, 2, 13, 51)
	botsRemoved     = jst(2020, 11, 2, 16, 0)
	interrupted2    = jst(2020, 11, 2, 19, 18)
	interrupted2End = jst(2020, 11, 2, 22, 17)
	patch1          = jst(2020, 11, 2, 20, 30)
	windowEnd       = jst(2020, 11, 3, 10, 0)
)

// burst is the longest a squad takes for its effects, with the time to make its bots.
const burst = 8*minute + 30*second

// wave is when squads start on 2 and 3 November. The sources have the day, the peak at 10:38,
// both interruptions and the end; the weights are made up.
var wave = pace{
	{jst(2020, 11, 2, 0, 20), jst(2020, 11, 2, 8, 0), 8},
	{jst(2020, 11, 2, 8, 0), jst(2020, 11, 2, 10, 38), 22},
	{jst(2020, 11, 2, 10, 38), interrupted1 - burst, 25},
	{interrupted1End, botsRemoved - burst, 20},
	{botsRemoved, interrupted2 - burst, 15},
	{interrupted2End, windowEnd - burst, 10},
}

// batches are when invitations were cancelled.
var batches = pace{
	{jst(2020, 11, 4, 19, 0), jst(2020, 11, 4, 19, 12), 1},
	{jst(2020, 11, 5, 19, 0), jst(2020, 11, 5, 19, 12), 1},
	{jst(2020, 11, 16, 15, 46), jst(2020, 11, 16, 15, 58), 1},
	{jst(2020, 11, 18, 17, 30), jst(2020, 11, 18, 17, 42), 1},
	{jst(2020, 11, 20, 10, 30), jst(2020, 11, 20, 10, 42), 1},
}

// A y2020 is the story of 2020 at its scale.
type y2020 struct {
	*Stream
	*stage
	bots, reached int // reached: people
	squads        *flow
}

func plot2020(s *Stream) *plot {
	y := &y2020{Stream: s, bots: s.scaled(bots2020, 8), reached: s.scaled(total2020, 121)}
	counts := apportion(people2020, y.reached)
	y.stage = newStage(from2020, to2020, newSpread(regions2020, counts, s.key), 5*y.reached)
	n := (y.bots - 2 + squad - 1) / squad
	y.squads = &flow{name: "squad", n: n, size: 250, at: opening(n), tell: y.squad}
	flows := []*flow{
		y.squads,
		{name: "reporter", n: 1, size: 60, at: at(jst(2020, 10, 15, 16, 30)), tell: y.reporter},
		{name: "early", n: 1, size: 50, at: at(pressStart - minute), tell: y.early},
		{name: "refused", n: s.scaled(2000, 4), size: 1, at: refusals.at, tell: y.refused},
		{name: "removed", n: s.scaled(removed2020, 1), size: 1, at: steady(botsRemoved, botsRemoved+20*second).at, tell: y.removed},
		{name: "withdrawn", n: n, size: 3, at: batches.at, tell: y.withdrawn},
		{name: "linked", n: y.reached / 10, size: 5, at: y.daily.at, tell: y.linked},
	}
	flows = append(flows, s.innocents(y.stage, 200, 12)...)
	p := &plot{from: from2020, to: to2020, flows: flows, markers: markers2020(), background: s.ordinary(y.stage, flows)}
	p.expect = Expectations{Actors: y.bots, People: y.reached, ByRegion: map[string]int{}}
	for i, r := range regions2020 {
		p.expect.ByRegion[spelled[r]] = counts[i]
	}
	p.claims = []claim{
		{"first_effect", "without", "the first contact by an assistant account with a person who never linked it; the reporter's bot, and an account that the reporter did not know"},
		{"first_effect_beyond_reporter", "without", "the same, by a bot that is not the reporter's"},
		{"first_effect_of_the_wave", "without", "the same, on the day when others began"},
		{"first_user_report", "report", "a person reports an assistant account that the desk could know since the first effect"},
	}
	p.lists = s.lists(12)
	for i := range y.assistants() {
		p.innocents = append(p.innocents, innocent{asAssistant, assistant.at(i)})
	}
	return p
}

// opening is the pace of the squads. However few there are, the first of n comes early on
// 2 November: the bots removed in the afternoon are its.
func opening(n int) func(q float64) int64 {
	return func(q float64) int64 {
		if q < 1/float64(n) {
			q /= 20
		}
		return wave.at(q)
	}
}

// at is the pace of a single story.
func at(t int64) func(float64) int64 { return func(float64) int64 { return t } }

func (y *y2020) assistants() int { return y.scaled(assistants, 2) }

// effect is a contact by a bot of the assistant class. After the first patch the second hole
// was used.
func (y *y2020) effect(at int64, what word, bot, to ref, d *dice) fact {
	add, invite := clovaAdd, clovaInvite
	if at >= patch1 {
		add, invite = clovaAdd2, clovaInvite2
	}
	api := add
	if what == groupInvite {
		api = invite
	}
	f := act(at, what, api, bot, d)
	f.target, f.region, f.role = to, y.home(to), asAbuse
	f.again = d.permille(3)
	return f
}

// bound is the number of the first person of a bot; they go up to that of the next. Everybody has
// one bot, and at scale 1 that makes 15.6 people for each.
func (y *y2020) bound(bot int) int {
	rest := y.reached - labStrangers - firstReached
	return labStrangers + firstReached + rest*(bot-2)/(y.bots-2)
}

// born is the account of a bot being made.
func born(at int64, bot, by ref, d *dice) fact {
	f := act(at, accountCreated, clovaAccount, by, d)
	f.target, f.owner, f.device, f.role = bot, by, speaker, asTrace
	return f
}

// room is the group of a bot.
func room(bot ref) ref { return group.at(rogueGroups + bot.number()) }
