package db_test

import (
	"context"
	"errors"
	"testing"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

func TestByIndexReadsRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var sum int
		err := d.ByIndex(ctx, func(scan func(...any) error) error {
			var n int
			err := scan(&n)
			sum += n
			return err
		}, `SELECT number FROM schema_version WHERE number <= $1 ORDER BY number`, 3)
		if err != nil || sum != 6 {
			t.Errorf("the first three steps add up to %d, %v", sum, err)
		}
	})
}

func TestByIndexLeavesAConnectionThatOthersCanUse(t *testing.T) {
	never := func(func(...any) error) error { return nil }
	boom := errors.New("boom")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		for name, err := range map[string]error{
			"a query that cannot be run":  d.ByIndex(ctx, never, `SELECT nothing FROM nowhere`),
			"a caller who has left":       d.ByIndex(gone, never, `SELECT number FROM schema_version`),
			"a row that nobody will have": d.ByIndex(ctx, func(func(...any) error) error { return boom }, `SELECT number FROM schema_version`),
		} {
			if err == nil {
				t.Errorf("%s is no error", name)
			}
		}
		for range 50 { // more than there are connections
			if err := d.Ping(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheSettingOfByIndexEndsWithIt(t *testing.T) {
	d := dbtest.Postgres(t)
	read := func(scan func(dest ...any) error) string {
		var setting string
		if err := scan(&setting); err != nil {
			t.Fatal(err)
		}
		return setting
	}
	const ask = `SELECT current_setting('enable_seqscan')`
	err := d.ByIndex(ctx, func(scan func(...any) error) error {
		if s := read(scan); s != "off" {
			t.Errorf("inside it is %s", s)
		}
		return nil
	}, ask)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if s := read(d.Read().QueryRowContext(ctx, ask).Scan); s != "on" {
			t.Fatalf("afterwards it is %s", s)
		}
	}
}
