//go:build !noembedded

package embedded

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"reflect"

	"github.com/jmoiron/sqlx"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/resolver"
	"modernc.org/sqlite"
)

// keepStatements makes the connection to a file keep its statements. Temporal's plugin opens a
// file once, for as long as the process lives, and hands the same pool to everything that names
// it. So the pool gets another connector before the server uses it; the plugin offers no way to
// choose one.
func keepStatements(store *config.SQL) error {
	shared, err := sharedPool(store)
	if err != nil {
		return err
	}
	if _, done := shared.Driver().(keepingDriver); done {
		return nil // an earlier server of this process has used the file
	}
	connector, err := sqlite.NewConnector(dsn(store))
	if err != nil {
		return fmt.Errorf("open %s: %w", store.DatabaseName, err)
	}
	plain := shared.DB
	shared.DB = sql.OpenDB(keepingConnector{connector})
	shared.SetMaxOpenConns(1) // as the plugin does
	return plain.Close()
}

// sharedPool returns the pool that the plugin has for a store, from a field that it doesn't
// export. A version of Temporal without the field fails every start, and every test.
func sharedPool(store *config.SQL) (*sqlx.DB, error) {
	db, err := temporalsql.NewSQLDB(sqlplugin.DbKindUnknown, store, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", store.DatabaseName, err)
	}
	field := reflect.Indirect(reflect.ValueOf(db)).FieldByName("db")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*sqlx.DB]() {
		return nil, errors.New("this version of Temporal's plugin for SQLite is not known")
	}
	return (*sqlx.DB)(field.UnsafePointer()), nil
}

// dsn names a file as the plugin does.
func dsn(store *config.SQL) string {
	q := url.Values{"_time_format": {"sqlite"}}
	for name, value := range store.ConnectAttributes {
		if name == "mode" {
			q.Set(name, value)
		} else {
			q.Add("_pragma", name+"="+value)
		}
	}
	return "file:" + store.DatabaseName + "?" + q.Encode()
}

// keepingDriver tells a pool whose connections keep their statements.
type keepingDriver struct{ driver.Driver }

// Driver implements [driver.Connector].
func (k keepingConnector) Driver() driver.Driver { return keepingDriver{k.Connector.Driver()} }
