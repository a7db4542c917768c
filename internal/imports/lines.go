package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// Everlatch reads the lines of an export, or lines that a person or program has written in
// its format. A file that begins as an export and does not end as one was cut off, which
// is an error after its last line.
func (s *Service) Everlatch(r io.Reader) Units {
	return func(yield func(transfer.Unit, error) bool) {
		in := &fileReader{service: s, lines: transfer.NewLines(r)}
		for {
			u, skip, err := in.next()
			switch {
			case errors.Is(err, io.EOF):
				if err := in.complete(); err != nil {
					yield(transfer.Unit{}, err)
				}
				return
			case err != nil:
				yield(transfer.Unit{}, err)
				return
			case !skip && !yield(u, nil):
				return
			}
		}
	}
}

// fileReader reads one file.
type fileReader struct {
	service *Service
	lines   *transfer.Lines
	// header is the first line of an export.
	header transfer.Record
	ended  bool
	count  int64
}

func (f *fileReader) next() (u transfer.Unit, skip bool, err error) {
	record, line, err := f.lines.Next()
	u.Line = line
	if errors.Is(err, transfer.ErrLine) {
		u.Refusal = "The line is not a JSON object."
		return u, false, nil
	}
	if err != nil {
		return u, false, err
	}
	if f.ended {
		return u, false, fmt.Errorf("line %d: the export has ended before it", line)
	}
	switch record.Type() {
	case transfer.TypeExport:
		f.header = record
		return u, true, f.checkVersion(record)
	case transfer.TypeEnd:
		f.ended = true
		if number, _ := record["records"].(json.Number); number.String() != strconv.FormatInt(f.count, 10) {
			return u, true, fmt.Errorf("the file has %d records, and its last line says %s", f.count, number)
		}
		return u, true, nil
	}
	f.count++
	u.Records = []transfer.Record{record}
	if record.Type() == transfer.TypeIdentity {
		u.Notes = f.prepare(record)
	}
	return u, false, nil
}

func (f *fileReader) checkVersion(header transfer.Record) error {
	if v := fmt.Sprint(header["version"]); v != strconv.Itoa(transfer.Version) {
		return fmt.Errorf("the export has version %s of the format, and %d is expected", v, transfer.Version)
	}
	return nil
}

func (f *fileReader) complete() error {
	if f.header != nil && !f.ended {
		return fmt.Errorf("the file is cut off: it begins as an export of Everlatch and has no last line of type %s", transfer.TypeEnd)
	}
	return nil
}

// prepare adds to an identity what only this package knows, and returns notes about what
// will not work.
func (f *fileReader) prepare(identity transfer.Record) (notes []string) {
	if identity["recovery_codes"] != nil && (f.header == nil || !f.service.sharesKey(f.header)) {
		delete(identity, "recovery_codes")
		notes = append(notes, "The recovery codes were left out: their hashes depend on an encryption key that is not among encryption.keys here.")
	}
	return append(notes, Credentials(identity)...)
}

// Credentials adds the key of e-mail addresses to an identity, and returns notes about
// passwords that can never be verified.
func Credentials(identity transfer.Record) (notes []string) {
	list, err := identity.List("provider_identities")
	if err != nil {
		return nil // refused where the record is checked
	}
	for _, credential := range list {
		if credential.Text("provider") != emailpassProvider {
			continue
		}
		if key, _ := emailpass.CanonicalEmail(credential.Text("entity_id")); credential["entity_key"] == nil && key != "" {
			credential["entity_key"] = key
		}
		metadata, _ := credential["provider_metadata"].(map[string]any)
		hash, _ := metadata["password"].(string)
		if err := emailpass.CheckStored(hash); hash != "" && err != nil {
			notes = append(notes, "The password has to be reset: "+err.Error()+".")
		}
	}
	return notes
}

const emailpassProvider = "emailpass"
