package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

func (p *program) exportCommand() *cobra.Command {
	var recipients []string
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write all records as NDJSON, which everlatch import takes back",
		Long: "Writes every record that lasts to a new file, one JSON object a line: customers, administrators, custom actors,\n" +
			"identities with their sign-in methods and second factors, roles, invites, API keys, sessions. What is pending,\n" +
			"expired or removed is left out, and so are events.\n\n" +
			"The file holds password hashes, and the secrets of second factors in clear: a thief of it can act as every user.\n" +
			"Only you can read it. With --recipient it is encrypted with age (age-encryption.org); - is standard output.",
		Example: "  everlatch export everlatch.ndjson\n" +
			"  everlatch export everlatch.ndjson.age --recipient age1…",
		Args: oneArg("the name of a new file, or -"),
		RunE: func(c *cobra.Command, args []string) error {
			to, err := parseRecipients(recipients)
			if err != nil {
				return err
			}
			return p.onFlows(c, existing, func(ctx context.Context, t target) error { return p.export(ctx, t, args[0], to) })
		},
	}
	c.Flags().StringArrayVar(&recipients, "recipient", nil, "encrypt for the owner of this age public key; may be repeated")
	return c
}

func parseRecipients(texts []string) (out []age.Recipient, err error) {
	for _, text := range texts {
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, fmt.Errorf("--recipient is %q, and a public key of age is expected, such as age1ql3z…", text)
		}
		out = append(out, r)
	}
	return out, nil
}

func (p *program) export(ctx context.Context, t target, path string, to []age.Recipient) (err error) {
	out, where := p.stdout, "standard output"
	if path != "-" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("create the file: %w", err)
		}
		defer func() {
			if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
				_ = os.Remove(path) // half an export is none
			}
		}()
		out, where = file, path
	}
	count, err := p.writeExport(ctx, t, out, to)
	if err == nil {
		_, err = fmt.Fprintf(p.stderr, "Wrote %s to %s\n", counted(count, "record"), where)
	}
	return err
}

func (p *program) writeExport(ctx context.Context, t target, out io.Writer, to []age.Recipient) (count int, err error) {
	buffered := bufio.NewWriter(out)
	defer func() { err = errors.Join(err, buffered.Flush()) }()
	if len(to) == 0 {
		return t.app.Imports().Export(ctx, buffered)
	}
	encrypted, err := age.Encrypt(buffered, to...)
	if err != nil {
		return 0, err
	}
	count, err = t.app.Imports().Export(ctx, encrypted)
	return count, errors.Join(err, encrypted.Close())
}
