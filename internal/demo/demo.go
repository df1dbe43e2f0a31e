// Package demo tells the story that `hinomi demo` opens with: the program of 2017 at its real size,
// a quiet two years, and the working desk of October 2020, with the report of the fifteenth in its
// queue.
//
// Everything goes through the product's own operations, in the name of somebody who may do it, under
// a clock that is set forward from step to step. So every receipt, deadline, mail and audit record is
// what the product would have made at that time, and whatever the product refuses cannot be told.
// Nothing is written past it, except the mark in the audit trail by which a demo is recognised.
//
// All people are invented. The report of 15 October 2020 says what was published about it and no more.
package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// Nouns are the operations that the story is told with. All of them take their time from the Clock
// that Fill is given.
type Nouns struct {
	DB           *db.DB
	Audit        *audit.Log
	People       *person.People
	Participants *participant.Participants
	Reports      *report.Reports
	Awards       *reward.Awards
	Payouts      *payout.Payouts
	Receipts     *receipt.Log
	Mails        *mail.Mails
	Relay        *bus.Relay
}

// A Standing says what a database holds.
type Standing int

// The standings.
const (
	Empty  Standing = iota // nothing: a demo may be filled in
	Filled                 // a demo, whole
	Real                   // something that is no demo
)

// filling is what the audit trail calls the filling of a demo. It is no permission: only this package
// writes it, as the product itself.
const filling access.Action = "demo.fill"

// The details of the mark.
type mark struct {
	Did string `json:"did"`
}

// Look says what a database holds, by its audit trail.
func Look(ctx context.Context, log *audit.Log) (Standing, error) {
	marks, err := log.List(ctx, access.Self, audit.Query{Subject: string(filling), Limit: 1})
	if err != nil {
		return Empty, err
	}
	if len(marks) > 0 {
		return Filled, nil
	}
	newest, err := log.List(ctx, access.Self, audit.Query{Limit: 1})
	if err != nil || len(newest) == 0 {
		return Empty, err
	}
	return Real, nil
}

// Resume returns where the clock of a filled demo goes on: at the end of the story, or at the newest
// moment on record when somebody has worked with the demo since.
func Resume(ctx context.Context, log *audit.Log) (time.Time, error) {
	newest, err := log.List(ctx, access.Self, audit.Query{Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].At.Before(Now) {
		return Now, err
	}
	return newest[0].At.Add(time.Second), nil
}

// errReal is why a database is not filled.
var errReal = fault.New(fault.Conflict,
	"This data directory holds something that is not a demo. Nothing was changed. Give the demo a directory of its own.",
	"このデータディレクトリには、デモではないデータがあります。何も変更していません。デモ用に別のディレクトリを指定してください。")

// Fill tells the story into an empty database and returns who may sign in. In a database that holds
// the demo already it changes nothing. All of the story is one transaction, with the mark that says it is
// a demo in it: a filling that is cut off leaves an empty database, and the next start fills it. The files
// of the reports are on disk before that transaction is, and are found there by their hash the next time.
//
// The clock must stand before the first step; Fill leaves it standing at Now.
func Fill(ctx context.Context, n Nouns, clock *Clock) ([]SignIn, error) {
	standing, err := Look(ctx, n.Audit)
	if err != nil {
		return nil, err
	}
	switch standing {
	case Real:
		return nil, errReal
	case Empty:
		err := n.DB.AtOnce(ctx, func(ctx context.Context) error {
			return n.Reports.Files.Relaxed(ctx, func(ctx context.Context) error { return tell(ctx, n, clock) })
		})
		if err != nil {
			return nil, fmt.Errorf("filling the demo: %w", err)
		}
	}
	return signIns(ctx, n.People)
}

// Start is before anything happens: the desk is set up on the day before the program opens.
var Start = jst("2016-06-01 10:00")

func tell(ctx context.Context, n Nouns, clock *Clock) error {
	s := plan()
	if now := clock.Now(); now.After(Start) {
		return fmt.Errorf("the clock shows %s, and the story begins at %s", now.Format(time.DateTime), Start.Format(time.DateTime))
	}
	clock.Set(Start)
	if err := n.mark(ctx); err != nil {
		return err
	}
	w := &teller{
		Nouns: n, staff: map[string]access.Caller{}, guests: map[int]access.Caller{}, hashes: s.hashes(ctx), agreed: map[int]string{}, known: map[string]string{},
		story: s, tales: map[string]string{}, byPerson: map[string]int{}, taxed: map[string]bool{},
	}
	// While the story is told, mail goes to the story's own server, and to no other.
	sender, log := n.Mails.Sender, n.Mails.Log
	n.Mails.Sender, n.Mails.Log = post{full: s.guests[full].mail(full)}, slog.New(slog.DiscardHandler)
	// Nobody in the story holds a session that could be proved once more.
	fresh := n.Payouts.Fresh
	n.Payouts.Fresh = nil
	defer func() { n.Mails.Sender, n.Mails.Log, n.Payouts.Fresh = sender, log, fresh }()
	if err := w.desk(ctx, s.staff); err != nil {
		return err
	}
	// A step is short and is not cut off: a database watches every statement of a context that may end,
	// which takes longer than most of the statements.
	cut := ctx
	ctx = context.WithoutCancel(ctx)
	var today calendar.Date
	for _, step := range s.steps {
		if err := cut.Err(); err != nil {
			return err
		}
		clock.Set(step.at)
		if day := calendar.In(step.at, calendar.JST); day != today {
			today = day
			if err := w.day(ctx); err != nil {
				return err
			}
		}
		if step.logs {
			if err := n.Receipts.Pace(ctx); err != nil {
				return err
			}
		}
		if err := step.do(ctx, w); err != nil {
			return err
		}
		if err := w.deliver(ctx); err != nil {
			return err
		}
	}
	clock.Set(Now)
	return errors.Join(n.Receipts.Pace(ctx), w.day(ctx), w.deliver(ctx))
}

// mark puts the mark of a demo into the audit trail.
func (n Nouns) mark(ctx context.Context) error {
	return n.DB.Tx(ctx, func(tx *sql.Tx) error {
		return n.Audit.Record(ctx, tx, access.Self, filling, string(filling), mark{"begun"})
	})
}
