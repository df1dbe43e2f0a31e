package receipt_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

// anyText draws what participants and attackers type.
var anyText = rapid.OneOf(
	rapid.StringN(1, 40, 200),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) string { return string(b) }),
	rapid.SampledFrom([]string{
		"poc.py", " ", "a\nb", `C:\x`, "\u202efdp.exe", "名前\u200b.txt", "\xff\xfe", "\\u{41}", "\ufeff", "火の見", "\x1b[2J", "a\r\n\r\nb", "\u2028",
	}),
)

func anyHash(t *rapid.T, label string) receipt.Hash {
	return receipt.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func anyDay(t *rapid.T, label string) string {
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, label), 0).UTC().Format("2006-01-02")
}

func anyStatement(t *rapid.T) receipt.Statement {
	s := receipt.Statement{
		Program: anyText.Draw(t, "program"), Kind: rapid.SampledFrom([]receipt.Kind{receipt.Report, receipt.Known}).Draw(t, "kind"),
		ID: anyText.Draw(t, "id"), Received: time.UnixMicro(rapid.Int64Range(0, 2e17).Draw(t, "received")).UTC(),
		BodySHA256: anyHash(t, "body"), BodySize: rapid.Int64Range(0, 1<<40).Draw(t, "size"), Salt: anyHash(t, "salt"),
	}
	if s.Kind == receipt.Report || rapid.Bool().Draw(t, "terms") {
		s.Terms, s.TermsSHA256 = anyText.Draw(t, "version"), anyHash(t, "terms hash")
	}
	if rapid.Bool().Draw(t, "secret") {
		s.DisclosureFrom = anyDay(t, "disclosure")
	}
	if s.Kind == receipt.Known && rapid.Bool().Draw(t, "claims") {
		s.ClaimedSince = anyDay(t, "claim")
	}
	for range rapid.IntRange(0, 4).Draw(t, "files") {
		f := receipt.File{SHA256: anyHash(t, "file"), Size: rapid.Int64Range(0, 1<<30).Draw(t, "file size")}
		if rapid.Bool().Draw(t, "named") {
			f.Name = anyText.Draw(t, "name")
		}
		s.Files = append(s.Files, f)
	}
	return s
}

func TestAStatementReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStatement(t)
		text, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		back, err := receipt.ParseStatement(text)
		if err != nil {
			t.Fatalf("%v, in\n%s", err, text)
		}
		if d := cmp.Diff(s, back); d != "" {
			t.Fatal(d)
		}
		for _, r := range text {
			if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e {
				t.Fatalf("%q shows as something else", text)
			}
		}
	})
}

func TestTheCommitmentIsTheHashOfTheTopOfTheFile(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	a := d.submit("a")
	file := d.issue(a)
	// What doc/receipt.md tells a reader with nothing but sed and sha256sum to do.
	top, _, _ := strings.Cut(string(file), "\n\n")
	want, err := a.Statement.Commitment()
	if err != nil {
		t.Fatal(err)
	}
	if got := sha256.Sum256([]byte(top + "\n")); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	_, proof, _ := strings.Cut(string(file), "\n\nc2sp.org/tlog-proof@v1\n")
	if _, err := receipt.ParseProof("c2sp.org/tlog-proof@v1\n" + proof); err != nil {
		t.Errorf("the tail is no tlog-proof: %v", err)
	}
}

func TestAReceiptReadsAsAPersonExpects(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	a := d.submit("7K3M9X2Q")
	file := string(d.issue(a))
	commitment, err := a.Statement.Commitment()
	if err != nil {
		t.Fatal(err)
	}
	root := tlog.RecordHash(commitment[:])
	want := []string{
		"hinomi.dev/receipt/v1",
		"program: LINE Security Bug Bounty",
		"kind: report",
		"id: 7K3M9X2Q",
		"received: 2020-10-15T08:56:03.000000Z",
		"terms: 2017-04-10",
		fmt.Sprintf("terms-sha256: %x", sha256.Sum256([]byte("terms"))),
		"disclosure-from: 2021-10-16",
		fmt.Sprintf("body: %x 4", sha256.Sum256([]byte("body"))),
		fmt.Sprintf("file: %x 5 動画.mp4", sha256.Sum256([]byte("video"))),
		"salt: " + hex.EncodeToString(a.Statement.Salt[:]),
		"",
		"log: desk.example/log",
		"entry: 0",
		"received-jst: 2020-10-15 17:56:03 JST",
		"received-utc: 2020-10-15 08:56:03 UTC",
		"published-by: 2020-10-15T09:26:03.000000Z",
		"key: " + d.Key.Verifier(),
		"",
		"— desk.example/log …",
		"",
		"c2sp.org/tlog-proof@v1",
		"index 0",
		"",
		"desk.example/log",
		"1",
		base64.StdEncoding.EncodeToString(root[:]),
		"",
		"— desk.example/log …",
	}
	got := lines([]byte(file))
	for i, line := range got {
		if strings.HasPrefix(line, "— ") {
			got[i] = line[:strings.LastIndex(line, " ")] + " …"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAKnownIssueMarksItsClaim(t *testing.T) {
	s := validStatement(func(s *receipt.Statement) {
		s.Kind, s.ClaimedSince, s.Terms, s.TermsSHA256, s.DisclosureFrom = receipt.Known, "2019-03-01", "", receipt.Hash{}, ""
	})
	text, err := s.Text()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, text, "kind: known\n", "claimed-since: 2019-03-01\n")
}

func TestStatementsThatWouldNotReadBackAreRefused(t *testing.T) {
	for name, change := range map[string]func(*receipt.Statement){
		"no id":                          func(s *receipt.Statement) { s.ID = "" },
		"no program":                     func(s *receipt.Statement) { s.Program = "" },
		"no kind":                        func(s *receipt.Statement) { s.Kind = "" },
		"no time":                        func(s *receipt.Statement) { s.Received = time.Time{} },
		"nanoseconds":                    func(s *receipt.Statement) { s.Received = start.Add(1) },
		"a report without terms":         func(s *receipt.Statement) { s.Terms = "" },
		"a report with a claim":          func(s *receipt.Statement) { s.ClaimedSince = "2019-01-01" },
		"a day that is none":             func(s *receipt.Statement) { s.DisclosureFrom = "2021-02-30" },
		"a day that brings a line along": func(s *receipt.Statement) { s.DisclosureFrom = "2021-02-20\nsalt: 0" },
		"a negative size":                func(s *receipt.Statement) { s.Files[0].Size = -1 },
		"a body of negative size":        func(s *receipt.Statement) { s.BodySize = -1 },
		"more than a receipt holds":      func(s *receipt.Statement) { s.Files[0].Name = strings.Repeat("x", 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			s := validStatement(change)
			if text, err := s.Text(); err == nil {
				t.Errorf("it was written:\n%s", text)
			}
			if _, err := s.Commitment(); err == nil {
				t.Error("it was committed to")
			}
		})
	}
}

func TestOnlyOneSpellingIsRead(t *testing.T) {
	text, err := validStatement().Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another order":          {"kind: report\nid: 7K3M9X2Q", "id: 7K3M9X2Q\nkind: report"},
		"an unknown line":        {"salt: ", "note: x\nsalt: "},
		"upper case hex":         {"terms-sha256: ", "terms-sha256: A"},
		"a needless escape":      {"program: LINE", `program: \u{4c}INE`},
		"an escape of a letter":  {"program: LINE", `program: \x4cINE`},
		"leading zeros":          {" 4\n", " 04\n"},
		"no microseconds":        {".000000Z", "Z"},
		"another zone":           {".000000Z", ".000000+00:00"},
		"a missing line":         {"kind: report\n", ""},
		"a space at the end":     {"kind: report\n", "kind: report \n"},
		"an empty name":          {" 5 動画.mp4", " 5 "},
		"another kind":           {"kind: report", "kind: rumour"},
		"a carriage return":      {"kind: report", "kind: report\r"},
		"something after it all": {"salt: ", "salt: 00\nsalt: "},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(text, change[0], change[1], 1)
			if changed == text {
				t.Fatal("the test changes nothing")
			}
			if _, err := receipt.ParseStatement(changed); err == nil {
				t.Errorf("read:\n%s", changed)
			}
		})
	}
}

func TestTilePaths(t *testing.T) {
	for path, want := range map[string]tlog.Tile{
		"tile/0/000":                 {H: 8, L: 0, N: 0, W: 256},
		"tile/0/x001/x234/067":       {H: 8, L: 0, N: 1234067, W: 256},
		"tile/1/x001/067.p/17":       {H: 8, L: 1, N: 1067, W: 17},
		"tile/entries/x001/067.p/17": {H: 8, L: -1, N: 1067, W: 17},
		"tile/entries/005":           {H: 8, L: -1, N: 5, W: 256},
	} {
		got, err := receipt.ParseTilePath(path)
		if err != nil || got != want || receipt.TilePath(got) != path {
			t.Errorf("%s is %v (%s), %v", path, got, receipt.TilePath(got), err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/0", "tile/0/0", "tile/0/00", "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/x000/001", "tile/0/1000", "tile/0/000/", "tile/data/000", "tile/8/0/000", "tile/-1/000", "tile/64/000", "tile/0/x001", "tile/0/+01",
		"tile/entries/000.p", "tile/entries", "/tile/0/000", "tile/0/../key", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/0/%2e",
	} {
		if got, err := receipt.ParseTilePath(path); err == nil {
			t.Errorf("%q is %v", path, got)
		}
	}
}

func TestCheckpointsThatAreNone(t *testing.T) {
	root := tlog.Hash{}.String()
	sig := "\n— a AAAA\n"
	for name, text := range map[string]string{
		"empty":              "",
		"no signature":       "a\n1\n" + root + "\n",
		"no origin":          "\n1\n" + root + "\n" + sig,
		"no root":            "a\n1\n" + sig,
		"leading zero":       "a\n01\n" + root + "\n" + sig,
		"negative":           "a\n-1\n" + root + "\n" + sig,
		"more than there is": "a\n9223372036854775807\n" + root + "\n" + sig,
		"short root":         "a\n1\n" + root[4:] + "\n" + sig,
		"loose base64":       "a\n1\n" + root[:42] + "B=\n" + sig,
		"empty line inside":  "a\n1\n" + root + "\n\nx\n" + sig,
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := receipt.ParseCheckpoint(text); err == nil {
				t.Errorf("read: %+v", c)
			}
		})
	}
	if c, err := receipt.ParseCheckpoint("a\n7\n" + root + "\nextension\n" + sig); err != nil || c.Size != 7 || c.Origin != "a" {
		t.Errorf("%+v, %v", c, err)
	}
}
