package watch

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/stream"
)

var (
	ctx       = context.Background()
	responder = access.Caller{ID: "rei", Kind: access.Staff, Roles: []access.Role{access.Responder}}
	auditor   = access.Caller{ID: "aud", Kind: access.Staff, Roles: []access.Role{access.Auditor}}
	payer     = access.Caller{ID: "pay", Kind: access.Staff, Roles: []access.Role{access.Payer}}
	reporter  = access.Caller{ID: "ann", Kind: access.Participant}
)

// A bench is a watch with a database and a stream of its own, which does not run yet.
type bench struct {
	*Watch
	testing.TB
}

func eachDB(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newBench(t, d)) })
}

func newBench(t testing.TB, d *db.DB) *bench {
	dir := t.TempDir()
	return &bench{newWatch(d, dir, stream.Config{Dir: dir + "/events"}), t}
}

// newWatch makes a watch in a directory.
func newWatch(d *db.DB, dir string, cfg stream.Config) *Watch {
	cfg.Now, cfg.Log, cfg.Keys, cfg.Reserve = time.Now, slog.New(slog.DiscardHandler), intake.Keys(), 1
	return &Watch{
		DB: d, Audit: &audit.Log{DB: d, Now: time.Now}, Stream: stream.New(cfg), Now: time.Now, Log: cfg.Log,
		Dir: dir + "/watch", Node: "one", Seed: 7,
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) refused(err error, kind fault.Kind) {
	b.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Text.JA == "" {
		b.Errorf("err = %v, want a fault of kind %d", err, kind)
	}
}

// alert is one of a rule about an account, some seconds after nine.
func alert(rule, account string, seconds int) found {
	at := time.Date(2020, 11, 2, 9, 0, seconds, 0, time.UTC)
	a := Alert{
		ID: id.New(time.Now()), Rule: rule, RuleVersion: "v1", Title: "T " + rule, Level: "high", Key: []Field{{"actor", account}},
		At: at, From: at.Add(-time.Minute), Event: fmt.Sprintf("ev%d", seconds), Region: "TW", Count: 3, Distinct: 2, RaisedAt: at, Version: 1,
		Body: fmt.Sprintf(`{"rule":%q,"level":"high","key":{"actor":%q},"at":%q,"event":"ev%d","from":%q,"count":3,"distinct":2}`, rule, account,
			event.FormatTime(nil, at.UnixNano()), seconds, event.FormatTime(nil, at.Add(-time.Minute).UnixNano())),
		Line: fmt.Sprintf(`{"specversion":"1.0","id":"ev%d"}`, seconds),
	}
	return found{a, hashOf(&a)}
}

// store stores alerts and returns how many were new.
func (b *bench) store(all ...found) (n int) {
	b.Helper()
	b.must(b.DB.Tx(ctx, func(tx *sql.Tx) error {
		fresh, err := insert(ctx, tx, all)
		n = len(fresh)
		return err
	}))
	return n
}

// counted checks that the counts kept are those of the alerts.
func (b *bench) counted() {
	b.Helper()
	rows, err := b.DB.Read().QueryContext(ctx, `SELECT rule, level, mark, shadow, replayed, count(*) FROM alert GROUP BY rule, level, mark, shadow, replayed`)
	b.must(err)
	defer rows.Close()
	kept, err := readCounts(ctx, b.DB.Read())
	b.must(err)
	for rows.Next() {
		var s sort
		var n int
		b.must(rows.Scan(&s.rule, &s.level, &s.mark, &s.shadow, &s.replayed, &n))
		if kept[s].n != n {
			b.Errorf("%d alerts of %+v are counted as %d", n, s, kept[s].n)
		}
		delete(kept, s)
	}
	b.must(rows.Err())
	for s, c := range kept {
		if c.n != 0 {
			b.Errorf("%d alerts of %+v are counted, and there is none", c.n, s)
		}
	}
}

func titled(all []Alert) string {
	var names []string
	for _, a := range all {
		names = append(names, a.Rule+"/"+a.Event)
	}
	return strings.Join(names, " ")
}
