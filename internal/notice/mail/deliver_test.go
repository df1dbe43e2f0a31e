package mail

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func notNowIsTriedAgainLaterAndLater(t *testing.T, k *desk) {
	k.post.answering(func(verb, _ string, tries int) string {
		if verb == "RCPT" && tries <= 3 {
			return "450 4.7.1 greylisted"
		}
		return ""
	})
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	for i, pause := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		k.deliver()
		if m := k.only(); m.State != Queued || m.Tries != i+1 || m.Refusals != i+1 || m.Failure != "450 4.7.1 greylisted" || !m.Ready.Equal(k.now.Add(pause)) {
			t.Fatalf("after try %d: %+v", i+1, m)
		}
		k.now = k.now.Add(pause - time.Microsecond)
		if k.deliver() {
			t.Fatal("tried too early")
		}
		k.now = k.now.Add(time.Microsecond)
	}
	k.deliver()
	if m := k.only(); m.State != Accepted || m.Tries != 4 || len(k.post.letters()) != 1 {
		t.Errorf("%+v, %d letters", m, len(k.post.letters()))
	}
}

func notEverIsABounceWithTheServersWords(t *testing.T, k *desk) {
	k.post.answering(func(verb, _ string, _ int) string {
		if verb == "RCPT" {
			return "550 5.1.1 \x00\xffno such\tuser"
		}
		return ""
	})
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	k.deliver()
	if m := k.only(); m.State != Bounced || m.Failure != "550 5.1.1 \uFFFDno such user" || !m.BouncedAt.Equal(k.now) {
		t.Errorf("%+v", m)
	}
	k.now = k.now.AddDate(0, 1, 0)
	if k.deliver() || k.messages("mail.bounced") != 1 {
		t.Errorf("a bounced mail was tried again, or announced %d times", k.messages("mail.bounced"))
	}
}

func patienceEndsAfterFourToFiveDays(t *testing.T, k *desk) {
	k.Sender = sender(func(Mail) error { return &Refusal{Code: 451, Text: "451 not now"} })
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	from := k.now
	for k.deliver() {
		k.now = k.only().Ready
	}
	m := k.only()
	if took := m.BouncedAt.Sub(from); m.State != Bounced || took < 4*24*time.Hour || took > 5*24*time.Hour || !strings.Contains(m.Failure, "451 not now") {
		t.Errorf("after %v: %+v", m.BouncedAt.Sub(from), m)
	}
}

func aServerOutOfReachLosesNothing(t *testing.T, k *desk) {
	server := k.Sender
	k.Sender = SMTP{Addr: "127.0.0.1:1", TLS: TLSNone}
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		k.deliver()
		k.now = k.only().Ready
	}
	if m := k.only(); m.State != Queued || m.Tries != 100 || m.Refusals != 0 || m.Failure == "" {
		t.Errorf("%+v", m)
	}
	k.Sender = server
	k.deliver()
	if m := k.only(); m.State != Accepted || m.Failure != "" {
		t.Errorf("%+v", m)
	}
}

func droppedAfterTheDataItGoesOutAgainAsTheSameMail(t *testing.T, k *desk) {
	k.post.answering(func(verb, _ string, tries int) string {
		if verb == "END" && tries == 1 {
			return "drop"
		}
		return ""
	})
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	k.deliver()
	k.now = k.only().Ready
	k.deliver()
	got := k.post.letters()
	if k.only().State != Accepted || len(got) != 2 || got[0] != got[1] {
		t.Errorf("%+v\n%v", k.only(), got)
	}
}

func aServerThatNeverSaysMakesFourCopiesNotForty(t *testing.T, k *desk) {
	k.post.answering(func(verb, _ string, _ int) string {
		if verb == "END" {
			return "drop"
		}
		return ""
	})
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	for k.deliver() {
		k.now = k.only().Ready
	}
	if n := len(k.post.letters()); k.only().State != Bounced || n != 4 {
		t.Errorf("%d copies, %+v", n, k.only())
	}
}

func theEndOfOurOwnContextIsNotedToo(t *testing.T, k *desk) {
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	stopping, stop := context.WithCancel(ctx)
	k.Sender = sender(func(Mail) error { stop(); return nil }) // the server took it while we were told to stop
	if _, err := k.Deliver(stopping); err != nil || k.only().State != Accepted {
		t.Errorf("%v: %+v", err, k.only())
	}
}

func manyNodesSendEachMailOnce(t *testing.T, k *desk) {
	const mails = 24
	for i := range mails {
		if err := k.ask(func(r, _ map[string]any) { r["to"] = fmt.Sprintf("r%d@reporter.test", i) }); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				some, err := k.Deliver(ctx)
				if err != nil {
					t.Error(err)
				}
				if !some || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, l := range k.post.letters() {
		count[l.to]++
	}
	if len(count) != mails || len(k.post.letters()) != mails {
		t.Errorf("%d letters to %d people, want %d", len(k.post.letters()), len(count), mails)
	}
}

func withoutAServerMailWaitsToBeReadInTheBrowser(t *testing.T, k *desk) {
	k.Sender = nil
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	ending, end := context.WithCancel(ctx)
	ran := make(chan error)
	go func() { ran <- k.Run(ending) }()
	end()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if m := k.only(); m.State != Queued || m.Body == "" || m.Tries != 0 {
		t.Errorf("%+v", m)
	}
}

func runSendsUntilTheContextEnds(t *testing.T, k *desk) {
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	running, end := context.WithCancel(ctx)
	k.Sender = sender(func(Mail) error { end(); return nil })
	if err := k.Run(running); err != nil || k.only().State != Accepted {
		t.Errorf("%v: %+v", err, k.only())
	}
}

type sender func(Mail) error

func (s sender) Send(_ context.Context, m Mail) error { return s(m) }
