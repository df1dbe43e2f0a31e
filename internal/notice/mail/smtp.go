package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// A TLS says how the connection to the mail server is protected.
type TLS string

// The policies. The zero value is the safe one.
const (
	TLSRequired TLS = "required" // STARTTLS, and no mail without it
	TLSImplicit TLS = "implicit" // TLS from the first byte (port 465)
	TLSOptional TLS = "optional" // STARTTLS when offered: an attacker in between can take the offer away
	TLSNone     TLS = "none"     // for a server on this machine
)

// SMTP sends through one mail server. Addr is all it needs.
type SMTP struct {
	Addr     string // host:port
	TLS      TLS    // empty means TLSRequired
	Username string // empty: no authentication
	Password string
	Helo     string        // what we call ourselves; empty means this machine's name
	Timeout  time.Duration // of a whole attempt; zero means 30 s
	Config   *tls.Config   // nil: the system's roots and the server's name
}

// ParseSMTP reads where mail goes out: smtp://user:password@host:port, or smtps:// for TLS from the
// first byte. Ports default to 587 and 465. ?tls=optional or ?tls=none weakens smtp, for a server on
// this machine. No error repeats the password.
func ParseSMTP(s string) (SMTP, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return SMTP{}, errors.New("the mail server must be written like smtp://user:password@mail.example:587")
	}
	out := SMTP{TLS: TLSRequired, Username: u.User.Username(), Helo: u.Query().Get("helo")}
	out.Password, _ = u.User.Password()
	port := "587"
	if u.Scheme == "smtps" {
		out.TLS, port = TLSImplicit, "465"
	}
	if u.Port() != "" {
		port = u.Port()
	}
	out.Addr = net.JoinHostPort(u.Hostname(), port)
	if policy := u.Query().Get("tls"); policy != "" {
		out.TLS = TLS(policy)
	}
	if _, err := out.client(context.Background(), time.Second, true); err != nil {
		return SMTP{}, fmt.Errorf("the mail server at %s: %w", out.Addr, err)
	}
	return out, nil
}

// Send hands m to the server over a connection of its own.
func (s SMTP) Send(ctx context.Context, m Mail) error {
	msg, err := compose(m)
	if err != nil {
		return &Refusal{Code: 550, Text: err.Error()} // no later try would write it differently
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := s.client(ctx, timeout, ascii(m.To))
	if err != nil {
		return fmt.Errorf("setting up the connection to the mail server: %w", err)
	}
	if err = c.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return explain(err)
	}
	return nil // an error after "250" (RSET, QUIT) is no reason to send it twice
}

// explain tells a refusal of this mail from trouble with the server. Only the answers to RCPT
// and to the content are about this mail: a greeting, a login or a sender that the server does not
// want is the operator's affair, and bouncing everybody's mail for it would be wrong.
func explain(err error) error {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return fmt.Errorf("reaching the mail server: %w", err)
	}
	code := e.ErrorCode()
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
		if code == 530 || code == 535 || code == 538 {
			break // it wants us to sign in
		}
		if code != 0 {
			return &Refusal{Code: code, Text: answer(e)}
		}
		if e.Reason == gomail.ErrSMTPDataClose {
			return &Refusal{Unclear: true, Text: "the connection broke before the server said whether it took the mail: " + answer(e)}
		}
	}
	return fmt.Errorf("talking to the mail server: %w", err)
}

// answer takes the server's words out of go-mail's. They come as 550 "5.1.1 no such user"; the
// quotes are Go's, which guards a log against what a server may say.
func answer(e *gomail.SendError) string {
	s := strings.TrimPrefix(e.Error(), e.Reason.String()+": ")
	code, rest, _ := strings.Cut(s, " ")
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		if said, err := strconv.Unquote(quoted); err == nil {
			return code + " " + said
		}
	}
	s, _, _ = strings.Cut(s, ", affected ")
	return s
}

func (s SMTP) client(ctx context.Context, timeout time.Duration, plain bool) (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("port %q is no number", port)
	}
	cfg := &tls.Config{}
	if s.Config != nil {
		cfg = s.Config.Clone()
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	opts := []gomail.Option{
		gomail.WithPort(number), gomail.WithTimeout(timeout), gomail.WithoutNoop(), gomail.WithTLSConfig(cfg),
		gomail.WithDialContextFunc(s.dial(ctx, cfg)),
	}
	switch s.TLS {
	case "", TLSRequired:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLSOptional:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case TLSImplicit, TLSNone:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS)) // no STARTTLS; dial has done it, or nobody does
	default:
		return nil, fmt.Errorf("there is no TLS policy %q: use required, implicit, optional or none", s.TLS)
	}
	if plain {
		// Asked for when not needed, SMTPUTF8 narrows the servers that can take the mail and
		// turns its bounces into the global kind.
		opts = append(opts, gomail.WithoutSMTPUTF8())
	}
	if s.Helo != "" {
		opts = append(opts, gomail.WithHELO(s.Helo))
	}
	if s.Username != "" {
		opts = append(opts, gomail.WithUsername(s.Username), gomail.WithPassword(s.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(host, opts...)
}

// dial connects, and closes the connection when the attempt's context ends: go-mail itself looks
// at a context only while it connects, and a server that hangs must not hold up our own end.
func (s SMTP) dial(attempt context.Context, cfg *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(attempt, func() { _ = conn.Close() })
		if s.TLS != TLSImplicit {
			return conn, nil
		}
		t := tls.Client(conn, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return t, nil
	}
}

// compose writes the message. Everything in it follows from the row, so that every try sends the
// same bytes.
func compose(m Mail) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	if err := msg.EnvelopeFrom(m.ReturnPath); err != nil {
		return nil, fmt.Errorf("writing the return path: %w", err)
	}
	msg.FromMailAddress(&m.From)
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("writing the addressee: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.CreatedAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	msg.SetGenHeader("Content-Language", string(m.Lang))
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	return msg, nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
