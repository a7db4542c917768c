package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/transfer"
)

// The statuses of an import.
const (
	ImportStaging   = "staging"
	ImportRunning   = "running"
	ImportCompleted = "completed"
	ImportCancelled = "cancelled"
)

// ImportCounts are how many records had which outcome.
type ImportCounts struct {
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
	Skipped int64 `json:"skipped"`
	// Removed counts records that were removed where they come from.
	Removed int64 `json:"removed"`
	// Refused counts units: one line of a file that stands for a customer and an identity
	// is refused once.
	Refused int64 `json:"refused"`
}

// Add counts what became of the records of a unit.
func (c *ImportCounts) Add(outcomes []Imported) {
	for _, o := range outcomes {
		switch o {
		case ImportCreated:
			c.Created++
		case ImportUpdated:
			c.Updated++
		case ImportSkipped:
			c.Skipped++
		case ImportRemoved:
			c.Removed++
		case ImportRefused:
			c.Refused++
		case importNothing:
		}
	}
}

// DataImport is an import and how far it is.
type DataImport struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Status string `json:"status"`
	// Staged is how many units there are to import, and Waiting how many of them still are.
	Staged  int64 `json:"staged"`
	Waiting int64 `json:"waiting"`
	ImportCounts

	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// ImportIssue is a unit that was refused, or something of one that could not be taken over.
type ImportIssue struct {
	// Line is the line of the file, 0 where there are no lines.
	Line    int64  `json:"line,omitempty"`
	Type    string `json:"type,omitempty"`
	Record  string `json:"record,omitempty"`
	Refused bool   `json:"refused"`
	Reason  string `json:"reason"`
}

const (
	insertImport = `INSERT INTO data_import (id, source, status, created_at, updated_at) VALUES ($1, $2, 'staging', $3, $3)
		ON CONFLICT (id) DO NOTHING`
	insertUnit  = `INSERT INTO import_unit (import_id, position, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	countStaged = `UPDATE data_import SET staged = (SELECT COUNT(*) FROM import_unit u WHERE u.import_id = id), status = 'running', updated_at = $2
		WHERE id = $1 AND status = 'staging'`
	// Serializes the batches of an import.
	lockImport    = `UPDATE data_import SET updated_at = $2 WHERE id = $1 AND status = 'running'`
	selectUnits   = `SELECT position, sealed FROM import_unit WHERE import_id = $1 ORDER BY position LIMIT $2`
	deleteUnits   = `DELETE FROM import_unit WHERE import_id = $1 AND position <= $2`
	clearUnits    = `DELETE FROM import_unit WHERE import_id = $1`
	addCounts     = `UPDATE data_import SET created = created + $2, updated = updated + $3, skipped = skipped + $4, refused = refused + $5, removed = removed + $6 WHERE id = $1`
	finishImport  = `UPDATE data_import SET status = $2, finished_at = $3, updated_at = $3 WHERE id = $1 AND status IN ('staging', 'running')`
	insertIssue   = `INSERT INTO import_issue (import_id, position, number, line, type, record, refused, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
	selectIssues  = `SELECT line, type, record, refused, reason FROM import_issue WHERE import_id = $1 ORDER BY position, number`
	importColumns = `id, source, status, staged, (SELECT COUNT(*) FROM import_unit u WHERE u.import_id = id), created, updated, skipped, refused, removed, created_at, updated_at, finished_at`
	selectImport  = `SELECT ` + importColumns + ` FROM data_import WHERE id = $1`
	selectImports = `SELECT ` + importColumns + ` FROM data_import ORDER BY created_at DESC, id DESC LIMIT $1`
)

// StartImport creates an import, to which units are staged.
func (s *Store) StartImport(ctx context.Context, id, source string) error {
	_, err := s.writes.exec(ctx, insertImport, id, source, s.now())
	return s.fail(ctx, "start import", err)
}

// StagedUnit is a unit that waits to be imported, encrypted.
type StagedUnit struct {
	Position int64
	Sealed   string
}

// StageUnits adds units to an import; those that are staged already stay.
func (s *Store) StageUnits(ctx context.Context, id string, units []StagedUnit) error {
	err := s.write(ctx, func(tx *tx) error {
		for _, u := range units {
			if _, err := tx.exec(ctx, insertUnit, id, u.Position, u.Sealed); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail(ctx, "stage import", err)
}

// ReleaseImport says that all units are staged.
func (s *Store) ReleaseImport(ctx context.Context, id string) error {
	_, err := s.writes.exec(ctx, countStaged, id, s.now())
	return s.fail(ctx, "release import", err)
}

// ImportBatch imports the next units of an import, at most limit, and returns how many
// there were. Importing a unit and forgetting that it waits is one transaction, so that a
// call can be repeated: none is imported twice.
func (s *Store) ImportBatch(
	ctx context.Context, id string, limit int, keys FactorSecrets, open func(position int64, sealed string) ([]byte, error),
) (done int, counts ImportCounts, err error) {
	err = s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, lockImport, id, s.now())
		if err != nil || n == 0 {
			return err // cancelled
		}
		units, err := all(ctx, tx, func(row scanner) (u StagedUnit, err error) {
			err = row.Scan(&u.Position, &u.Sealed)
			return u, err
		}, selectUnits, id, limit)
		if err != nil || len(units) == 0 {
			return err
		}
		done = len(units)
		for _, staged := range units {
			text, err := open(staged.Position, staged.Sealed)
			if err != nil {
				return fmt.Errorf("open unit %d: %w", staged.Position, err)
			}
			u, err := transfer.ParseUnit(text)
			if err != nil {
				return fmt.Errorf("unit %d is damaged", staged.Position)
			}
			issues, err := s.importUnit(ctx, tx, u, keys, &counts)
			if err != nil {
				return err
			}
			for i, issue := range issues {
				if _, err := tx.exec(ctx, insertIssue, id, staged.Position, i, issue.Line, issue.Type, issue.Record, issue.Refused, issue.Reason); err != nil {
					return err
				}
			}
		}
		if _, err := tx.exec(ctx, deleteUnits, id, units[len(units)-1].Position); err != nil {
			return err
		}
		_, err = tx.exec(ctx, addCounts, id, counts.Created, counts.Updated, counts.Skipped, counts.Refused, counts.Removed)
		return err
	})
	if err != nil {
		return 0, ImportCounts{}, s.fail(ctx, "import", err)
	}
	return done, counts, nil
}

// ImportUnits imports units at once, without an import that keeps their outcome, and
// returns their issues. It is for a trial.
func (s *Store) ImportUnits(ctx context.Context, units []transfer.Unit, keys FactorSecrets) (counts ImportCounts, issues []ImportIssue, err error) {
	err = s.write(ctx, func(tx *tx) error {
		for _, u := range units {
			found, err := s.importUnit(ctx, tx, u, keys, &counts)
			if err != nil {
				return err
			}
			issues = append(issues, found...)
		}
		return nil
	})
	return counts, issues, s.fail(ctx, "import", err)
}

func (s *Store) importUnit(ctx context.Context, tx *tx, u transfer.Unit, keys FactorSecrets, counts *ImportCounts) (issues []ImportIssue, err error) {
	about := transfer.Record{}
	if len(u.Records) > 0 {
		about = u.Records[0]
	}
	note := func(about transfer.Record, refused bool, reason string) {
		typ, id := u.NameOf(about)
		issues = append(issues, ImportIssue{Line: u.Line, Type: typ, Record: id, Refused: refused, Reason: reason})
	}
	if u.Refusal != "" {
		counts.Refused++
		note(about, true, u.Refusal)
		return issues, nil
	}
	w := recordWriter{store: s, tx: tx, recordReader: recordReader{q: tx, keys: keys, now: s.now()}}
	outcomes, refused, err := w.unit(ctx, u)
	if reason, is := errors.AsType[refusedError](err); is && refused != nil {
		counts.Refused++
		note(refused, true, string(reason))
		return issues, nil
	}
	if err != nil {
		return nil, err
	}
	if err := w.rememberOrigin(ctx, u, outcomes); err != nil {
		return nil, err
	}
	counts.Add(outcomes)
	for _, text := range u.Notes {
		note(about, false, text)
	}
	return issues, nil
}

// FinishImport ends an import with a status, forgets what still waited, and records the
// event. An import that has ended stays as it is.
func (s *Store) FinishImport(ctx context.Context, id, status string, ev func(DataImport) everlatch.Event) (out DataImport, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, finishImport, id, status, now)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, clearUnits, id); err != nil {
			return err
		}
		if out, err = first(ctx, tx, scanImport, selectImport, id); err != nil {
			return noRows(err, notFound("Import", id))
		}
		if n == 0 || status != ImportCompleted {
			return nil
		}
		return recordEvents(ctx, tx, now, released(now, ev(out))...)
	})
	return out, s.fail(ctx, "finish import", err)
}

// Import returns an import, or [everlatch.ErrNotFound].
func (s *Store) Import(ctx context.Context, id string) (DataImport, error) {
	out, err := first(ctx, s.reads, scanImport, selectImport, id)
	return out, s.fail(ctx, "read import", noRows(err, notFound("Import", id)))
}

// Imports returns the latest imports, the newest first.
func (s *Store) Imports(ctx context.Context, limit int) ([]DataImport, error) {
	out, err := all(ctx, s.reads, scanImport, selectImports, limit)
	return out, s.fail(ctx, "list imports", err)
}

// ImportIssues returns what was refused or left out, in the order of the file.
func (s *Store) ImportIssues(ctx context.Context, id string) ([]ImportIssue, error) {
	out, err := all(ctx, s.reads, func(row scanner) (i ImportIssue, err error) {
		err = row.Scan(&i.Line, &i.Type, &i.Record, toBool{&i.Refused}, &i.Reason)
		return i, err
	}, selectIssues, id)
	return out, s.fail(ctx, "list issues of an import", err)
}

func scanImport(row scanner) (i DataImport, err error) {
	err = row.Scan(&i.ID, &i.Source, &i.Status, &i.Staged, &i.Waiting, &i.Created, &i.Updated, &i.Skipped, &i.Refused, &i.Removed,
		toTime{&i.CreatedAt}, toTime{&i.UpdatedAt}, toOptionalTime{&i.FinishedAt})
	return i, err
}
