package rule

import (
	"bytes"
	"testing"

	"hinomi.dev/hinomi/internal/event"
)

// The same six conditions, compiled from a rule and written by hand.
const sixConditions = `
s:
  type: [friend_request, group_invite]
  actor_kind: assistant
  region: [TW, TH, JP]
  api|startswith: /clova/
  status: 200
  bytes|gt: 100
condition: s`

func sixByHand(f *event.Fields) func(*event.Event) bool {
	kind, region, api, status, size := f.Slot("actor_kind"), f.Slot("region"), f.Slot("api"), f.Slot("status"), f.Slot("bytes")
	fold := func(b []byte, s string) bool { return len(b) == len(s) && bytes.EqualFold(b, []byte(s)) }
	return func(e *event.Event) bool {
		typ := e.Value(event.Type).Raw
		if !fold(typ, "friend_request") && !fold(typ, "group_invite") || !fold(e.Value(kind).Raw, "assistant") {
			return false
		}
		if r := e.Value(region).Raw; !fold(r, "TW") && !fold(r, "TH") && !fold(r, "JP") {
			return false
		}
		a := e.Value(api).Raw
		if len(a) < 7 || !fold(a[:7], "/clova/") || string(e.Value(status).Raw) != "200" {
			return false
		}
		n := 0
		for _, c := range e.Value(size).Raw {
			n = n*10 + int(c-'0')
		}
		return n > 100
	}
}

func BenchmarkSixConditions(b *testing.B) {
	set, complaints := loadText(head+indent(sixConditions), nil)
	if len(complaints) > 0 {
		b.Fatal(complaints)
	}
	byHand := sixByHand(set.Fields)
	data := `"actor_kind":"assistant","region":"JP","api":"/clova/v1/friends/add","status":200,"bytes":812`
	e := an(b, set.Fields, "group_invite", data)
	other := an(b, set.Fields, "group_invite", `"actor_kind":"assistant","region":"ID","api":"/clova/v1/friends/add","status":200,"bytes":812`)
	for _, c := range []struct {
		name string
		fn   func(*event.Event) bool
		e    *event.Event
		want bool
	}{
		{"compiled", set.Detections[0].Match, e, true},
		{"by hand", byHand, e, true},
		{"compiled, no match", set.Detections[0].Match, other, false},
		{"by hand, no match", byHand, other, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.fn(c.e) != c.want {
					b.Fatal("it should match, or not")
				}
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	set, complaints := loadText(head+indent("s: {target|expand: '%many%'}\ncondition: s"), map[string][]string{"many": many(100_000)})
	if len(complaints) > 0 {
		b.Fatal(complaints)
	}
	e := an(b, set.Fields, "login", `"target":"u77777"`)
	b.ReportAllocs()
	for b.Loop() {
		if !set.Detections[0].Match(e) {
			b.Fatal("it should match")
		}
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	set, _ := loadText(head+indent(sixConditions+"\n")+"", nil)
	e := an(t, set.Fields, "group_invite", `"actor_kind":"Assistant","region":"jp","api":"/clova/v1/friends/add","status":200,"bytes":812.5`)
	if n := testing.AllocsPerRun(100, func() { set.Detections[0].Match(e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
