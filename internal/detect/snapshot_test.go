package detect

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSnapshotChangesNothing cuts streams anywhere and goes on with another engine.
func TestSnapshotChangesNothing(t *testing.T) {
	set := compile(chainedRules())
	for i := range uint64(12) {
		r := rand.New(rand.NewPCG(i, 9))
		stream := randomStream(r, 200+r.IntN(2000))
		o := Options{Lateness: 5 * time.Second, Partitions: 1 + r.IntN(3), Seed: 1}
		whole, want := runEngine(t, set, o, stream, 100)
		var got []string
		e, err := New(set, o)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(stream); {
			next := min(len(stream), at+1+r.IntN(len(stream)/3))
			got = append(got, feed(t, e, stream[at:next], 50, false)...)
			at = next
			var snapshot bytes.Buffer
			if err := e.Snapshot(&snapshot, uint64(at)); err != nil {
				t.Fatal(err)
			}
			e, err = New(set, Options{Lateness: o.Lateness, Partitions: 1 + r.IntN(4), Seed: r.Uint64()})
			if err != nil {
				t.Fatal(err)
			}
			position, fresh, err := e.Restore(&snapshot)
			if err != nil || position != uint64(at) || len(fresh) > 0 {
				t.Fatalf("restored position %d, fresh %v, error %v; want position %d", position, fresh, err, at)
			}
		}
		got = append(got, feed(t, e, nil, 50, true)...)
		if !slices.Equal(got, want) || e.Stats != whole.Stats {
			t.Errorf("stream %d: %d alerts and %+v, want %d and %+v", i, len(got), e.Stats, len(want), whole.Stats)
		}
	}
}

func TestRulesComeAndGoBetweenSnapshots(t *testing.T) {
	all := testRules()
	stream := randomStream(rand.New(rand.NewPCG(1, 9)), 3000)
	o := Options{Lateness: 5 * time.Second}
	_, want := runEngine(t, compile(all[1:]), o, stream, 100)
	e, err := New(compile(all[:len(all)-1]), o)
	if err != nil {
		t.Fatal(err)
	}
	got := feed(t, e, stream[:1500], 100, false)
	var snapshot bytes.Buffer
	if err := e.Snapshot(&snapshot, 0); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	if e, err = New(compile(all), o); err != nil {
		t.Fatal(err)
	}
	_, fresh, err := e.Restore(&snapshot)
	if err != nil || !slices.Equal(fresh, []string{"ratio"}) {
		t.Errorf("fresh are %v, error %v, want ratio", fresh, err)
	}
	got = append(got, feed(t, e, stream[1500:], 100, true)...)
	// The order of the rules has changed, and with it that of alerts of the same event.
	for _, alerts := range []*[]string{&got, &want} {
		*alerts = slices.DeleteFunc(*alerts, func(a string) bool {
			return strings.Contains(a, `"rule":"ratio"`) || strings.Contains(a, `"rule":"match"`)
		})
		slices.Sort(*alerts)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d alerts, want %d", len(got), len(want))
	}
}

// FuzzRestore gives an engine damaged snapshots: it refuses them, and does not fall over.
func FuzzRestore(f *testing.F) {
	set := compile(testRules())
	e, err := New(set, Options{Lateness: 5 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	feed(f, e, randomStream(rand.New(rand.NewPCG(1, 9)), 60), 60, false)
	var good bytes.Buffer
	if err := e.Snapshot(&good, 7); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:good.Len()-1])
	f.Add([]byte(snapshotHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := New(set, Options{Lateness: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := e.Restore(bytes.NewReader(b)); err == nil && !bytes.HasPrefix(b, good.Bytes()) {
			t.Errorf("a damaged snapshot of %d bytes was taken", len(b))
		}
	})
}
