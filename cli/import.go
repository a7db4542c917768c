package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/workflows"
)

// importRequest is what `import` was asked for.
type importRequest struct {
	// source is what the import is from, such as everlatch.
	source string
	// dryRun only tells what would become of the records.
	dryRun bool
	// detach does not wait for the import.
	detach bool
	json   bool
	// identity is a file with the private keys of age.
	identity string
}

func (p *program) importCommand() *cobra.Command {
	c := group("import", "Import records from a file or another system",
		append(p.importSystemCommands(), p.importEverlatchCommand(), p.importMedusaCommand(), p.importListCommand(), p.importShowCommand(), p.importCancelCommand())...)
	c.Long = "Imports records. They are staged in the database, encrypted, and imported by a workflow, so that an import goes\n" +
		"on when this command or a worker is killed. A record that is here already is replaced if the given one is newer;\n" +
		"one that was removed here stays removed. Importing the same again changes nothing.\n\n" +
		"No mail is sent to imported users: the only event is everlatch.import_completed."
	c.Example = "  everlatch import everlatch everlatch.ndjson --dry-run         what would happen, and what would be refused\n" +
		"  everlatch import medusa --from postgres://medusa@db/medusa    the accounts of a Medusa installation\n" +
		"  everlatch import show                                         the progress or the report of the latest import"
	return c
}

func (p *program) importEverlatchCommand() *cobra.Command {
	return p.importFileCommand(importRequest{source: "everlatch"}, &cobra.Command{
		Use:   "everlatch FILE",
		Short: "Import a file of everlatch export, or lines in its format",
		Long: "Imports a file that everlatch export has written, or one whose lines you have written yourself in its format\n" +
			"(docs/guides/move-to-everlatch.md). A file that is encrypted with age needs --identity; - is standard input.",
		Example: "  everlatch import everlatch everlatch.ndjson --dry-run\n" +
			"  everlatch import everlatch everlatch.ndjson.age --identity key.txt",
	}, func(t target, r io.Reader) (imports.Units, error) { return t.app.Imports().Everlatch(r), nil })
}

// importFileCommand makes c a command that imports what read finds in a file.
func (p *program) importFileCommand(r importRequest, c *cobra.Command, read func(t target, r io.Reader) (imports.Units, error)) *cobra.Command {
	c.Args = oneArg("the name of a file, or -")
	c.RunE = func(c *cobra.Command, args []string) error {
		file, err := p.openImport(args[0], r.identity)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		return p.onFlows(c, orNew, func(ctx context.Context, t target) error {
			units, err := read(t, file)
			if err != nil {
				return err
			}
			return p.runImport(ctx, t, r, units)
		})
	}
	p.importFlags(c, &r)
	c.Flags().StringVar(&r.identity, "identity", "", "file with the private key of age, for an encrypted file")
	return c
}

func (p *program) importFlags(c *cobra.Command, r *importRequest) {
	c.Flags().BoolVar(&r.dryRun, "dry-run", false, "import into a copy of the database that is thrown away, and report")
	c.Flags().BoolVar(&r.detach, "detach", false, "do not wait for the import; everlatch import show tells how it goes")
	c.MarkFlagsMutuallyExclusive("dry-run", "detach")
	jsonFlag(c, &r.json)
}

// ageHeader begins what age has encrypted, in either of its forms.
var ageHeader = [][]byte{[]byte("age-encryption.org/"), []byte("-----BEGIN AGE")}

// openImport opens a file, and decrypts it if it is encrypted.
func (p *program) openImport(path, identity string) (io.ReadCloser, error) {
	file := io.NopCloser(p.stdin)
	if path != "-" {
		opened, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, err
		}
		file = opened
	}
	in := bufio.NewReader(file)
	start, _ := in.Peek(len(ageHeader[0])) // a shorter file is no encrypted one
	if !bytes.HasPrefix(start, ageHeader[0]) {
		if bytes.HasPrefix(start, ageHeader[1]) {
			return nil, errors.Join(errors.New("the file is encrypted in the armored form of age: decrypt it with `age -d` first"), file.Close())
		}
		return readCloser{in, file}, nil
	}
	keys, err := readIdentities(identity)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	clear, err := age.Decrypt(in, keys...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("decrypt the file: %w", err), file.Close())
	}
	return readCloser{clear, file}, nil
}

// readCloser reads from one and closes the other.
type readCloser struct {
	io.Reader
	io.Closer
}

func readIdentities(path string) ([]age.Identity, error) {
	if path == "" {
		return nil, errors.New("the file is encrypted with age: name the file with your private key with --identity")
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	keys, err := age.ParseIdentities(file)
	if err != nil {
		return nil, fmt.Errorf("%s has no private keys of age", path) // the cause may quote one
	}
	return keys, nil
}

// runImport tries an import, or performs it and waits for it.
func (p *program) runImport(ctx context.Context, t target, r importRequest, units imports.Units) error {
	s := t.app.Imports()
	if r.dryRun {
		counts, issues, err := s.Try(ctx, units)
		if err != nil {
			return err
		}
		return p.answer(r.json, tried{true, counts, issues}, func(w io.Writer) { writeTrial(w, counts, issues) })
	}
	id, count, err := s.Stage(ctx, r.source, units)
	if err != nil {
		return err
	}
	if err := startImport(ctx, t.app.Flows(), id); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.stderr, "Importing %s as %s\n", counted(int(count), "record"), id)
	if r.detach {
		return p.showImport(ctx, t.store, id, r.json)
	}
	if err := p.awaitImport(ctx, t.store, id); err != nil {
		return err
	}
	return p.showImport(ctx, t.store, id, r.json)
}

func startImport(ctx context.Context, c *flows.Client, id string) error {
	_, err := c.Start(ctx, flows.StartOptions{ID: workflows.ImportID(id), Summary: "Import of records"}, "Import", workflows.ImportInput{ImportID: id})
	return err
}
