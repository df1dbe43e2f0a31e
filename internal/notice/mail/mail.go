// Package mail sends copies of what waits in an account, and keys to it.
//
// Every mail is a row, written in the transaction of the change it tells of, and sent afterwards
// by a loop that may run on several nodes. A mail is sent at least once: when a node dies, or the
// connection breaks, between the server's taking the mail and our noting it, the mail goes out
// again with the same Message-ID, date and bytes, so that a reader's program can recognise it.
//
// Mail is not confidential on its way. So it says that something waits and where; what was
// reported, decided or awarded is read in the account. The few mails that carry a key (a link that
// signs somebody in) are shown to nobody at the desk, and their text is erased once it has left.
package mail

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"hinomi.dev/hinomi/internal/lang"
)

// A State is how far a mail came. "Read" is no state of a mail: only the account knows that.
type State string

// The states. A bounce may follow an acceptance days later.
const (
	Queued   State = "queued"   // waits for us, or for another try
	Accepted State = "accepted" // the mail server took it
	Bounced  State = "bounced"  // it did not arrive, and Failure says why
)

// A Mail is one mail to one person.
type Mail struct {
	ID         string
	To         string // the bare address
	Person     string // whose address it is, empty for somebody who has no account yet
	Template   string
	Lang       lang.Lang
	Subject    string
	Body       string // empty when withheld, or erased
	Key        bool   // the text carries a key, for the addressee's eyes only
	State      State
	Tries      int
	Refusals   int       // answers "not now"
	Ready      time.Time // not before this time
	MessageID  string    // without angle brackets, the same for every try
	AcceptedAt time.Time
	BouncedAt  time.Time
	Failure    string // the last reason why not, in the words of the server
	About      string // what it is a copy of, such as a message's id
	CreatedAt  time.Time

	From       netmail.Address // who signs it
	ReturnPath string          // where a bounce goes to; names the mail when the operator's server allows it
}

// wait returns how long to wait after the given number of failed tries: 1 min, 2, 4 … 4 h.
// RFC 5321, 4.5.4.1, asks for half an hour in the long run; the first tries are closer because
// somebody waits for a link on the screen.
func wait(tries int) time.Duration {
	return min(4*time.Hour, time.Minute<<min(max(tries-1, 0), 10))
}

// enough is how many answers of "not now" make a mail undeliverable. With wait between them they
// take between four and five days, as RFC 5321, 4.5.4.1, has it. Not reaching the server at all
// is our trouble and counts for nothing.
const enough = 34

// unclear is what an attempt counts whose end we did not see: the addressee may have the mail, so
// four copies must do.
const unclear = 9

// A Refusal is a mail server's answer that it does not take a mail.
type Refusal struct {
	Code    int    // 4xx not now, 5xx not ever
	Text    string // in the server's words
	Unclear bool   // the connection broke after the mail was handed over: it may arrive
}

func (r *Refusal) Error() string { return r.Text }

// address returns the bare address in the form we send to: no display name, no control
// characters, the domain in its ASCII form.
func address(s string) (string, error) {
	if len(s) > 254 || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("the address is longer than 254 bytes or contains a control character")
	}
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return "", fmt.Errorf("not a mail address: %w", err)
	}
	if a.Name != "" || strings.ContainsAny(s, "<>()") {
		return "", fmt.Errorf("not a bare mail address")
	}
	at := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:at], a.Address[at+1:]
	if strings.HasPrefix(domain, "[") {
		return a.Address, nil // an address literal, such as [192.0.2.1]
	}
	if domain, err = idna.Lookup.ToASCII(domain); err != nil {
		return "", fmt.Errorf("not a mail domain: %w", err)
	}
	return local + "@" + domain, nil
}

// domain returns what follows the @.
func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// returnPath returns the envelope sender for mail id: the bounce address with the id in it (VERP),
// so that even a bounce that quotes nothing of ours names its mail.
func returnPath(bounces, id string) string {
	at := strings.LastIndexByte(bounces, '@')
	return bounces[:at] + "+" + id + bounces[at:]
}
