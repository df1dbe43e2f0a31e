package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// AtOnce runs fn in a single transaction: every Tx in it is a part that can be taken back by itself, every
// Read sees what was written so far, and all of it is durable when AtOnce returns nil, and none of it
// otherwise, also when the process is killed in the middle. It is for filling an empty database: the disk
// is waited for once. Nobody else may use the DB meanwhile: there is one connection, so a read whose rows
// are still open keeps the next statement waiting.
func (d *DB) AtOnce(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	one := sql.OpenDB(nesting{d.connector})
	one.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, one.Close()) }()
	// BeginTx would end the transaction with the context; this one ends where it says so below.
	if _, err := one.ExecContext(ctx, `BEGIN`); err != nil {
		return Explain(fmt.Errorf("beginning a transaction: %w", err))
	}
	d.one.Store(one)
	err = fn(ctx)
	d.one.Store(nil)
	if err != nil {
		return err // closing the connection takes everything back
	}
	if _, err := one.ExecContext(ctx, `COMMIT`); err != nil {
		return Explain(fmt.Errorf("committing: %w", err))
	}
	return nil
}

// nesting makes the connection of AtOnce.
type nesting struct{ driver.Connector }

// Connect opens a connection.
func (n nesting) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := n.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(nestable)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection is a %T and lacks a method", c), c.Close())
	}
	return nestedConn{full}, nil
}

// nestable is what the connections of both drivers can do.
type nestable interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// A nestedConn is in a transaction already, and makes a savepoint of each that is begun.
type nestedConn struct{ nestable }

// BeginTx sets a savepoint.
func (c nestedConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if _, err := c.ExecContext(ctx, `SAVEPOINT part`, nil); err != nil {
		return nil, err
	}
	return savepoint{context.WithoutCancel(ctx), c}, nil
}

// CheckNamedValue lets the driver take arguments in its own way, if it has one.
func (c nestedConn) CheckNamedValue(v *driver.NamedValue) error {
	if own, ok := c.nestable.(driver.NamedValueChecker); ok {
		return own.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// A savepoint is a transaction in a transaction.
type savepoint struct {
	ctx  context.Context // that of BeginTx, but a part that has ended must be closed
	conn nestedConn
}

// Commit keeps what was done since, as far as the whole is kept.
func (s savepoint) Commit() error { return s.run(`RELEASE SAVEPOINT part`) }

// Rollback takes it back.
func (s savepoint) Rollback() error {
	return errors.Join(s.run(`ROLLBACK TO SAVEPOINT part`), s.run(`RELEASE SAVEPOINT part`))
}

func (s savepoint) run(statement string) error {
	_, err := s.conn.ExecContext(s.ctx, statement, nil)
	return err
}
