package rule

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"hinomi.dev/hinomi/internal/event"
)

// loadText loads one file of rules.
func loadText(text string, lists map[string][]string) (*Set, []Complaint) {
	return Load(fstest.MapFS{"rules.yml": {Data: []byte(text)}}, lists)
}

// an returns an event with this data.
func an(t testing.TB, f *event.Fields, typ, data string) *event.Event {
	t.Helper()
	line := fmt.Sprintf(`{"specversion":"1.0","id":"ev1","source":"test","type":%q,"time":"2020-11-02T01:38:00.5Z","data":{%s}}`, typ, data)
	var e event.Event
	if err := event.NewDecoder(f).Decode([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	return &e
}

// head begins a rule whose detection follows.
const head = "title: A rule\nlogsource: {product: hinomi, service: events}\ndetection:\n"

// matches loads one detection and asks it about an event.
func matches(t *testing.T, detection, typ, data string, lists map[string][]string) bool {
	t.Helper()
	set, complaints := loadText(head+indent(detection), lists)
	if Errors(complaints) > 0 {
		t.Fatal(complaints)
	}
	return set.Detections[0].Match(an(t, set.Fields, typ, data))
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

func TestDetectionsMatch(t *testing.T) {
	lists := map[string][]string{"protected": {"u1", "u2"}, "prefix": {"srv", "db*"}, "many": many(100), "none": {}}
	for _, c := range []struct {
		name, detection, data string
		want                  bool
	}{
		{"a value", "s: {actor: u1}\ncondition: s", `"actor":"u1"`, true},
		{"another value", "s: {actor: u1}\ncondition: s", `"actor":"u2"`, false},
		{"a field that is not there", "s: {actor: u1}\ncondition: s", ``, false},
		{"case does not count", "s: {actor: Ab}\ncondition: s", `"actor":"aB"`, true},
		{"case does not count beyond ASCII", "s: {device: ÄÖ}\ncondition: s", `"device":"äö"`, true},
		{"the kelvin sign is no k", "s: {device: k}\ncondition: s", "\"device\":\"\u212a\"", false},
		{"case counts with cased", "s: {actor|cased: Ab}\ncondition: s", `"actor":"ab"`, false},
		{"cased meets its own case", "s: {actor|cased: Ab}\ncondition: s", `"actor":"Ab"`, true},
		{"one of a list", "s: {region: [TW, TH]}\ncondition: s", `"region":"TH"`, true},
		{"none of a list", "s: {region: [TW, TH]}\ncondition: s", `"region":"JP"`, false},
		{"every line of a mapping", "s: {region: TW, actor: a}\ncondition: s", `"region":"TW","actor":"b"`, false},
		{"one mapping of a list", "s: [{region: TW}, {actor: b}]\ncondition: s", `"region":"JP","actor":"b"`, true},
		{"a star", "s: {api: /clova/*/add}\ncondition: s", `"api":"/clova/v1/friends/add"`, true},
		{"a question mark", "s: {api: 'a?c'}\ncondition: s", `"api":"aéc"`, true},
		{"a question mark is one character", "s: {api: 'a?c'}\ncondition: s", `"api":"ac"`, false},
		{"an escaped star", `s: {api: 'a\*c'}` + "\ncondition: s", `"api":"a*c"`, true},
		{"an escaped star is no wildcard", `s: {api: 'a\*c'}` + "\ncondition: s", `"api":"abc"`, false},
		{"a backslash before a star", `s: {api: 'a\\*'}` + "\ncondition: s", `"api":"a\\bc"`, true},
		{"contains", "s: {api|contains: FRIENDS}\ncondition: s", `"api":"/v1/friends/add"`, true},
		{"contains in the middle only once", "s: {api|contains: aab}\ncondition: s", `"api":"aaab"`, true},
		{"startswith", "s: {api|startswith: /v1}\ncondition: s", `"api":"/v1/x"`, true},
		{"endswith", "s: {api|endswith: x}\ncondition: s", `"api":"/v1/X"`, true},
		{"endswith something else", "s: {api|endswith: y}\ncondition: s", `"api":"/v1/X"`, false},
		{"all of a list", "s: {api|contains|all: [v1, add]}\ncondition: s", `"api":"/v1/add"`, true},
		{"not all of a list", "s: {api|contains|all: [v1, add]}\ncondition: s", `"api":"/v1/del"`, false},
		{"a number", "s: {status: 200}\ncondition: s", `"status":200`, true},
		{"a number written in another way", "s: {status: 200}\ncondition: s", `"status":2e2`, true},
		{"a number as text", "s: {status: '200'}\ncondition: s", `"status":200`, true},
		{"a hexadecimal number", "s: {status: 0x10}\ncondition: s", `"status":16`, true},
		{"a number in a string", "s: {x: 7}\ncondition: s", `"x":"7"`, true},
		{"large numbers are exact", "s: {x: 9007199254740993}\ncondition: s", `"x":9007199254740992`, false},
		{"a truth", "s: {x: true}\ncondition: s", `"x":true`, true},
		{"null for what is not there", "s: {container: null}\ncondition: s", ``, true},
		{"null for null", "s: {x: null}\ncondition: s", `"x":null`, true},
		{"null is not empty", "s: {x: null}\ncondition: s", `"x":""`, false},
		{"the text null is not null", "s: {x: 'null'}\ncondition: s", `"x":null`, false},
		{"empty", "s: {x: ''}\ncondition: s", `"x":""`, true},
		{"empty is not missing", "s: {x: ''}\ncondition: s", ``, false},
		{"exists", "s: {x|exists: true}\ncondition: s", `"x":null`, true},
		{"does not exist", "s: {x|exists: false}\ncondition: s", ``, true},
		{"an object exists", "s: {x|exists: true}\ncondition: s", `"x":{"y":1}`, true},
		{"an object has no text", "s: {x: '*'}\ncondition: s", `"x":{"y":1}`, false},
		{"greater", "s: {bytes|gt: 1000}\ncondition: s", `"bytes":1000.5`, true},
		{"not greater", "s: {bytes|gt: 1000}\ncondition: s", `"bytes":1000`, false},
		{"less or equal", "s: {bytes|lte: 1000}\ncondition: s", `"bytes":1000`, true},
		{"less than a fraction", "s: {x|lt: 0.5}\ncondition: s", `"x":0.25`, true},
		{"text is not greater", "s: {x|gt: 5}\ncondition: s", `"x":"ten"`, false},
		{"neq", "s: {region|neq: JP}\ncondition: s", `"region":"TW"`, true},
		{"neq to none of a list", "s: {region|neq: [JP, TW]}\ncondition: s", `"region":"TW"`, false},
		{"neq without the field", "s: {region|neq: JP}\ncondition: s", ``, true},
		{"a regular expression", "s: {api|re: '/v[0-9]+/friends'}\ncondition: s", `"api":"/clova/v12/friends"`, true},
		{"a regular expression minds case", "s: {api|re: FRIENDS}\ncondition: s", `"api":"/friends"`, false},
		{"a regular expression with i", "s: {api|re|i: FRIENDS}\ncondition: s", `"api":"/friends"`, true},
		{"a regular expression with s", "s: {x|re|s: a.b}\ncondition: s", `"x":"a\nb"`, true},
		{"a regular expression with m", "s: {x|re|m: ^b$}\ncondition: s", `"x":"a\nb"`, true},
		{"a network", "s: {ip|cidr: 10.0.0.0/8}\ncondition: s", `"ip":"10.200.3.4"`, true},
		{"another network", "s: {ip|cidr: 10.0.0.0/8}\ncondition: s", `"ip":"11.200.3.4"`, false},
		{"a network of IPv6", "s: {ip|cidr: 2001:db8::/32}\ncondition: s", `"ip":"2001:db8::7"`, true},
		{"an IPv4 address in IPv6", "s: {ip|cidr: 10.0.0.0/8}\ncondition: s", `"ip":"::ffff:10.1.1.1"`, true},
		{"no address", "s: {ip|cidr: 0.0.0.0/0}\ncondition: s", `"ip":"localhost"`, false},
		{"the same as another field", "s: {actor|fieldref: target}\ncondition: s", `"actor":"U1","target":"u1"`, true},
		{"not the same as another field", "s: {actor|fieldref|neq: target}\ncondition: s", `"actor":"u1","target":"u2"`, true},
		{"begins with another field", "s: {api|fieldref|startswith: device}\ncondition: s", `"api":"/v1/x","device":"/v1"`, true},
		{"equal numbers in two fields", "s: {x|fieldref: y}\ncondition: s", `"x":1.0,"y":1`, true},
		{"base64", "s: {x|base64: hello}\ncondition: s", `"x":"aGVsbG8="`, true},
		{"base64offset", "s: {x|base64offset|contains: hello}\ncondition: s", `"x":"eGhlbGxveA=="`, true},
		{"utf16le in base64", "s: {x|utf16le|base64: cmd}\ncondition: s", `"x":"YwBtAGQA"`, true},
		{"utf16be in base64", "s: {x|utf16be|base64: cmd}\ncondition: s", `"x":"AGMAbQBk"`, true},
		{"utf16 in base64", "s: {x|utf16|base64: cmd}\ncondition: s", `"x":"//5jAG0AZAA="`, true},
		{"wide is utf16le", "s: {x|wide: cmd}\ncondition: s", `"x":"c\u0000m\u0000d\u0000"`, true},
		{"windash", "s: {x|windash|contains: ' -f'}\ncondition: s", `"x":"rm /f"`, true},
		{"windash leaves a dash in a word", "s: {x|windash: a-b}\ncondition: s", `"x":"a/b"`, false},
		{"a placeholder", "s: {target|expand: '%protected%'}\ncondition: s", `"target":"u2"`, true},
		{"a placeholder that does not have it", "s: {target|expand: '%protected%'}\ncondition: s", `"target":"u3"`, false},
		{"a placeholder of many", "s: {target|expand: '%many%'}\ncondition: s", `"target":"U77"`, true},
		{"a placeholder of many without it", "s: {target|expand: '%many%'}\ncondition: s", `"target":"u100"`, false},
		{"a placeholder in a text", "s: {x|expand: 'a-%prefix%-b'}\ncondition: s", `"x":"a-db7-b"`, true},
		{"a plain percent sign", `s: {x|expand: '\%plain%protected%'}` + "\ncondition: s", `"x":"%plainu1"`, true},
		{"percent signs without expand", "s: {x: '%protected%'}\ncondition: s", `"x":"%protected%"`, true},
		{"not in an empty list", "s: {x|expand: '%none%'}\ncondition: not s", `"x":"u1"`, true},
		{"a keyword", "s: [friends, nothing]\ncondition: s", `"api":"/v1/Friends/add"`, true},
		{"all keywords", "s: {'|all': [friends, 'u1?f']}\ncondition: s", `"api":"/v1/friends","actor":"u11f0c"`, true},
		{"not all keywords", "s: {'|all': [friends, nothing]}\ncondition: s", `"api":"/v1/friends"`, false},
		{"a keyword as an expression", "s: {'|re': '^u[0-9]+$'}\ncondition: s", `"target":"u11"`, true},
		{"the hour of the event in UTC", "s: {time|hour: 1}\ncondition: s", ``, true},
		{"an hour later than", "s: {time|hour|gte: 2}\ncondition: s", ``, false},
		{"the year of a field", "s: {x|year: 2019}\ncondition: s", `"x":"2019-05-01"`, true},
		{"the ISO week", "s: {time|week: 45}\ncondition: s", ``, true},
		{"the day and the month", "s: {time|day: 2, time|month: 11, time|minute: 38}\ncondition: s", ``, true},
		{"and binds closer than or", "a: {x: 1}\nb: {x: 2}\nc: {x: 3}\ncondition: a or b and c", `"x":1`, true},
		{"not binds closest", "a: {x: 1}\nb: {y: 2}\ncondition: not a and b", `"x":1,"y":2`, false},
		{"brackets", "a: {x: 1}\nb: {y: 2}\ncondition: not (a and b)", `"x":1,"y":3`, true},
		{"1 of a pattern", "sel_a: {x: 1}\nsel_b: {y: 2}\nf: {z: 3}\ncondition: 1 of sel_* and not f", `"y":2`, true},
		{"all of a pattern", "sel_a: {x: 1}\nsel_b: {y: 2}\ncondition: all of sel*", `"y":2`, false},
		{"all of them leaves out underscores", "a: {x: 1}\n_b: {y: 2}\ncondition: all of them", `"x":1`, true},
		{"a list of conditions", "a: {x: 1}\nb: {y: 2}\ncondition: [a, b]", `"y":2`, true},
		{"capital words", "a: {x: 1}\nb: {y: 2}\ncondition: a AND NOT b", `"x":1`, true},
		{"the type of another case", "s: {type: Friend_Request}\ncondition: s", ``, true},
		{"the id and the source", "s: {id: ev1, source: test}\ncondition: s", ``, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := matches(t, c.detection, "friend_request", c.data, lists); got != c.want {
				t.Errorf("matched: %v", got)
			}
		})
	}
}

func many(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint("u", i))
	}
	return all
}
