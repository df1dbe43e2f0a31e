package mail

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

// The variables that tell a second process of this test which desk it is a node of.
const (
	crashURL, crashDir, crashPost = "HINOMI_TEST_CRASH_URL", "HINOMI_TEST_CRASH_DIR", "HINOMI_TEST_CRASH_POST"
)

// TestANodeThatDies is the second process: it sends a mail and is killed before it can note so.
func TestANodeThatDies(t *testing.T) {
	if os.Getenv(crashPost) == "" {
		t.Skip("runs as a process of its own, started by TestKilledBetweenSendingAndNoting")
	}
	d, err := db.Open(ctx, os.Getenv(crashURL), os.Getenv(crashDir))
	if err != nil {
		t.Fatal(err)
	}
	k := newDesk(t, d)
	k.Sender = sender(func(m Mail) error {
		if err := (SMTP{Addr: os.Getenv(crashPost), TLS: TLSNone}).Send(ctx, m); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	_, err = k.Deliver(ctx)
	t.Fatalf("still alive: %v", err)
}

func TestKilledBetweenSendingAndNoting(t *testing.T) {
	for engine, open := range map[string]func(t *testing.T) (url, dir string){
		"sqlite":   func(t *testing.T) (string, string) { return "", t.TempDir() },
		"postgres": func(t *testing.T) (string, string) { return dbtest.PostgresURL(t), "" },
	} {
		t.Run(engine, func(t *testing.T) {
			url, dir := open(t)
			d, err := db.Open(ctx, url, dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			k := newDesk(t, d)
			if err := k.ask(nil); err != nil {
				t.Fatal(err)
			}
			node := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestANodeThatDies$")
			node.Env = append(os.Environ(), crashURL+"="+url, crashDir+"="+dir, crashPost+"="+k.post.Addr)
			out, err := node.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the node was not killed: %v\n%s", err, out)
			}
			if m := k.only(); m.State != Queued || m.Tries != 1 || len(k.post.letters()) != 1 {
				t.Fatalf("after the crash: %+v, %d letters", m, len(k.post.letters()))
			}
			if k.deliver() {
				t.Fatal("sent again while the dead node's lease lasts")
			}
			k.now = k.now.Add(lease)
			k.deliver()
			got := k.post.letters()
			if m := k.only(); m.State != Accepted || m.Tries != 2 || len(got) != 2 || got[0] != got[1] {
				t.Errorf("after the lease: %+v\n%v", m, got)
			}
		})
	}
}

func TestARequestDeliveredTwiceIsOneMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		relay := &bus.Relay{DB: d, Now: k.Now, Log: k.Log}
		relay.Subscribe("mail", "mail.requested", k.Requested)
		relay.Subscribe("a neighbour that fails once", "mail.requested", func() bus.Handler {
			failed := false
			return func(context.Context, *sql.Tx, bus.Message) error {
				if !failed {
					failed = true
					return errors.New("not now")
				}
				return nil
			}
		}())
		if err := d.Tx(ctx, func(tx *sql.Tx) error { return bus.Queue(ctx, tx, k.now, "mail.requested", requestBody(nil)) }); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := relay.Deliver(ctx); err != nil {
				t.Fatal(err)
			}
			k.now = k.now.Add(time.Minute)
		}
		if n := dbtest.Count(t, d, "outbox"); n != 0 || k.only().State != Queued {
			t.Errorf("%d messages left", n)
		}
	})
}
