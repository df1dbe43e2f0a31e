package app_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/lang"
)

// stream opens a live stream and returns where its changes arrive; the channel closes with the stream.
func (d *bench) stream(url, session string) <-chan struct{} {
	d.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	d.must(err)
	req.AddCookie(&http.Cookie{Name: "session", Value: session})
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose // the goroutine that reads it closes it
	d.must(err)
	if res.StatusCode != http.StatusOK {
		d.Fatalf("%s answers %d", url, res.StatusCode)
	}
	changes := make(chan struct{}, 64)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "retry:") { //nolint:revive // until the stream listens
	}
	go func() {
		defer close(changes)
		defer res.Body.Close()
		for lines.Scan() {
			if lines.Text() == "event: changed" {
				changes <- struct{}{}
			}
		}
	}()
	return changes
}

func TestAReporterDoesNotHearTheDeskTalk(t *testing.T) {
	d := openBench(t, "", 1)
	tri := d.triager()
	draft, err := d.Reports.NewDraft(ctx, d.writers[0], submission(rand.New(rand.NewPCG(1, 1)), 1))
	d.must(err)
	rep, err := d.Reports.Submit(ctx, d.writers[0], draft.ID, lang.JA)
	d.must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(serving, ln) }()
	at := "http://" + ln.Addr().String()
	desk := d.stream(at+"/desk/reports/"+rep.ID+"/live", d.session(tri.ID))
	reporter := d.stream(at+"/reports/"+rep.ID+"/live", d.session(d.writers[0].ID))

	d.must(d.Reports.Note(ctx, tri, rep.ID, "Between us: this looks like the one of last week."))
	<-desk
	d.must(d.Reports.Say(ctx, tri, rep.ID, "Thank you, we are on it.", false))
	<-desk
	<-reporter // at the same look at the trail, or at the note's
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	more := 0
	for range reporter {
		more++
	}
	if more > 0 {
		t.Errorf("the reporter's page heard %d changes more than the one message it was shown", more)
	}
}
