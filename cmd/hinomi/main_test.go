package main

import (
	"bytes"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hinomi": main})
}

// TestScript plays testdata/script: each file is a session with the real program, which gets
// nothing of the environment the tests run in.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
	})
}

func TestRunKeepsDataAndMessagesApart(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     []string
		code     int
		out, err bool // whether the stream carries anything
	}{
		{"help is data", []string{"--help"}, 0, true, false},
		{"help of a command is data", []string{"migrate", "--help"}, 0, true, false},
		{"no command is wrong use", nil, 2, false, true},
		{"an unknown command is wrong use", []string{"migrat"}, 2, false, true},
		{"an unknown flag is wrong use", []string{"migrate", "--datta=x"}, 2, false, true},
		{"a command that cannot do its work has failed", []string{"migrate", "--database=mysql://localhost/"}, 1, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, msg bytes.Buffer
			code := run(t.Context(), c.args, Streams{In: &bytes.Buffer{}, Out: &out, Err: &msg})
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if (out.Len() > 0) != c.out || (msg.Len() > 0) != c.err {
				t.Errorf("standard output %q, standard error %q", &out, &msg)
			}
		})
	}
}
