package event

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

const plain = `{"specversion":"1.0","id":"ev000000000001","source":"chat/gateway-3","type":"friend_request","time":"2020-11-02T01:38:00.123Z","data":{"actor":"u1f0c","actor_kind":"assistant","target":"u9ab3","region":"TW","api":"/clova/v1/friends/add","ip":"10.1.2.3","device":"CLOVA 3.14.0 1.0","status":200,"bytes":812}}`

// testFields are fields as rules ask for them.
func testFields() *Fields {
	var f Fields
	for _, n := range []string{"actor", "target", "status", "bytes", "region", "second_factor", "note", "ip"} {
		f.Slot(n)
	}
	return &f
}

// show prints what a decoder made of a line.
func show(f *Fields, e *Event, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var b strings.Builder
	fmt.Fprint(&b, e.Time)
	for s, n := range f.Names() {
		if v := e.Value(Slot(s)); v.Kind != Missing {
			fmt.Fprintf(&b, " %s=%d:%s", n, v.Kind, v.Raw)
		}
	}
	return b.String()
}

func with(from, to string) string { return strings.Replace(plain, from, to, 1) }

// lines are events as they may come, and whether the fast way takes them when it has seen them once.
var lines = []struct {
	name string
	line string
	fast bool
}{
	{"as services write them", plain, true},
	{"with spaces as some libraries put them", strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(plain), true},
	{"in another order", `{"type":"login","data":{"target":"u2","actor":"u1"},"time":"2020-11-02T01:38:00Z","source":"s","id":"1","specversion":"1.0"}`, true},
	{"without data", `{"type":"login","time":"2020-11-02T01:38:00Z","source":"s","id":"1","specversion":"1.0"}`, true},
	{"with empty data", `{"type":"login","time":"2020-11-02T01:38:00Z","source":"s","id":"1","specversion":"1.0","data":{}}`, true},
	{"with words and nulls", with(`"bytes":812`, `"second_factor":true,"note":null`), true},
	{"with a fraction", with(`"bytes":812`, `"bytes":-812.25`), true},
	{"with an exponent", with(`"bytes":812`, `"bytes":8e2`), false},
	{"in Japanese", with(`CLOVA 3.14.0 1.0`, `クローバ`), true},
	{"with an escape", with(`u1f0c`, `\u0075\n1f0c`), false},
	{"with an escape in a name", with(`"actor":`, `"\u0061ctor":`), false},
	{"with nested data", with(`"bytes":812`, `"bytes":812,"note":{"a":[1,{}]}`), false},
	{"with an unknown field", with(`"bytes":812`, `"bytes":812,"colour":"red"`), true},
	{"with an attribute that CloudEvents knows and we do not", with(`"type"`, `"datacontenttype":"application/json","type"`), true},
	{"with a zone", with(`01:38:00.123Z`, `10:38:00.123+09:00`), true},
	{"with nanoseconds", with(`01:38:00.123Z`, `01:38:00.123456789Z`), true},
	{"with a long name", with(`"bytes":812`, `"a_name_of_thirty_two_characters_":1`), true},
	{"with a name longer than the fast way knows", with(`"bytes":812`, `"`+strings.Repeat("x", 80)+`":1`), false},
	{"with a carriage return", plain + "\r", true},
	{"with a space at the end", plain + " ", false},
}

func TestBothWaysAgree(t *testing.T) {
	for _, c := range lines {
		t.Run(c.name, func(t *testing.T) {
			f := testFields()
			var fast, strict Event
			d := NewDecoder(f)
			want := show(f, &strict, NewDecoder(f).strict([]byte(c.line), &strict))
			if strings.HasPrefix(want, "error") {
				t.Fatal(want)
			}
			buf := append([]byte(c.line+"\n"), make([]byte, Slack)...)
			for range 3 {
				if got := show(f, &fast, d.Decode([]byte(c.line), &fast)); got != want {
					t.Errorf("decoded\n%s, want\n%s", got, want)
				}
				next, err := d.Next(buf, 0, &fast)
				if got := show(f, &fast, err); got != want || next != len(c.line)+1 {
					t.Errorf("next decoded\n%s, want\n%s", got, want)
				}
			}
			if _, ok := d.fast(buf, 0, &fast); ok != c.fast {
				t.Errorf("the fast way took it: %v", ok)
			}
		})
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	for _, c := range []struct {
		name, line, field, why string
	}{
		{"nothing", ``, "", "not JSON"},
		{"half a line", plain[:100], "", "not JSON"},
		{"two objects", plain + plain, "", "not JSON"},
		{"a list", `[` + plain + `]`, "", "not a JSON object"},
		{"a comma too many", with(`"data":{"actor"`, `"data":{,"actor"`), "", "not JSON"},
		{"a comma too few", with(`"TW","api"`, `"TW""api"`), "", "not JSON"},
		{"a number with a leading zero", with(`200`, `0200`), "", "not JSON"},
		{"a control character", with(`u1f0c`, "u1\tf0c"), "", "not JSON"},
		{"broken UTF-8", with(`u1f0c`, "u1\xfff0c"), "", "UTF-8"},
		{"broken UTF-8 in what nobody reads", with(`CLOVA`, "CLO\xe3\x81VA"), "", "UTF-8"},
		{"no id", with(`"id":"ev000000000001",`, ``), "id", "missing"},
		{"an empty id", with(`ev000000000001`, ``), "id", "empty"},
		{"a long id", with(`ev000000000001`, strings.Repeat("x", 257)), "id", "longer"},
		{"a number for an id", with(`"ev000000000001"`, `1`), "id", "not a string"},
		{"no type", with(`"type":"friend_request",`, ``), "type", "missing"},
		{"no source", with(`"source":"chat/gateway-3",`, ``), "source", "missing"},
		{"null for a source", with(`"chat/gateway-3"`, `null`), "source", "not a string"},
		{"no time", with(`"time":"2020-11-02T01:38:00.123Z",`, ``), "time", "missing"},
		{"another version", with(`"1.0"`, `"0.3"`), "specversion", "1.0"},
		{"a number for a version", with(`"1.0"`, `1.0`), "specversion", "1.0"},
		{"a list for data", with(`"data":{`, `"data":[],"dada":{`), "data", "not an object"},
		{"an id twice", with(`"id":`, `"id":"x","id":`), "id", "twice"},
		{"data twice", with(`"data":`, `"data":{},"data":`), "data", "twice"},
		{"an actor twice", with(`"actor":`, `"actor":"u2","actor":`), "data.actor", "twice"},
		{"an actor twice, once in escapes", with(`"actor":`, `"\u0061ctor":"u2","actor":`), "data.actor", "twice"},
		{"a number for an actor", with(`"u1f0c"`, `7`), "data.actor", "not a string"},
		{"a string for a status", with(`200`, `"200"`), "data.status", "not a number"},
		{"an enormous number", with(`812`, `1e999`), "data.bytes", "too large"},
		{"a number of a hundred digits", with(`812`, strings.Repeat("9", 100)), "data.bytes", "too large"},
		{"deep nesting", with(`812`, `812,"x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), "", "nested"},
		{"a long line", with(`u1f0c`, strings.Repeat("x", MaxSize)), "", "longer than 1 MiB"},
		{"a time in words", with(`2020-11-02T01:38:00.123Z`, `yesterday, before lunch`), "time", "RFC 3339"},
		{"a day that is not", with(`2020-11-02`, `2020-02-30`), "time", "RFC 3339"},
		{"an hour that is not", with(`T01:`, `T24:`), "time", "RFC 3339"},
		{"a second that is not", with(`38:00.`, `38:60.`), "time", "RFC 3339"},
		{"no zone", with(`.123Z`, `.123`), "time", "RFC 3339"},
		{"a point and no fraction", with(`.123Z`, `.Z`), "time", "RFC 3339"},
		{"a time of long ago", with(`2020-11-02`, `1970-01-01`), "time", "before 2000"},
		{"a time far away", with(`2020-11-02`, `9999-12-31`), "time", "after 2099"},
		{"a time of a far zone just before 2000", with(`2020-11-02T01:38:00.123Z`, `2000-01-01T00:00:00+09:00`), "time", "before 2000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e Event
			d := NewDecoder(testFields())
			for range 2 {
				err := d.Decode([]byte(c.line), &e)
				f := fault.As(err)
				if f == nil || f.Field != c.field || !strings.Contains(f.Text.EN, c.why) {
					t.Errorf("error %v, want one of field %q with %q", err, c.field, c.why)
				}
				if err := d.Decode([]byte(plain), &e); err != nil {
					t.Errorf("the next line: %v", err)
				}
			}
		})
	}
}

func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	var m minute
	for _, s := range []string{
		"2020-11-02T01:38:00Z", "2020-11-02T01:38:00.1Z", "2020-11-02T01:38:59.123Z", "2020-11-02T01:38:00.123456Z", "2020-11-02T01:38:00.123456789Z",
		"2020-02-29T23:59:59.999Z", "2020-11-02T01:38:00+09:00", "2020-11-02T01:38:00.5-03:30", "2019-02-29T00:00:00Z", "2020-11-02T01:38:00.123z",
		"2020-11-02t01:38:00Z", "2020-11-02 01:38:00.000Z", "2020-11-02T01:38:00.12xZ", "2020-11-02T01:38:00+0900", "+020-11-02T01:38:00.00Z", "2020-11-02T01:38:-1.000Z",
	} {
		got, ok := m.parse(append([]byte(s), make([]byte, slack)...), len(s))
		var want time.Time
		err := want.UnmarshalText([]byte(s))
		if ok != (err == nil) || ok && got != want.UnixNano() {
			t.Errorf("%s is %d (%v), want %v (%v)", s, got, ok, want.UnixNano(), err)
		}
		if ok {
			again := string(FormatTime(nil, got))
			if back, ok := m.parse(append([]byte(again), make([]byte, slack)...), len(again)); !ok || back != got {
				t.Errorf("%s is written as %s", s, again)
			}
		}
	}
	for _, s := range []string{"2020-11-02T01:38:00,123Z", "2020-11-02T1:38:00.0000Z", "2020-11-02T01:38:00+24:00"} {
		if _, ok := m.parse(append([]byte(s), make([]byte, slack)...), len(s)); ok {
			t.Errorf("%s is no time of RFC 3339, whatever the standard library says", s)
		}
	}
}

func TestCheckKnowsTheClock(t *testing.T) {
	now := time.Date(2020, 11, 2, 1, 38, 0, 0, time.UTC)
	for _, c := range []struct {
		time time.Time
		ok   bool
	}{{now, true}, {now.AddDate(-9, 0, 0), true}, {now.Add(Ahead), true}, {now.Add(Ahead + 1), false}} {
		if err := Check(&Event{Time: c.time.UnixNano()}, now); (err == nil) != c.ok {
			t.Errorf("an event of %v: %v", c.time, err)
		}
	}
}

func TestManyNamesStayCorrect(t *testing.T) {
	f := testFields()
	d := NewDecoder(f)
	var e, want Event
	for i := range 2000 {
		line := []byte(with(`"bytes":812`, fmt.Sprintf(`"x%d":%d,"y%d":"z","bytes":%d`, i, i, i/3, i)))
		if got, want := show(f, &e, d.Decode(line, &e)), show(f, &want, NewDecoder(f).strict(line, &want)); got != want {
			t.Fatalf("%s\ndecoded %s, want %s", line, got, want)
		}
	}
	if len(d.names[1]) > 80 {
		t.Errorf("%d names are remembered", len(d.names[1]))
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	d := NewDecoder(testFields())
	var e Event
	buf := append([]byte(plain+"\n"), make([]byte, Slack)...)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := d.Next(buf, 0, &e); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

// FuzzDecode holds the two ways together: what the fast one takes the strict one takes, with the
// same values, whatever was decoded before.
func FuzzDecode(f *testing.F) {
	for _, c := range lines {
		f.Add([]byte(c.line), []byte(plain))
		f.Add([]byte(plain), []byte(c.line))
	}
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2020-11-02T01:38:00Z","data":{"a":1}}`), []byte(`{"a":1,"data":{"ip":"`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		fields := testFields()
		d, s := NewDecoder(fields), NewDecoder(fields)
		var fast, strict Event
		for _, line := range [][]byte{first, []byte(plain), second, first, second} {
			if bytes.IndexByte(line, '\n') >= 0 {
				continue
			}
			buf := append(append(bytes.Clone(line), '\n'), make([]byte, Slack)...)
			next, ok := d.fast(buf, 0, &fast)
			if !ok {
				continue
			}
			got, want := show(fields, &fast, nil), show(fields, &strict, s.strict(line, &strict))
			if got != want || next != len(line)+1 {
				t.Errorf("%q\nfast   %s\nstrict %s", line, got, want)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	d := NewDecoder(testFields())
	var e Event
	buf := append([]byte(plain+"\n"), make([]byte, Slack)...)
	b.SetBytes(int64(len(plain) + 1))
	for b.Loop() {
		if _, ok := d.fast(buf, 0, &e); !ok {
			b.Fatal("not fast")
		}
	}
}
