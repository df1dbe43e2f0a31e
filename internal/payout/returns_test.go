package payout_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout"
)

var inRun = map[string]string{"a1": "a1", "a2": "a2", "R-1": "a1"}

func TestReturnsAreTakenWholeOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string // nil: refused
	}{
		"nothing came back":                     {"", map[string]string{}},
		"by award and by report":                {"R-1,No such account\na2, 口座名義相違\n", map[string]string{"a1": "No such account", "a2": "口座名義相違"}},
		"a reason with a comma":                 {"a1,closed, since May", map[string]string{"a1": "closed, since May"}},
		"empty lines, and those of a table":     {"\r\n,\r\na1,closed\r\n\r\n", map[string]string{"a1": "closed"}},
		"Shift_JIS":                             {"a1,\x8c\xfb\x8d\xc0\x82\xc8\x82\xb5", map[string]string{"a1": "口座なし"}},
		"an award of another run":               {"a1,closed\na9,closed", nil},
		"without a reason":                      {"a1", nil},
		"twice, under both of its names":        {"a1,closed\nR-1,closed", nil},
		"neither of the two encodings":          {"a1,\xff\xff", nil},
		"a heading, which is no payment either": {"award,reason\na1,closed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := payout.ReadReturns([]byte(c.text), inRun)
			if c.want == nil {
				if f := fault.As(err); f == nil || f.Field != "returns" {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func FuzzReadReturns(f *testing.F) {
	f.Add([]byte("a1,closed\nR-1,x"))
	f.Add([]byte("\x8c\xfb,\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		back, err := payout.ReadReturns(text, inRun)
		if err != nil && fault.As(err) == nil {
			t.Errorf("an error for nobody: %v", err)
		}
		for award, reason := range back {
			if reason == "" || inRun[award] != award {
				t.Errorf("%q came back for %q", award, reason)
			}
		}
	})
}
