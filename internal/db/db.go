// Package db is the only package that knows two databases: SQLite, and PostgreSQL (or one
// that speaks its protocol). Everything above writes one SQL text with $1…$n and times as
// UTC microseconds.
//
// SQLite is opened twice: many readers and exactly one writer. A second writer could only wait
// for the first, so it waits in Go, where a context can end the wait.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"hinomi.dev/hinomi/internal/fault"
)

// A Dialect is one of the two databases.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// A DB is an open database with its schema at the newest version. It is safe for concurrent use.
type DB struct {
	Dialect   Dialect
	read      *sql.DB
	write     *sql.DB
	connector driver.Connector       // opens one more connection that writes, for AtOnce
	one       atomic.Pointer[sql.DB] // what is used instead of read and write during AtOnce
}

// Querier is what reading statements need: a DB's Read side or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Open opens the database at rawURL, or SQLite in the file "hinomi.db" under dir when rawURL is
// empty, and brings its schema to the newest version.
func Open(ctx context.Context, rawURL, dir string) (*DB, error) {
	d, err := open(rawURL, dir)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func open(rawURL, dir string) (*DB, error) {
	if rawURL == "" {
		return openSQLite(dir)
	}
	u, err := url.Parse(rawURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fmt.Errorf("the database must be a postgres:// URL, or empty for SQLite in the data directory")
	}
	c, err := stdlib.GetDefaultDriver().(driver.DriverContext).OpenConnector(rawURL)
	if err != nil {
		return nil, fmt.Errorf("opening PostgreSQL: %w", err)
	}
	pool := sql.OpenDB(c)
	// PostgreSQL's default limit is 100 connections for all its users; a node takes a fifth.
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{Dialect: Postgres, read: pool, write: pool, connector: c}, nil
}

func openSQLite(dir string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	// busy_timeout comes first: the others may already have to wait for a lock.
	// synchronous(FULL): what was confirmed on a screen survives the plug being pulled.
	dsn := "file:" + (&url.URL{Path: filepath.Join(dir, "hinomi.db")}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=case_sensitive_like(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)"
	writer, err := openKept(dsn + "&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	reader, err := openKept(dsn + "&_pragma=query_only(1)")
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	write, read := sql.OpenDB(writer), sql.OpenDB(reader)
	write.SetMaxOpenConns(1)
	readers := max(4, runtime.NumCPU())
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{Dialect: SQLite, read: read, write: write, connector: writer}, nil
}

// Close closes the database.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Read returns the pool for statements that only read. It sees every committed transaction.
func (d *DB) Read() *sql.DB {
	if one := d.one.Load(); one != nil {
		return one
	}
	return d.read
}

// writing returns the pool for transactions.
func (d *DB) writing() *sql.DB {
	if one := d.one.Load(); one != nil {
		return one
	}
	return d.write
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.read.PingContext(ctx) }

// Tx runs fn in one transaction that writes: all of it is durable when Tx returns nil, none of it
// otherwise. fn must not open another transaction, must not use Read, and must leave at its first error.
func (d *DB) Tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.writing().BeginTx(ctx, nil)
	if err != nil {
		return Explain(fmt.Errorf("beginning a transaction: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // after Commit this does nothing
	if err := fn(tx); err != nil {
		return Explain(err)
	}
	if err := tx.Commit(); err != nil {
		return Explain(fmt.Errorf("committing: %w", err))
	}
	return nil
}

// One checks that a statement with a version in its WHERE changed exactly one row. Zero rows is a
// conflict that a person understands: somebody else was faster.
func One(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return fault.New(fault.Conflict,
			"Someone else changed this in the meantime. Nothing of yours was saved: look at it again, then repeat your change.",
			"ほかの人が先に変更しました。今回の変更は保存されていません。内容を確認してから、もう一度お試しください。")
	}
	return nil
}

// Unique reports whether err says that a row with this key is already there.
func Unique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == 2067 || e.Code() == 1555 // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505" // unique_violation
	}
	return false
}

// Explain turns what the operator must mend, a full disk or a database that does not answer, into
// a fault that tells the person so. Other errors come back as they are.
func Explain(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case 13: // SQLITE_FULL
			return full(err)
		case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
			return gone(err)
		}
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "53100": // disk_full
			return full(err)
		case strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"):
			return gone(err) // shutting down, connection lost, out of resources
		case e.Code == "40P01", e.Code == "40001":
			return gone(err) // a deadlock was broken: the same request works the next time
		}
		return err
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || strings.Contains(err.Error(), "driver: bad connection") {
		return gone(err)
	}
	return err
}

func full(err error) error {
	return fault.New(fault.Later,
		"The server has no room left, so this was not saved. What you typed is still in this page: keep it open and send it again in a few minutes. The desk has been told.",
		"サーバーの空き容量が足りないため、保存できませんでした。入力内容はこの画面に残っています。画面を閉じずに、数分後にもう一度送信してください。担当者には通知済みです。").Because(err)
}

func gone(err error) error {
	return fault.New(fault.Later,
		"The database does not answer just now, so this was not saved. What you typed is still in this page: keep it open and send it again in a minute.",
		"データベースが一時的に応答していないため、保存できませんでした。入力内容はこの画面に残っています。画面を閉じずに、1分ほどしてからもう一度送信してください。").Because(err)
}

// Micros returns t as stored: UTC microseconds. The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time returns a stored time in UTC. 0 is the zero time.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
