package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// readPostgres runs a query on a connection of the pool and passes its rows on, without
// [sql.Rows]: that starts a goroutine for each query, and turns each value into one of the
// few types of database/sql before it gets to where it is scanned to.
//
// A connection that broke while it was idle is found out when nothing can be written to it.
// There may be as many of them as the pool has connections.
func readPostgres(ctx context.Context, db *sql.DB, take func(scanner) (bool, error), text string, args []any) error {
	sent, err := readOnce(ctx, db, take, text, args)
	if sent {
		return err
	}
	for range db.Stats().MaxOpenConnections {
		if sent, err = readOnce(ctx, db, take, text, args); sent {
			break
		}
	}
	return err
}

// readOnce is readPostgres on one connection. sent is false if the connection was broken
// before anything was written to it.
func readOnce(ctx context.Context, db *sql.DB, take func(scanner) (bool, error), text string, args []any) (sent bool, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return true, err
	}
	defer func() { _ = conn.Close() }() // gives it back; the pool discards one that has failed
	var read error
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("unexpected driver %T", driver)
		}
		read = readRows(ctx, c.Conn(), take, text, args)
		return nil
	})
	if err != nil {
		return true, err
	}
	return ctx.Err() != nil || !pgconn.SafeToRetry(read), read
}

func readRows(ctx context.Context, c *pgx.Conn, take func(scanner) (bool, error), text string, args []any) error {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := postgresRow{types: c.TypeMap(), fields: rows.FieldDescriptions()}
	for rows.Next() {
		row.values = rows.RawValues()
		more, err := take(&row)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	rows.Close()
	return rows.Err()
}

// postgresRow is a row as the server has sent it, valid until the next.
type postgresRow struct {
	types  *pgtype.Map
	fields []pgconn.FieldDescription
	values [][]byte
}

// Scan implements [scanner].
func (r *postgresRow) Scan(dest ...any) error {
	if len(dest) != len(r.values) || len(dest) != len(r.fields) {
		return fmt.Errorf("scan %d columns to %d destinations", len(r.values), len(dest))
	}
	for i := range dest {
		field := &r.fields[i]
		done, err := scanPlain(column{oid: field.DataTypeOID, binary: field.Format == pgx.BinaryFormatCode, value: r.values[i]}, dest[i])
		if !done && err == nil {
			err = r.types.Scan(field.DataTypeOID, field.Format, r.values[i], dest[i])
		}
		if err != nil {
			return fmt.Errorf("scan %s: %w", field.Name, err)
		}
	}
	return nil
}

// column is a value as the server has sent it, nil for NULL.
type column struct {
	oid    uint32
	binary bool
	value  []byte
}

// scanPlain scans what most columns hold, and reports whether it has. It leaves other types,
// and what is no value of the destination, to the driver.
func scanPlain(c column, dest any) (done bool, err error) {
	switch d := dest.(type) {
	case *string:
		if done = c.isText() && c.value != nil; done {
			*d = string(c.value)
		}
	case toText:
		if done = c.isText(); done {
			*d.s = string(c.value)
		}
	case **string:
		if done = c.isText(); done {
			*d = c.text()
		}
	case toMetadata:
		if done = c.isText() && c.value != nil; done {
			*d.m = nil
			err = decode(c.value, d.m)
		}
	case *bool:
		if done = c.isBool(); done {
			*d = c.value[0] != 0
		}
	case toBool:
		if done = c.isBool(); done {
			*d.b = c.value[0] != 0
		}
	case *int64:
		if done = c.isNumber(pgtype.Int8OID); done {
			*d = c.number()
		}
	case toTime:
		if done = c.isTime(); done {
			*d.t = c.time()
		}
	case toOptionalTime:
		if done = c.isTime(); done {
			t := c.time()
			*d.t = &t
		}
	}
	return done, err
}

func (c column) isText() bool { return c.oid == pgtype.TextOID }

func (c column) text() *string {
	if c.value == nil {
		return nil
	}
	s := string(c.value)
	return &s
}

func (c column) isBool() bool { return c.oid == pgtype.BoolOID && c.binary && len(c.value) == 1 }

func (c column) isNumber(oid uint32) bool { return c.oid == oid && c.binary && len(c.value) == 8 }

func (c column) number() int64 { return int64(binary.BigEndian.Uint64(c.value)) } //nolint:gosec // its sign is in it

// isTime is false for infinity.
func (c column) isTime() bool {
	return c.isNumber(pgtype.TimestamptzOID) && c.number() != math.MaxInt64 && c.number() != math.MinInt64
}

// postgresEpoch is from when the server counts microseconds.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

func (c column) time() time.Time {
	const second = int64(time.Second / time.Microsecond)
	n := c.number()
	return time.Unix(postgresEpoch+n/second, n%second*int64(time.Microsecond)).UTC()
}
