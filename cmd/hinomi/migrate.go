package main

import (
	"context"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/db"
)

type migrateCommand struct {
	storage
}

// Run brings the schema to the newest version; serve does the same at its start. A separate
// command lets an operator do it, and see it fail, before the old nodes are stopped.
func (c *migrateCommand) Run(ctx context.Context, s *Streams) (err error) {
	d, err := db.Open(ctx, c.Database, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	have, _, err := d.Version(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema version: %w", err)
	}
	_, err = fmt.Fprintf(s.Out, "%s: schema %d\n", d.Dialect, have)
	return err
}
