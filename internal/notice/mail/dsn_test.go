package mail

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
)

const testID = "01TESTTESTTESTTESTTESTTEST"

func bounceFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "bounce", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBouncesAsServersWriteThem(t *testing.T) {
	own := testID + "@desk.test"
	for name, want := range map[string]dsn{
		"postfix": {
			To:         []string{"bounces+" + testID + "@desk.test", "bounces@desk.test", "bounces+" + testID + "@desk.test"},
			MessageIDs: []string{own},
			Recipients: []recipient{{
				"aoi@reporter.test", "failed", "5.1.1",
				"550 5.1.1 <aoi@reporter.test>: Recipient address rejected: User unknown in virtual mailbox table",
			}},
		},
		"postfix-utf8": {
			To: []string{"desk@desk.test"}, MessageIDs: []string{own},
			Recipients: []recipient{{"葵@reporter.test", "failed", "5.1.1", `unknown user: "葵"`}},
		},
		"exim": {
			To: []string{"desk@desk.test", "desk@desk.test"}, MessageIDs: []string{own, own},
			Recipients: []recipient{{"aoi@reporter.test", "failed", "5.0.0", "554 5.7.1 Message rejected as spam"}},
		},
		"gmail": {
			To: []string{"desk@desk.test"}, MessageIDs: []string{own, own, own},
			Recipients: []recipient{{
				"aoi@gmail.test", "failed", "5.1.1",
				"550-5.1.1 The email account that you tried to reach does not exist. Please try " +
					"550-5.1.1 double-checking the recipient's email address for typos or 550 5.1.1 unnecessary spaces.",
			}},
		},
		"exchange": {
			To: []string{"<desk@desk.test>"}, MessageIDs: []string{own, own, own},
			Recipients: []recipient{{
				"aoi@corp.test", "failed", "5.1.10",
				"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient aoi@corp.test not found by SMTP address lookup",
			}},
		},
		"delayed": {
			To:         []string{"BOUNCES+" + strings.ToLower(testID) + "@desk.test"},
			Recipients: []recipient{{"aoi@reporter.test", "delayed", "4.4.1", "connect to mx.reporter.test[192.0.2.25]:25: Connection timed out"}},
		},
		"truncated": { // no action, an encoded status, an envelope id, cut off in the returned header
			To: []string{"desk@desk.test"}, Envelope: testID,
			Recipients: []recipient{{"aoi@reporter.test", "failed", "5.2.2", "status 5.2.2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for ends, raw := range map[string]string{
				"LF":   bounceFile(t, name),
				"CRLF": strings.ReplaceAll(bounceFile(t, name), "\n", "\r\n"),
			} {
				got, err := parseDSN(strings.NewReader(raw))
				if err != nil {
					t.Fatalf("%s: %v", ends, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", ends, diff)
				}
			}
		})
	}
}

func TestWhatIsNoBounceIsRefusedWithTheReason(t *testing.T) {
	for name, c := range map[string]struct{ raw, says string }{
		"a holiday reply": {bounceFile(t, "vacation"), "no delivery status"},
		"nothing":         {"", "no delivery status"},
		"noise":           {"\x00\xff\xfe garbage", "header cannot be read"},
		"too large":       {"Subject: x\r\n\r\n" + strings.Repeat("x", largest), "larger than any bounce"},
		"parts in parts for ever": {
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 5000),
			"no delivery status",
		},
	} {
		_, err := parseDSN(strings.NewReader(c.raw))
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Text.EN, c.says) || f.Text.JA == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAddressInUTF8MayBeEscaped(t *testing.T) {
	for in, want := range map[string]string{
		`utf-8; a\x{5B}b@x.test`:    "a[b@x.test",
		`utf-8;\x{8475}@x.test`:     "葵@x.test",
		`utf-8; a\x{110000}@x.test`: `a\x{110000}@x.test`, // beyond Unicode: left as it came
		`rfc822; a\x{5B}b@x.test`:   `a\x{5B}b@x.test`,
		` a@x.test `:                "a@x.test",
	} {
		if got := typed(in); got != want {
			t.Errorf("typed(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestNoBounceTakesLong feeds bounces of the largest size in the shapes that unfold worst. Joining
// a folded field without an end took 23 s; the limit is far above what a slow machine needs otherwise.
func TestNoBounceTakesLong(t *testing.T) {
	const status = "Content-Type: message/delivery-status\r\n\r\n"
	fill := func(head, with string) string {
		return head + strings.Repeat(with, (largest-200-len(head))/len(with))
	}
	for name, raw := range map[string]string{
		"a folded field":         fill(status+"Final-Recipient: rfc822; a@b.test\r\nDiagnostic-Code: smtp;", "\r\n x"),
		"a folded header":        fill("Subject: x", "\r\n x"),
		"many headers":           fill("", "To: a+01TESTTESTTESTTESTTESTTEST@b.test\r\n"),
		"many ids":               fill("Content-Type: message/delivery-status\r\nReferences: ", "<a@b>") + "\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n",
		"many groups":            fill(status, "Final-Recipient:a\r\n\r\n"),
		"many parts":             fill("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\n\r\n"),
		"almost boundaries":      fill("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", "\r\n--"),
		"a boundary of its own":  fill("Content-Type: multipart/mixed; boundary="+strings.Repeat("-", 60)+"\r\n\r\n", "-"),
		"nothing but line feeds": fill("Subject: x\n\n", "\n"),
		"open brackets":          fill(status+"Final-Recipient: utf-8; ", "\\x{"),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _ = parseDSN(strings.NewReader(raw))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("took %v", took)
			}
		})
	}
}

func FuzzDSN(f *testing.F) {
	files, err := filepath.Glob("testdata/bounce/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
		f.Add(b[:len(b)*2/3])
	}
	ms := &Mails{}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := parseDSN(bytes.NewReader(raw))
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("an error nobody can read: %v", err)
			}
			return
		}
		if len(d.Recipients) == 0 {
			t.Fatal("a bounce about nobody")
		}
		for _, r := range d.Recipients {
			if s := words(r.Reason); !utf8.ValidString(s) || len(s) > 1000 || strings.ContainsAny(s, "\x00\r\n") {
				t.Fatalf("a reason that cannot be stored: %q", s)
			}
		}
		for _, c := range ms.candidates(d) {
			if s := c.id + c.message; !utf8.ValidString(s) || strings.Contains(s, "\x00") || s == "" {
				t.Fatalf("an id that cannot be looked up: %q", s)
			}
		}
	})
}
