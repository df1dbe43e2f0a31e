package demo

import (
	"embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
)

//go:embed content
var files embed.FS

// A hole is one kind of fault, or of what people take for one, with the places where it is found
// and the ways in which people tell of it.
type hole struct {
	ID       string
	Class    string // of the program
	Clause   string // the exclusion that applies; empty for a real fault
	CWE      string
	Vector   string // as a reporter would set it
	Platform string // of the app it is found in; empty: any
	Places   []place
	EN, JA   []account
}

// A place is where a hole may be.
type place struct {
	Target  string
	Reached string
	Param   string
	Name    string // of the thing, in an English sentence
	JA      string // and in a Japanese one
}

// An account is one person's way of telling.
type account struct {
	Title, Steps, Proof, Impact string

	At  []int // the places it fits; empty: all of them
	Why int   // which reason of the clause answers it, from 1; 0: any
}

func (a account) fits(where int) bool { return len(a.At) == 0 || slices.Contains(a.At, where) }

func (h *hole) accounts(l lang.Lang) []account {
	if l == lang.JA {
		return h.JA
	}
	return h.EN
}

// A voice is how somebody begins and ends what they write.
type voice struct{ Open, Close string }

// both holds texts that exist in each language apart; one is no translation of the other.
type both[T any] struct{ EN, JA []T }

func (b both[T]) pick(r *rand.Rand, l lang.Lang) T {
	if l == lang.JA {
		return choose(r, b.JA)
	}
	return choose(r, b.EN)
}

func choose[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// A reason is why a decision went against the reporter, and what would change it.
type reason struct{ Reason, Change string }

// An exchange is something said and what is said to it.
type exchange struct{ Say, Ask, Reply, Answer string }

// talk is what the desk and the reporters say to each other.
type talk struct {
	Thanks, Received, Triaged, Accepted, Fixing, Fixed, Published both[string]

	PleaseRetest both[string] `yaml:"please_retest"`
	Retested     both[string]

	Duplicate, Known both[reason]
	Exception        string
	ExceptionChange  string `yaml:"exception_change"`
	Withdraw         both[string]
	Complain         both[exchange]
	Ask              map[string]both[exchange] // by class
	Note             []string
	Rate             map[string]lang.Text
	Board            struct {
		Seriousness  map[string]string // by class
		Novelty      []string
		Above, Below []struct{ Amount, EN, JA string }
	}
}

// A known is an issue that the desk put into the log itself.
type known struct {
	At, Title, Target, Class, Reference, Claimed, Details string
}

// A colleague works at the desk.
type colleague struct {
	Role  access.Role
	Mail  string
	Name  string
	Lang  lang.Lang
	Roles []access.Role
	Does  lang.Text
}

// A guest is somebody who reports.
type guest struct {
	country, name, alias string
	credit               string // name, alias, or empty for somebody who wants none

	local string    // of the address; empty for somebody who does not sign in
	does  lang.Text // what there is to see when one signs in as them
}

// The guests that a reader may sign in as.
const (
	researcher = 0
	full       = 58  // whose mailbox takes no more
	october    = 161 // who reported on 15 October 2020; nothing about them was published
)

func (g guest) signsIn() bool { return g.local != "" }

func (g guest) mail(by int) string {
	if g.signsIn() {
		return g.local + "@" + domain
	}
	return fmt.Sprintf("guest%03d@%s", by, domain)
}

func (g guest) lang() lang.Lang {
	if g.country == "JP" && g.local != "reporter" {
		return lang.JA
	}
	return lang.EN
}

// born is a day on which the guest may have been born: everybody is of age when the program begins.
func (g guest) born() string {
	r := source("born " + g.name)
	return time.Date(1968+r.IntN(27), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// A content is everything the story is told with.
type content struct {
	holes   map[string]*hole
	talk    talk
	reasons map[string]both[reason]
	known   []known
	voices  both[voice]
	staff   []colleague
	guests  []guest
}

// load reads the embedded content. A fault in it is a mistake in this package.
var load = sync.OnceValue(func() *content {
	c := &content{holes: map[string]*hole{}}
	entries, err := files.ReadDir("content/hole")
	must(err)
	for _, e := range entries {
		var list []*hole
		parse("hole/"+e.Name(), &list)
		for _, h := range list {
			c.holes[h.ID] = h
		}
	}
	parse("talk.yaml", &c.talk)
	parse("reason.yaml", &c.reasons)
	parse("known.yaml", &c.known)
	parse("voice.yaml", &c.voices)
	parse("staff.yaml", &c.staff)
	c.guests = guests()
	return c
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func parse(name string, into any) {
	b, err := files.ReadFile(path.Join("content", name))
	must(err)
	if err := yaml.Unmarshal(b, into); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
}

func guests() []guest {
	f, err := files.Open("content/people.csv")
	must(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	must(err)
	var all []guest
	for _, r := range rows[1:] {
		all = append(all, guest{country: r[0], name: r[1], alias: r[2], credit: r[3]})
	}
	all[researcher].local, all[researcher].does = "researcher", lang.Text{
		EN: "Has reported for years: receipts, awards, a name in the hall of fame, and a report that waits for an answer.",
		JA: "長年の報告者。受領証、報奨金、殿堂への掲載、返信待ちの報告があります。",
	}
	// The program asks for a name and a country; that these are the real ones nobody says.
	all = append(all, guest{country: "JP", name: "reporter1015", local: "reporter", does: lang.Text{
		EN: "Sent the report of 15 October 2020 and has the receipt for it.",
		JA: "2020年10月15日の報告を送信し、その受領証を持っています。",
	}})
	return all
}

// fill puts words into the marks of a text, such as {host}.
func fill(text string, words ...string) string {
	return strings.TrimSpace(strings.NewReplacer(words...).Replace(text))
}
