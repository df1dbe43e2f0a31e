package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/stream"
)

var ctx = context.Background()

func one(source, id string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":"message","time":"2020-11-02T01:38:00.123Z","data":{"actor":"u1","bytes":812}}`, id, source)
}

// events returns n of them, one a line.
func events(source string, from, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(one(source, fmt.Sprint("ev", from+i)) + "\n")
	}
	return b.String()
}

// running returns an intake over a stream that works.
func running(t testing.TB, dir string) *Intake {
	t.Helper()
	s := stream.New(stream.Config{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler), Keys: Keys(), Reserve: 1})
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(run) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &Intake{Stream: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

func (in *Intake) stored(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	if err := in.Stream.Read(ctx, 0, 1<<60, func(batch stream.Batch) error { b.Write(batch.Lines); return nil }); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A told answer is one in short: what was accepted and repeated, and INDEX/LINE ID FIELD of the rest.
func told(a Answer) string {
	s := fmt.Sprintf("%d+%d", a.Accepted, a.Repeated)
	for _, r := range a.Refused {
		s += fmt.Sprintf(" %d/%d(%s %s)", r.Index, r.Line, r.ID, r.Field)
	}
	if a.Unlisted > 0 {
		s += fmt.Sprintf(" and %d", a.Unlisted)
	}
	return s
}

func TestGoodEventsAreTakenWhateverStandsBesideThem(t *testing.T) {
	in := running(t, t.TempDir())
	a, b, c := one("chat/1", "a"), one("chat/1", "b"), one("chat/1", "c")
	pretty := func(line string) string {
		var out bytes.Buffer
		if err := json.Indent(&out, []byte(line), "", "\t"); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(out.String(), "\n", "\r\n")
	}
	long := func(n int) string {
		return strings.Replace(one("chat/1", "long"), `"u1"`, `"`+strings.Repeat("x", n)+`"`, 1)
	}
	for i, x := range []struct {
		form    Form
		body    string
		sources []string
		want    string
	}{
		{Lines, a + "\n" + b + "\n", nil, "2+0"},
		{Lines, a + "\nno event\n\n" + b, nil, "0+2 1/2( )"},
		{Lines, "{\"id\":\"x\"}\r\n " + c + " \r\n" + one("chat/1", "d") + "\r\n", nil, "2+0 0/1(x specversion)"},
		{Lines, one("chat/1", "e") + "\n" + one("pay/1", "e") + "\n" + one("chatter", "e") + "\n" + one("chat", "e"), []string{"chat"}, "2+0 1/2(e source) 2/3(e source)"},
		{Lines, one("chat/1", "f") + "\n" + long(MaxEvent) + "\n" + one("chat/1", "g"), nil, "2+0 1/2( )"},
		{Lines, long(stream.MaxParcel*2) + "\n" + one("chat/1", "h"), nil, "1+0 0/1( )"},
		{Lines, strings.Repeat("{}\n", MaxListed+5) + one("chat/1", "i"), nil, ""},
		{Lines, "", nil, "0+0"},
		{Lines, "\n\n \n", nil, "0+0"},
		{List, "[]", nil, "0+0"},
		{List, " [ " + pretty(one("chat/1", "j")) + ",\n" + one("chat/1", "k") + "] \n", nil, "2+0"},
		{List, "[" + a + `,{"id":"y"},7,"a,]}",` + one("chat/1", "l") + "]", nil, "1+1 1/0(y specversion) 2/0( ) 3/0( )"},
		{List, "[" + strings.Replace(a, "u1", "u\n1", 1) + "," + one("chat/1", "m") + "]", nil, "1+0 0/0( )"},
		{List, "[" + one(`chat/1\"],[`, "n") + "]", nil, "1+0"},
		{One, pretty(one("chat/1", "o")), nil, "1+0"},
		{One, a, nil, "0+1"},
		{One, a + "\n" + b, nil, "0+0 0/0( )"},
		{One, "", nil, "0+0"},
	} {
		for name, body := range map[string]io.Reader{"": strings.NewReader(x.body), "byte by byte": iotest.OneByteReader(strings.NewReader(x.body))} {
			if name != "" && (strings.Contains(x.want, "1+0") || len(x.body) > 10_000) || x.want == "" && name != "" {
				continue
			}
			got, err := in.Take(ctx, body, int64(len(x.body)), x.form, x.sources)
			if x.want == "" {
				if len(got.Refused) != MaxListed || got.Unlisted != 5 || got.Accepted != 1 {
					t.Errorf("%d: %s", i, told(got))
				}
				continue
			}
			if name != "" {
				got.Accepted, got.Repeated = 0, got.Accepted+got.Repeated
				var n, m int
				if _, err := fmt.Sscanf(x.want, "%d+%d", &n, &m); err != nil {
					t.Fatal(err)
				}
				_, rest, _ := strings.Cut(x.want, " ")
				x.want = strings.TrimSpace(fmt.Sprintf("0+%d %s", n+m, rest))
			}
			if err != nil || told(got) != x.want {
				t.Errorf("%d %s: %s, %v, want %s", i, name, told(got), err, x.want)
			}
		}
	}
	for line := range strings.Lines(in.stored(t)) {
		if !json.Valid([]byte(line)) || line[0] != '{' || strings.Count(line, "\r") > 0 {
			t.Errorf("%q is stored", line)
		}
	}
}

func TestWhatIsStoredIsWhatWasSent(t *testing.T) {
	in := running(t, t.TempDir())
	body := events("chat/1", 0, 5000) // several blocks
	got, err := in.Take(ctx, strings.NewReader(body), -1, Lines, []string{"chat/"})
	if err != nil || got.Accepted != 5000 {
		t.Fatalf("%s %v", told(got), err)
	}
	if d := cmp.Diff(body, in.stored(t)); d != "" {
		t.Error(d)
	}
	list := "[" + strings.ReplaceAll(strings.TrimSpace(events("chat/2", 0, 5000)), "\n", ",") + "]"
	if got, err := in.Take(ctx, strings.NewReader(list), -1, List, nil); err != nil || got.Accepted != 5000 {
		t.Errorf("%s %v", told(got), err)
	}
}

func TestAListThatIsNoneIsRefused(t *testing.T) {
	in := running(t, t.TempDir())
	e := one("chat/1", "a")
	for _, body := range []string{"", "{}", e, "[", "[" + e, "[" + e + ",", "[" + e + ",]", "[,]", "[" + e + ",," + e + "]", "[] 1", "[][]", "[" + e + "]]", "x"} {
		if _, err := in.Take(ctx, strings.NewReader(body), -1, List, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%.20q: %v", body, err)
		}
	}
	broken := errors.New("broken")
	if _, err := in.Take(ctx, io.MultiReader(strings.NewReader(e), iotest.ErrReader(broken)), -1, Lines, nil); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
}

func TestARequestFullOfMistakesIsGivenUp(t *testing.T) {
	in := running(t, t.TempDir())
	for name, body := range map[string]string{"wrong": strings.Repeat("{}\n", 1<<20), "blank": strings.Repeat("\n", 2<<20)} {
		if _, err := in.Take(ctx, strings.NewReader(body), -1, Lines, nil); !errors.Is(err, errWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusalsAreCountedAndSampled(t *testing.T) {
	in := running(t, t.TempDir())
	body := "{}\n\xff\n" + strings.Replace(one("chat/1", "a"), "2020", "1020", 1) + "\n" + one("pay", "b") + "\n" + strings.Replace(one("chat/1", "c"), `812`, `"x"`, 1)
	if _, err := in.Take(ctx, strings.NewReader(body), -1, Lines, []string{"chat"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"specversion": 1, "line": 1, "time": 1, "not_yours": 1, "data": 1}
	got := map[string]uint64{}
	for i, n := range in.Refused() {
		if n > 0 {
			got[Reasons[i]] = n
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	samples := in.Samples()
	if len(samples) != 5 || samples[0].Line != 5 || samples[0].ID != "c" || samples[0].Field != "data.bytes" || !strings.HasPrefix(samples[0].Text, `{"spec`) {
		t.Errorf("%+v", samples)
	}
	for range 100 {
		_, _ = in.Take(ctx, strings.NewReader("{}\n"), 3, Lines, nil)
	}
	if n := len(in.Samples()); n != maxSamples {
		t.Errorf("%d samples", n)
	}
}

func FuzzListsBecomeLines(f *testing.F) {
	for _, s := range []string{`[]`, `[{"a":"b,]"},{"c":[1,{"d":2}]}]`, "[\n{\"a\":1},\r\n{}\n]", `[1,"\"]",null]`, `[[[]],{}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		fl := &flattener{}
		fl.reset(bytes.NewReader(list), true)
		lines, err := io.ReadAll(fl)
		var want []json.RawMessage
		if json.Unmarshal(list, &want) != nil || list == nil || bytes.Equal(bytes.TrimSpace(list), []byte("null")) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", list, err)
		}
		var got []json.RawMessage
		for line := range bytes.Lines(lines) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				got = append(got, line)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d lines, want %d", list, len(got), len(want))
		}
		for i := range got {
			var a, b bytes.Buffer
			if json.Compact(&a, got[i]) != nil || json.Compact(&b, want[i]) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%q: line %d is %q, want %q", list, i, got[i], want[i])
			}
		}
	})
}
