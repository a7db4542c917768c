//go:build !noembedded

package embedded

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// keptStatements bounds the statements that a connection keeps. Temporal has fewer texts, but
// for those that list many values or filter a list of executions.
const keptStatements = 256

// keepingConnector opens connections that keep the statements that they have prepared. Temporal
// hands over its texts each time, and parsing and planning them takes SQLite about as long as
// running them.
type keepingConnector struct{ driver.Connector }

// Connect implements [driver.Connector].
func (k keepingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection is a %T, which has lost a method", conn), conn.Close())
	}
	return &keepingConn{sqliteConn: able, statements: map[string]*statement{}}, nil
}

// sqliteConn is what a connection of the driver implements.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keepingConn is used by one goroutine at a time, as [driver.Conn] is.
type keepingConn struct {
	sqliteConn

	statements map[string]*statement
}

// statement is a prepared one. It is busy while a caller reads its rows.
type statement struct {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext

	busy bool
}

// ExecContext implements [driver.ExecerContext]. A statement that has begun is not interrupted
// when ctx ends: it changes a few rows, and watching ctx takes a goroutine.
func (c *keepingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.sqliteConn.ExecContext(ctx, text, args)
	}
	return stmt.ExecContext(context.WithoutCancel(ctx), args)
}

// QueryContext implements [driver.QueryerContext]. The end of ctx interrupts it: a list of
// executions may read all of them.
func (c *keepingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	found, err := stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	stmt.busy = true
	return &keptRows{Rows: found, of: stmt}, nil
}

// Close implements [driver.Conn].
func (c *keepingConn) Close() error {
	problems := make([]error, 0, len(c.statements)+1)
	for _, stmt := range c.statements {
		problems = append(problems, stmt.Close())
	}
	clear(c.statements)
	return errors.Join(append(problems, c.sqliteConn.Close())...)
}

// Unwrap returns the connection of the driver, which asks for it.
func (c *keepingConn) Unwrap() driver.Conn { return c.sqliteConn }

// statement returns the statement of a text, or nil while another caller reads its rows.
func (c *keepingConn) statement(ctx context.Context, text string) (*statement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if kept := c.statements[text]; kept != nil {
		if kept.busy {
			return nil, nil //nolint:nilnil // it is neither there nor wrong
		}
		return kept, nil
	}
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	exec, executes := prepared.(driver.StmtExecContext)
	query, queries := prepared.(driver.StmtQueryContext)
	if !executes || !queries {
		return nil, errors.Join(fmt.Errorf("a statement is a %T, which has lost a method", prepared), prepared.Close())
	}
	stmt := &statement{Stmt: prepared, StmtExecContext: exec, StmtQueryContext: query}
	c.statements[text] = stmt
	return stmt, nil
}

// makeRoom closes any of the statements when there are too many.
func (c *keepingConn) makeRoom() error {
	if len(c.statements) < keptStatements {
		return nil
	}
	for text, stmt := range c.statements {
		if !stmt.busy {
			delete(c.statements, text)
			return stmt.Close()
		}
	}
	return nil
}

// keptRows gives the statement back when they are closed.
type keptRows struct {
	driver.Rows

	of *statement
}

// Close implements [driver.Rows].
func (r *keptRows) Close() error {
	defer func() { r.of.busy = false }()
	return r.Rows.Close()
}
