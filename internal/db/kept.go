package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// SQLite compiles a statement anew each time its text is run, which for most of ours takes as long
// as running it. A connection therefore keeps what it has compiled. (PostgreSQL's driver does so by
// itself.)

// mostKept bounds how many statements a connection keeps: the product has some three hundred, of some
// kilobytes each. A text that is put together as it is needed would fill any number; then all are let go.
const mostKept = 512

// A keeper makes connections that keep their statements.
type keeper struct{ driver.Connector }

func openKept(dsn string) (keeper, error) {
	c, err := sqlite.NewConnector(dsn)
	return keeper{c}, err
}

// Connect opens a connection.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connection is a %T and lacks a method", c), c.Close())
	}
	return &keptConn{sqliteConn: full, idle: map[string]statement{}}, nil
}

// sqliteConn is what the driver's connections can do and database/sql asks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// A keptConn is a connection with its statements. database/sql lets one goroutine use it at a time,
// but may read the rows of several statements in turn, also of the same text.
type keptConn struct {
	sqliteConn
	idle map[string]statement // by text; one that is in use is not here
}

// Close closes the statements and the connection.
func (c *keptConn) Close() error { return errors.Join(c.drop(), c.sqliteConn.Close()) }

func (c *keptConn) drop() error {
	var all []error
	for _, s := range c.idle {
		all = append(all, s.Close())
	}
	clear(c.idle)
	return errors.Join(all...)
}

// keepable reports whether a statement means the same whenever it was compiled. A PRAGMA may act while it
// is compiled, and a change of the schema is not run twice.
func keepable(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch word {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE":
		return true
	}
	return false
}

// take returns a compiled statement that nobody else uses.
func (c *keptConn) take(ctx context.Context, query string) (statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	full, ok := s.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's statement is a %T and lacks a method", s), s.Close())
	}
	return full, nil
}

// put keeps a statement for the next time. One that failed is not kept: it might go on failing.
func (c *keptConn) put(query string, s statement, err error) error {
	if err != nil || !keepable(query) {
		return errors.Join(err, s.Close())
	}
	if _, twin := c.idle[query]; twin {
		return s.Close() // two of the same text were in use at once
	}
	if len(c.idle) >= mostKept {
		if err := c.drop(); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	c.idle[query] = s
	return nil
}

// ExecContext runs a statement that returns no rows.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := s.ExecContext(ctx, args)
	if err := c.put(query, s, err); err != nil {
		return nil, err
	}
	return res, nil
}

// QueryContext runs a statement that returns rows; it is kept when they are closed.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &keptRows{Rows: rows, conn: c, query: query, statement: s}, nil
}

// keptRows are the rows of a kept statement.
type keptRows struct {
	driver.Rows
	conn      *keptConn
	query     string
	statement statement
}

// Close ends the reading and gives the statement back, once.
func (r *keptRows) Close() error {
	if r.statement == nil {
		return nil
	}
	s := r.statement
	r.statement = nil
	return r.conn.put(r.query, s, r.Rows.Close())
}
