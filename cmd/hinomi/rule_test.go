package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheShippedRulesDoWhatTheirExamplesSay(t *testing.T) {
	for _, args := range [][]string{{"rule", "test"}, {"rule", "test", "../../rules"}, {"rule", "check", "../../rules"}} {
		var out, msg bytes.Buffer
		if code := run(t.Context(), args, Streams{In: &bytes.Buffer{}, Out: &out, Err: &msg}); code != 0 {
			t.Errorf("%s: exit %d\n%s%s", strings.Join(args, " "), code, &out, &msg)
		}
	}
}
