package program

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestAsk plays testdata/ask/*.txtar: questions and their answers, line by line.
func TestAsk(t *testing.T) {
	cases, err := filepath.Glob("testdata/ask/*.txtar")
	if err != nil || len(cases) != len(asks)+1 { // one for each ask, and the bad lines
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			ok, err := Ask(Default(), bytes.NewReader(ar.Files[0].Data), &got)
			if err != nil || ok == bytes.Contains(got.Bytes(), []byte(`"error":`)) {
				t.Errorf("Ask returned %v, %v", ok, err)
			}
			if *update {
				ar.Files[1].Data = got.Bytes()
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(ar.Files[1].Data), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

const good = `{"id":"ok","ask":"guideline","terms":"2017-04-10","class":"xss"}` + "\n"

func TestALineTooLongIsAnErrorForThatLineOnly(t *testing.T) {
	fits := `{"id":"fits","ask":"guideline","terms":"2017-04-10","class":"xss","pad":"` + strings.Repeat("x", maxQuestion-100) + `"}` + "\n"
	for _, c := range []struct {
		name, in string
		errors   []bool
	}{
		{"between two good ones", good + strings.Repeat("x", 3*maxQuestion) + "\n" + good, []bool{false, true, false}},
		{"as the last, without an end", good + strings.Repeat("x", maxQuestion+1), []bool{false, true}},
		{"as the last, with an end", strings.Repeat("x", maxQuestion+1) + "\n", []bool{true}},
		{"a long one that still fits", fits + good, []bool{false, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ok, err := Ask(Default(), strings.NewReader(c.in), &out)
			var got []bool
			for l := range bytes.Lines(out.Bytes()) {
				got = append(got, bytes.Contains(l, []byte(`"error":"the line is longer`)))
			}
			if diff := cmp.Diff(c.errors, got); diff != "" || err != nil || ok == slices.Contains(c.errors, true) {
				t.Errorf("ok %v, %v, errors (-want +got):\n%s", ok, err, diff)
			}
		})
	}
}

func TestAskReadsWhatOtherProgramsWrite(t *testing.T) {
	for _, c := range []struct{ name, in string }{
		{"a byte order mark", "\ufeff" + good},
		{"line ends of another system", strings.ReplaceAll(good, "\n", "\r\n")},
		{"no line end at the end", strings.TrimSpace(good)},
		{"empty lines", "\n\n" + good + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ok, err := Ask(Default(), strings.NewReader(c.in), &out)
			if !ok || err != nil || strings.Count(out.String(), "\n") != 1 || !strings.HasPrefix(out.String(), `{"id":"ok","answer":{"usd":500,`) {
				t.Errorf("%v, %v, %s", ok, err, &out)
			}
		})
	}
	var out bytes.Buffer
	if ok, err := Ask(Default(), strings.NewReader(""), &out); !ok || err != nil || out.Len() != 0 {
		t.Errorf("no question: %v, %v, %q", ok, err, &out)
	}
	if ok, err := Ask(Default(), strings.NewReader("{\"id\":\"\xff\"}\n"+good), &out); ok || err != nil || !strings.Contains(out.String(), "not UTF-8") {
		t.Errorf("bytes that are no text: %v, %v, %q", ok, err, &out)
	}
}

// TestWhoWaitsForAnAnswerGetsIt: a program that asks the next question only after the answer to
// the last one must not wait for ever.
func TestWhoWaitsForAnAnswerGetsIt(t *testing.T) {
	qr, qw := io.Pipe()
	ar, aw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := Ask(Default(), qr, aw)
		done <- errors.Join(err, aw.Close())
	}()
	answers := bufio.NewScanner(ar)
	for range 3 {
		if _, err := io.WriteString(qw, good); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.Contains(answers.Text(), `"usd":500`) {
			t.Fatalf("got %q", answers.Text())
		}
	}
	if err := qw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestAskReportsWhatItCannotReadOrWrite(t *testing.T) {
	if _, err := Ask(Default(), strings.NewReader(good), fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("writing to a full disk: %v", err)
	}
	broken := errors.New("cable cut")
	var out bytes.Buffer
	_, err := Ask(Default(), io.MultiReader(strings.NewReader(good), iotest.ErrReader(broken)), &out)
	if !errors.Is(err, broken) || !strings.Contains(out.String(), `"usd":500`) {
		t.Errorf("reading from a broken line: %v, %q", err, &out)
	}
}

func FuzzAsk(f *testing.F) {
	cases, err := filepath.Glob("testdata/ask/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range cases {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for l := range bytes.Lines(ar.Files[0].Data) {
			f.Add(l)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		ok, err := Ask(Default(), bytes.NewReader(in), &out)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for l := range bytes.Lines(bytes.TrimPrefix(in, []byte("\ufeff"))) {
			if len(bytes.TrimSpace(bytes.TrimPrefix(l, []byte("\ufeff")))) > 0 {
				lines++
			}
		}
		for l := range bytes.Lines(out.Bytes()) {
			lines--
			var a struct {
				Answer json.RawMessage
				Error  string
			}
			if err := json.Unmarshal(l, &a); err != nil || (a.Error == "") == (a.Answer == nil) {
				t.Fatalf("%q is answered %q", in, l)
			}
			if a.Error != "" && ok {
				t.Fatalf("%q is answered %q and all is well", in, l)
			}
		}
		if lines != 0 {
			t.Fatalf("%q has %d lines more than its answers %q", in, lines, &out)
		}
	})
}

// TestTermsThatSayNothing: another program's terms need not rule what ours do.
func TestTermsThatSayNothing(t *testing.T) {
	files := base(t)
	text := files["2017-04-10.yaml"].Data
	for _, change := range [][2]string{
		{"{amount: \"500\", currency: USD}", "{amount: \"500\", currency: EUR}"},
		{"    reading: C-6\n    params:\n      rate: {from: USD, to: JPY, day: month_end, closed: [sunday, public_holiday], rounding: down}\n", ""},
		{"  - id: C-6\n    settles: gap\n    text: {ja: 最後のレートです。, en: We take the last rate.}\n    params:\n      rate: {from: USD, to: JPY, day: month_end, closed: [saturday, sunday, public_holiday, year_end], rounding: down}\n", ""},
	} {
		if bytes.Count(text, []byte(change[0])) != 1 {
			t.Fatalf("the base does not hold %q once", change[0])
		}
		text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	}
	files["2017-04-10.yaml"].Data = text
	p, complaints, err := Load(files)
	if err != nil || p == nil {
		t.Fatalf("loading: %v %v", complaints, err)
	}
	for _, c := range []struct{ name, question, says string }{
		{"no conversion", `{"ask":"rate_date","received_at":"2018-01-01"}`, "terms 2017-04-10 say nothing about conversion"},
		{"no age", `{"ask":"adult","born":"1990-01-01","residence":"JP","on":"2018-01-01"}`, "terms 2017-04-10 say nothing about age"},
		{"no secrecy", `{"ask":"disclosure","received":"2018-01-01","today":"2018-01-01"}`, "terms 2017-04-10 say nothing about secrecy"},
		{"no such period", `{"ask":"deadline","kind":"reply","from":"2018-01-01"}`, `kind is \"reply\", want one of payment_info`},
		{"a guide in another currency", `{"ask":"guideline","terms":"2017-04-10","class":"xss"}`, "class xss has its guide reward in EUR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if ok, err := Ask(p, strings.NewReader(c.question), &out); ok || err != nil || !strings.Contains(out.String(), c.says) {
				t.Errorf("%v, %v, %s", ok, err, &out)
			}
		})
	}
}
