package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// Units are what is to be imported, in an order in which a record follows those that it
// refers to. An error ends them.
type Units = iter.Seq2[transfer.Unit, error]

// Service moves records in and out.
type Service struct {
	Store *store.Store
	Vault *vault.Vault
	Keys  vault.FactorKeys
	// Ring names the installation in an export, by its hashes.
	Ring *vault.KeyRing
	// Sizes are those of the store.
	Sizes store.Sizes
	Now   func() time.Time
}

// keyNames tell which encryption keys an installation has, and nothing about them. Hashes
// of recovery codes are good only where one of these keys is.
func (s *Service) keyNames() []string { return s.Ring.HashEach("export") }

// Export writes every record that lasts to w, and returns how many there were.
func (s *Service) Export(ctx context.Context, w io.Writer) (count int, err error) {
	write := func(typ string, r transfer.Record) error {
		line, err := transfer.MarshalLine(typ, r)
		if err != nil {
			return err
		}
		_, err = w.Write(line)
		return err
	}
	header := transfer.Record{"exported_at": s.Now().UTC().Format(time.RFC3339), "keys": s.keyNames()}
	if err := write(transfer.TypeExport, header); err != nil {
		return 0, err
	}
	err = s.Store.Export(ctx, s.Keys, func(typ string, r transfer.Record) error {
		count++
		return write(typ, r)
	})
	if err != nil {
		return count, err
	}
	return count, write(transfer.TypeEnd, transfer.Record{"records": count})
}

// atOnce is how many units are staged or tried in one transaction.
const atOnce = 500

// Stage encrypts units into the database, and returns the id of an import that waits for
// its workflow. When it fails, nothing is imported.
func (s *Service) Stage(ctx context.Context, source string, units Units) (id string, count int64, err error) {
	id = ids.New(ids.Import, s.Now())
	if err := s.Store.StartImport(ctx, id, source); err != nil {
		return id, 0, err
	}
	err = inChunks(units, func(chunk []transfer.Unit) error {
		staged := make([]store.StagedUnit, len(chunk))
		for i, u := range chunk {
			text, err := json.Marshal(u)
			if err != nil {
				return fmt.Errorf("stage line %d: %w", u.Line, err)
			}
			staged[i] = store.StagedUnit{
				Position: count, Sealed: s.Vault.Wrap(vault.NewSecret(text), transfer.Purpose(id, count)),
			}
			count++
		}
		return s.Store.StageUnits(ctx, id, staged)
	})
	if err != nil {
		_, undone := s.Store.FinishImport(context.WithoutCancel(ctx), id, store.ImportCancelled, nil)
		return id, count, errors.Join(err, undone)
	}
	return id, count, s.Store.ReleaseImport(ctx, id)
}

// Try imports units into a copy of the database that is thrown away, and returns what
// would have become of them. The copy is a file that only this user can read, for as long
// as Try takes; the database itself is only read.
func (s *Service) Try(ctx context.Context, units Units) (counts store.ImportCounts, issues []store.ImportIssue, err error) {
	scratch, err := store.Open(ctx, "sqlite://:memory:", s.Now)
	if err != nil {
		return counts, nil, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	if err := scratch.Migrate(ctx); err != nil {
		return counts, nil, err
	}
	// What is here may be larger than what may come in.
	scratch.SetSizes(store.Sizes{Addresses: 1 << 30, Metadata: 1 << 30})
	if err := s.copyTo(ctx, scratch); err != nil {
		return counts, nil, err
	}
	scratch.SetSizes(s.Sizes)
	err = inChunks(units, func(chunk []transfer.Unit) error {
		n, found, err := scratch.ImportUnits(ctx, chunk, s.Keys)
		counts = Sum(counts, n)
		issues = append(issues, found...)
		return err
	})
	return counts, issues, err
}

// Sum adds the counts of two imports.
func Sum(a, b store.ImportCounts) store.ImportCounts {
	return store.ImportCounts{
		Created: a.Created + b.Created, Updated: a.Updated + b.Updated, Skipped: a.Skipped + b.Skipped, Refused: a.Refused + b.Refused,
		Removed: a.Removed + b.Removed,
	}
}

func (s *Service) copyTo(ctx context.Context, scratch *store.Store) error {
	var chunk []transfer.Unit
	flush := func() error {
		counts, issues, err := scratch.ImportUnits(ctx, chunk, s.Keys)
		if err == nil && counts.Refused > 0 {
			err = fmt.Errorf("copy the database for a trial: a %s cannot be copied: %s", issues[0].Type, issues[0].Reason)
		}
		chunk = chunk[:0]
		return err
	}
	err := s.Store.Export(ctx, s.Keys, func(typ string, r transfer.Record) error {
		r["type"] = typ
		if chunk = append(chunk, transfer.Unit{Records: []transfer.Record{r}}); len(chunk) < atOnce {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}

// inChunks calls each with some of the units at a time.
func inChunks(units Units, each func([]transfer.Unit) error) error {
	var chunk []transfer.Unit
	for u, err := range units {
		if err != nil {
			return err
		}
		if chunk = append(chunk, u); len(chunk) == atOnce {
			if err := each(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	if len(chunk) == 0 {
		return nil
	}
	return each(chunk)
}

// sharesKey reports that an export comes from an installation with one of our keys.
func (s *Service) sharesKey(header transfer.Record) bool {
	list, _ := header["keys"].([]any)
	ours := s.keyNames()
	return slices.ContainsFunc(list, func(name any) bool {
		text, _ := name.(string)
		return slices.Contains(ours, text)
	})
}
