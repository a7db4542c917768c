package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // the database
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema"
	v12 "go.temporal.io/server/schema/postgresql/v12"
)

// createSchemas does what deploy/temporal-schema.sh does with Temporal's tool, on two
// empty databases.
func createSchemas(cfg *config.Config, logger log.Logger) error {
	return errors.Join(
		createSchema(cfg, cfg.Persistence.DefaultStore, "temporal", v12.Version, logger),
		createSchema(cfg, cfg.Persistence.VisibilityStore, "visibility", v12.VisibilityVersion, logger),
	)
}

func createSchema(cfg *config.Config, store, name, version string, logger log.Logger) (err error) {
	script, err := fs.ReadFile(schema.Assets(), "postgresql/v12/"+name+"/schema.sql")
	if err != nil {
		return fmt.Errorf("schema of %s: %w", name, err)
	}
	statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{bytes.NewReader(script)})
	if err != nil {
		return fmt.Errorf("schema of %s: %w", name, err)
	}
	database := cfg.Persistence.DataStores[store].SQL
	db, err := sql.NewSQLAdminDB(sqlplugin.DbKindUnknown, database, resolver.NewNoopResolver(), logger, metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("database %s: %w", database.DatabaseName, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.CreateSchemaVersionTables(); err != nil {
		return fmt.Errorf("database %s: %w", database.DatabaseName, err)
	}
	for _, statement := range statements {
		if err := db.Exec(statement); err != nil {
			return fmt.Errorf("database %s: %w", database.DatabaseName, err)
		}
	}
	return db.UpdateSchemaVersion(database.DatabaseName, version, version)
}
