package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/lang"
)

func testMail(fn func(*Mail)) Mail {
	m := Mail{
		ID: "01TESTTESTTESTTESTTESTTEST", To: "aoi@reporter.test", Lang: lang.JA, Subject: "【LINE】報告に新しいメッセージがあります", Body: "葵 様\n\nhttps://desk.test/r\n",
		MessageID: "01TESTTESTTESTTESTTESTTEST@desk.test", CreatedAt: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC),
		From: netmail.Address{Name: "LINE Security Desk", Address: "desk@desk.test"}, ReturnPath: "bounces+01TESTTESTTESTTESTTESTTEST@desk.test",
	}
	if fn != nil {
		fn(&m)
	}
	return m
}

func TestAMailArrivesWhole(t *testing.T) {
	p := newPost(t)
	if err := (SMTP{Addr: p.Addr, TLS: TLSNone}).Send(context.Background(), testMail(nil)); err != nil {
		t.Fatal(err)
	}
	got := p.letters()
	if len(got) != 1 {
		t.Fatalf("%d letters arrived", len(got))
	}
	if got[0].to != "aoi@reporter.test" || !strings.HasPrefix(got[0].from, "FROM:<bounces+01TESTTESTTESTTESTTESTTEST@desk.test>") {
		t.Errorf("envelope %q to %q", got[0].from, got[0].to)
	}
	if strings.Contains(got[0].from, "SMTPUTF8") {
		t.Error("SMTPUTF8 was asked for where the address does not need it")
	}
	msg, err := netmail.ReadMessage(strings.NewReader(got[0].data))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Message-Id": "<01TESTTESTTESTTESTTESTTEST@desk.test>", "Auto-Submitted": "auto-generated", "Content-Language": "ja",
		"Date": "Thu, 15 Oct 2020 08:56:03 +0000", "From": `"LINE Security Desk" <desk@desk.test>`, "List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "",
	} {
		if v := msg.Header.Get(header); v != want {
			t.Errorf("%s: %q, want %q", header, v, want)
		}
	}
	if ct := msg.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain") {
		t.Errorf("Content-Type %q: only plain text goes out", ct)
	}
}

func TestEveryTrySendsTheSameBytes(t *testing.T) {
	p := newPost(t)
	for range 2 {
		if err := (SMTP{Addr: p.Addr, TLS: TLSNone}).Send(context.Background(), testMail(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.letters(); len(got) != 2 || got[0].data != got[1].data {
		t.Errorf("two tries of one mail differ:\n%v", got)
	}
}

func TestWhatTheServersAnswerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		verb, answer string
		refusal      *Refusal // nil: no answer about this mail
	}{
		"unknown addressee":        {"RCPT", "550 5.1.1 no such user", &Refusal{Code: 550}},
		"greylisting":              {"RCPT", "450 4.7.1 try again later", &Refusal{Code: 450}},
		"content refused":          {"END", "554 5.7.1 looks like spam", &Refusal{Code: 554}},
		"content deferred":         {"END", "451 4.3.0 queue full", &Refusal{Code: 451}},
		"no DATA now":              {"DATA", "452 4.3.1 no room", &Refusal{Code: 452}},
		"dropped after the data":   {"END", "drop", &Refusal{Unclear: true}},
		"hangs after the data":     {"END", "hang", &Refusal{Unclear: true}},
		"login wanted":             {"RCPT", "530 5.7.0 authenticate first", nil},
		"our sender refused":       {"MAIL", "550 5.7.1 not from you", nil},
		"greeted with 554":         {"CONNECT", "554 5.7.1 go away", nil},
		"hangs before it greets":   {"CONNECT", "hang", nil},
		"drops before the content": {"DATA", "drop", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t)
			p.answering(func(verb, _ string, _ int) string {
				if verb == c.verb {
					return c.answer
				}
				return ""
			})
			err := SMTP{Addr: p.Addr, TLS: TLSNone, Timeout: 300 * time.Millisecond}.Send(context.Background(), testMail(nil))
			r, ok := errors.AsType[*Refusal](err)
			switch {
			case err == nil:
				t.Fatal("no error")
			case ok != (c.refusal != nil):
				t.Fatalf("got %T %v", err, err)
			case ok && (r.Code != c.refusal.Code || r.Unclear != c.refusal.Unclear):
				t.Fatalf("got %+v, want %+v", r, c.refusal)
			case ok && r.Code != 0 && r.Text != c.answer:
				t.Errorf("the reason is %q, want the server's words %q", r.Text, c.answer)
			}
		})
	}
}

func TestTroubleAfterTheServerTookTheMailIsNoReasonToSendItAgain(t *testing.T) {
	for _, verb := range []string{"RSET", "QUIT"} {
		for _, answer := range []string{"drop", "421 4.3.2 shutting down"} {
			p := newPost(t)
			p.answering(func(v, _ string, _ int) string {
				if v == verb {
					return answer
				}
				return ""
			})
			if err := (SMTP{Addr: p.Addr, TLS: TLSNone}).Send(context.Background(), testMail(nil)); err != nil || len(p.letters()) != 1 {
				t.Errorf("%s answered with %s: %v, %d letters", verb, answer, err, len(p.letters()))
			}
		}
	}
}

func TestASendEndsWithItsContext(t *testing.T) {
	p := newPost(t)
	asked := make(chan struct{})
	p.answering(func(verb, _ string, _ int) string {
		if verb == "RCPT" {
			close(asked)
			return "hang"
		}
		return ""
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	if err := (SMTP{Addr: p.Addr, TLS: TLSNone, Timeout: time.Hour}).Send(ctx, testMail(nil)); err == nil {
		t.Error("a server that hangs took the mail")
	}
}

func TestNoMailLeavesWithoutTLSUnlessTheOperatorSaysSo(t *testing.T) {
	p := newPost(t) // offers no STARTTLS
	if err := (SMTP{Addr: p.Addr}).Send(context.Background(), testMail(nil)); err == nil || len(p.letters()) != 0 {
		t.Errorf("sent in the clear: %v", err)
	}
}

func TestTLSAndLogin(t *testing.T) {
	cert, roots := selfSigned(t)
	for _, policy := range []TLS{TLSRequired, TLSOptional} {
		p := newPost(t)
		p.offering(&tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
		s := SMTP{Addr: p.Addr, TLS: policy, Username: "desk", Password: "secret", Config: &tls.Config{RootCAs: roots, ServerName: "post.test"}}
		if err := s.Send(context.Background(), testMail(nil)); err != nil {
			t.Fatal(err)
		}
		if got := p.letters(); len(got) != 1 || got[0].login != "\x00desk\x00secret" {
			t.Errorf("%s: letters %+v", policy, got)
		}
		s.Config = nil // our roots do not know this server
		if err := s.Send(context.Background(), testMail(nil)); err == nil {
			t.Errorf("%s: a certificate nobody vouches for was good enough", policy)
		}
	}
}

func TestImplicitTLS(t *testing.T) {
	cert, roots := selfSigned(t)
	inner := newPost(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		conn, err := l.Accept()
		if err == nil {
			inner.serve(conn)
		}
	})
	s := SMTP{Addr: l.Addr().String(), TLS: TLSImplicit, Config: &tls.Config{RootCAs: roots, ServerName: "post.test"}}
	if err := s.Send(context.Background(), testMail(nil)); err != nil || len(inner.letters()) != 1 {
		t.Errorf("%v, %d letters", err, len(inner.letters()))
	}
	_ = l.Close()
	wg.Wait()
}

func TestAMailServerIsWrittenAsAURL(t *testing.T) {
	for in, want := range map[string]SMTP{
		"smtp://mail.example":                             {Addr: "mail.example:587", TLS: TLSRequired},
		"smtp://desk:s%40cret@mail.example:2525":          {Addr: "mail.example:2525", TLS: TLSRequired, Username: "desk", Password: "s@cret"},
		"smtps://mail.example/":                           {Addr: "mail.example:465", TLS: TLSImplicit},
		"smtp://[::1]:25?tls=none&helo=desk.example":      {Addr: "[::1]:25", TLS: TLSNone, Helo: "desk.example"},
		"smtp://127.0.0.1:25?tls=optional":                {Addr: "127.0.0.1:25", TLS: TLSOptional},
		"smtp://desk:pa%3Ass@mail.example?helo=a.example": {Addr: "mail.example:587", TLS: TLSRequired, Username: "desk", Password: "pa:ss", Helo: "a.example"},
	} {
		if got, err := ParseSMTP(in); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "mail.example:587", "http://desk:secret@mail.example", "smtp://", "smtp://desk:secret@mail.example:x", "smtp://desk:sec%ret@mail.example",
		"smtp://desk:secret@mail.example/inbox", "smtp://desk:secret@mail.example?tls=maybe", "smtp://desk:secret@mail.example:99999",
	} {
		if got, err := ParseSMTP(in); err == nil || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

func TestAnAddressInItsOwnScript(t *testing.T) {
	p := newPost(t)
	m := testMail(func(m *Mail) { m.To = "葵@reporter.test" })
	if err := (SMTP{Addr: p.Addr, TLS: TLSNone}).Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	if got := p.letters(); len(got) != 1 || got[0].to != "葵@reporter.test" || !strings.Contains(got[0].from, "SMTPUTF8") {
		t.Errorf("letters %+v", got)
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"post.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
