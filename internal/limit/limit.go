// Package limit slows down whoever asks too much: by network address and by account, for signing
// in and up, for mail that strangers can cause, for uploads and for the API.
//
// It protects the machine and other people's mailboxes, not secrets: its memory is bounded and its
// own (each node counts for itself, a restart forgets), so the guessing of passwords is slowed
// elsewhere, in the database. When its table is full the bucket unused for longest is forgotten:
// under a flood from very many addresses it lets through rather than shutting everyone out.
package limit

import (
	"container/list"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// An Action is what is limited.
type Action string

// What is limited.
const (
	SignIn   Action = "sign_in"  // any way of proving who one is, by address
	SignUp   Action = "sign_up"  // asking for a link by mail, by address
	Mail     Action = "mail"     // mail a stranger causes, by the account it goes to
	Ceremony Action = "ceremony" // beginning a passkey ceremony, by address
	Upload   Action = "upload"   // beginning an attachment, by account
	Submit   Action = "submit"   // sending a report, by account: the public log has a slot for each
	API      Action = "api"      // a call to the API, by token or address
	Verify   Action = "verify"   // having a receipt checked against the whole log, by address
	Refused  Action = "refused"  // trying what one may not, by account: each is put on record
	Keep     Action = "keep"     // having a form judged again while it is written, by account or address
)

// A Rule is a token bucket: Burst at once, then one each Every.
type Rule struct {
	Burst int
	Every time.Duration
}

// Defaults are the rules of a Limits without its own. An address may be a whole mobile network, so
// the ones by address are wide; an account is one person, so the ones by account are narrow.
var Defaults = map[Action]Rule{
	SignIn:   {Burst: 30, Every: 4 * time.Second},
	SignUp:   {Burst: 10, Every: time.Minute},
	Mail:     {Burst: 4, Every: 15 * time.Minute},
	Ceremony: {Burst: 60, Every: time.Second},
	Upload:   {Burst: 60, Every: 5 * time.Second},
	Submit:   {Burst: 30, Every: 30 * time.Minute},
	API:      {Burst: 600, Every: 100 * time.Millisecond},
	Verify:   {Burst: 30, Every: 2 * time.Second},
	Refused:  {Burst: 60, Every: 10 * time.Second},
	Keep:     {Burst: 120, Every: time.Second},
}

// size is how many buckets are remembered: about 200 bytes each, so some 6 MB at most.
const size = 1 << 15

// A Limits holds the buckets. It is safe for concurrent use.
type Limits struct {
	Now   func() time.Time
	Rules map[Action]Rule // nil means Defaults
	// Proxies are the networks of the proxies in front of us, besides this machine.
	Proxies []netip.Prefix

	// mu guards the two below. It is held for a few map operations, never across I/O.
	mu      sync.Mutex
	buckets map[name]*list.Element
	recent  *list.List // of *bucket, the most recently used first
}

// A name is what a bucket is found under. Keys are hashed: a long one costs no more memory.
type name struct {
	action Action
	key    [16]byte
}

// A bucket is empty at full: the instant at which everything taken from it has been refilled.
type bucket struct {
	name name
	full time.Time
}

// Take takes one from the bucket of each key, or from none and says when to come back. An action
// without a rule is a programming mistake.
func (l *Limits) Take(a Action, keys ...string) error {
	rules := l.Rules
	if rules == nil {
		rules = Defaults
	}
	rule, ok := rules[a]
	if !ok {
		panic("limit: no rule for " + string(a))
	}
	now := l.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	taken := make([]*bucket, len(keys))
	for i, k := range keys {
		taken[i] = l.bucket(a, k, now, rule)
		over := taken[i].full.Sub(now) - time.Duration(rule.Burst-1)*rule.Every
		wait = max(wait, over)
	}
	if wait > 0 {
		return later(wait)
	}
	for _, b := range taken {
		if b.full.Before(now) {
			b.full = now
		}
		b.full = b.full.Add(rule.Every)
	}
	return nil
}

func (l *Limits) bucket(a Action, key string, now time.Time, rule Rule) *bucket {
	if l.buckets == nil {
		l.buckets, l.recent = map[name]*list.Element{}, list.New()
	}
	sum := sha256.Sum256([]byte(key))
	n := name{action: a, key: [16]byte(sum[:16])}
	if e, ok := l.buckets[n]; ok {
		l.recent.MoveToFront(e)
		b := e.Value.(*bucket)
		// A clock that was set back must not keep anybody out for longer than an empty bucket does.
		if most := now.Add(time.Duration(rule.Burst) * rule.Every); b.full.After(most) {
			b.full = most
		}
		return b
	}
	if l.recent.Len() >= size {
		oldest := l.recent.Back()
		delete(l.buckets, l.recent.Remove(oldest).(*bucket).name)
	}
	b := &bucket{name: n, full: now}
	l.buckets[n] = l.recent.PushFront(b)
	return b
}

func later(wait time.Duration) error {
	en, ja := Wait(wait)
	return fault.New(fault.Later,
		"That was too often in a short time. Nothing was changed. Try again in %[1]s.",
		"短時間に操作が集中したため、受け付けませんでした。変更は行われていません。%[2]s後にもう一度お試しください。", en, ja).Retry(wait)
}

// Wait says a time to wait in both languages, rounded up to what a person would wait.
func Wait(d time.Duration) (en, ja string) {
	if d <= 90*time.Second {
		n := int((d + time.Second - 1) / time.Second)
		if n <= 1 {
			return "a second", "1秒"
		}
		return fmt.Sprintf("%d seconds", n), fmt.Sprintf("%d秒", n)
	}
	n := int((d + time.Minute - 1) / time.Minute)
	return fmt.Sprintf("%d minutes", n), fmt.Sprintf("%d分", n)
}

// Address returns the key for a network address: an IPv4 address as it is, an IPv6 address cut to
// its /64, which is what one subscriber has. What is no address is a key of its own.
func Address(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
