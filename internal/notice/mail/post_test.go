package mail

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A post is a small real mail server. It speaks enough of RFC 5321 to take a mail, refuse it,
// hang, or drop the connection at the worst moment.
type post struct {
	Addr string
	wg   sync.WaitGroup
	done chan struct{}

	mu       sync.Mutex  // guards what follows
	secure   *tls.Config // offers STARTTLS, and login after it
	script   func(verb, arg string, tries int) string
	tries    map[string]int
	received []letter
}

type letter struct{ from, to, data, login string }

func newPost(t *testing.T) *post {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{Addr: l.Addr().String(), tries: map[string]int{}, done: make(chan struct{})}
	p.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		close(p.done)
		_ = l.Close()
		p.wg.Wait()
	})
	return p
}

// letters returns what was taken so far, also when the sender never heard of it.
func (p *post) letters() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.received...)
}

// answering sets what the server says: "" is the usual answer, "hang" and "drop" are what they say.
func (p *post) answering(script func(verb, arg string, tries int) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = script
}

// offering makes the server offer STARTTLS.
func (p *post) offering(c *tls.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secure = c
}

func (p *post) offer() *tls.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.secure
}

func (p *post) answer(verb, arg string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.script == nil {
		return ""
	}
	p.tries[verb+" "+arg]++
	return p.script(verb, arg, p.tries[verb+" "+arg])
}

func (p *post) serve(conn net.Conn) {
	raw := conn
	defer func() { _ = raw.Close() }()
	go func() { <-p.done; _ = raw.Close() }()
	r := bufio.NewReader(conn)
	say := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
	reply := func(verb, arg, usual string) bool {
		switch s := p.answer(verb, arg); s {
		case "":
			say(usual)
		case "hang":
			<-p.done
			return false
		case "drop":
			return false
		default:
			say(s)
			return s[0] < '4'
		}
		return true
	}
	if !reply("CONNECT", "", "220 post.test ESMTP") {
		return
	}
	var now letter
	secure := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-post.test")
			if p.offer() != nil && !secure {
				say("250-STARTTLS")
			}
			if secure {
				say("250-AUTH PLAIN LOGIN")
			}
			say("250-SMTPUTF8")
			say("250-ENHANCEDSTATUSCODES")
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go ahead")
			t := tls.Server(conn, p.offer())
			if err := t.HandshakeContext(ctx); err != nil {
				return
			}
			conn, r, secure = t, bufio.NewReader(t), true
		case "AUTH":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(arg, "PLAIN "))
			now.login = string(b)
			if !reply("AUTH", "", "235 2.7.0 welcome") {
				continue
			}
		case "MAIL":
			now.from = arg
			reply("MAIL", arg, "250 2.1.0 fine")
		case "RCPT":
			now.to = strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")
			reply("RCPT", now.to, "250 2.1.5 fine")
		case "DATA":
			if !reply("DATA", now.to, "354 go on") {
				continue
			}
			var b strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(line, "."))
			}
			now.data = b.String()
			switch s := p.answer("END", now.to); s {
			case "", "drop": // dropped after it was taken: the sender cannot know
				p.mu.Lock()
				p.received = append(p.received, now)
				p.mu.Unlock()
				if s == "drop" {
					return
				}
				say("250 2.0.0 taken")
			case "hang":
				<-p.done
				return
			default:
				say(s)
			}
		case "RSET":
			if !reply("RSET", "", "250 2.0.0 forgotten") {
				return
			}
		case "QUIT":
			reply("QUIT", "", "221 2.0.0 bye")
			return
		default:
			say("502 5.5.1 unknown")
		}
	}
}
