package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/imports/convert"
)

// systemFlags are what `import` asks about the users of another system.
type systemFlags struct {
	actorType string
	roles     []string
	providers []string
	// hashes, config and columns are of Auth0, Firebase and tables.
	hashes, config string
	columns        []string
}

// system is another system whose users can be imported.
type system struct {
	name, short, long, example string
	flags                      func(c *cobra.Command, f *systemFlags)
	read                       func(r io.Reader, f *systemFlags, o convert.Options) (imports.Units, error)
}

const usersBecome = "\n\nEach user becomes an account with an identity. The report names who or what can't be moved, and why; --dry-run\n" +
	"shows it beforehand. docs/guides/move-from-other-systems.md says how to export."

func (p *program) importSystemCommands() (out []*cobra.Command) {
	for _, s := range systems() {
		out = append(out, p.importSystemCommand(s))
	}
	return out
}

func systems() []system {
	return []system{
		{
			name: "kratos", short: "Import the identities of Ory Kratos",
			long:    "Imports identities of Ory Kratos with their credentials, as its admin API answers: passwords, sign-ins with providers,\nauthenticator apps.",
			example: "  everlatch import kratos identities.json --dry-run",
			read: func(r io.Reader, _ *systemFlags, o convert.Options) (imports.Units, error) {
				return convert.Kratos(r, o), nil
			},
		},
		{
			name: "gotrue", short: "Import the users of Supabase Auth (GoTrue)",
			long:    "Imports users of Supabase Auth (GoTrue): rows of auth.users with their identities and factors as JSON, or the table\nalone as CSV.",
			example: "  everlatch import gotrue users.ndjson --dry-run",
			read: func(r io.Reader, _ *systemFlags, o convert.Options) (imports.Units, error) {
				return convert.GoTrue(r, o), nil
			},
		},
		{
			name: "auth0", short: "Import the users of Auth0",
			long:    "Imports a bulk export of users of Auth0, or a file for its bulk import. Password hashes come in a file of their own,\nwhich Auth0's support exports.",
			example: "  everlatch import auth0 users.json --password-hashes hashes.json --dry-run",
			flags: func(c *cobra.Command, f *systemFlags) {
				c.Flags().StringVar(&f.hashes, "password-hashes", "", "file of the password hashes")
			},
			read: func(r io.Reader, f *systemFlags, o convert.Options) (imports.Units, error) {
				hashes, err := readHashes(f.hashes)
				return convert.Auth0(r, hashes, o), err
			},
		},
		{
			name: "firebase", short: "Import the users of Firebase Authentication",
			long:    "Imports a file of firebase auth:export, JSON or CSV. Passwords need the project's password hash parameters, which\nFirebase's console shows: save them in a file.",
			example: "  everlatch import firebase users.json --hash-config hash_config.txt --dry-run",
			flags: func(c *cobra.Command, f *systemFlags) {
				c.Flags().StringVar(&f.config, "hash-config", "", "file with the password hash parameters, as the console shows them")
			},
			read: func(r io.Reader, f *systemFlags, o convert.Options) (imports.Units, error) {
				parameters, err := readHashConfig(f.config)
				if err != nil {
					return nil, err
				}
				return convert.Firebase(r, parameters, o), nil
			},
		},
		{
			name: "keycloak", short: "Import the users of a Keycloak realm",
			long:    "Imports the users of a realm that kc.sh export has written: passwords, sign-ins with identity providers, authenticator apps.",
			example: "  everlatch import keycloak realm.json --dry-run",
			read: func(r io.Reader, _ *systemFlags, o convert.Options) (imports.Units, error) {
				return convert.Keycloak(r, o), nil
			},
		},
		{
			name: "csv", short: "Import users from a CSV file", long: "Imports users from a CSV file with a header. " + tableFields(),
			example: "  everlatch import csv users.csv --column mail=email --column pw=password_hash --column plan=metadata.plan --column note=-",
			flags:   columnFlag, read: readTable(convert.CSV),
		},
		{
			name: "ndjson", short: "Import users from JSON objects, one a line", long: "Imports users from JSON objects, one a line. " + tableFields(),
			example: "  everlatch import ndjson users.ndjson --column mail=email",
			flags:   columnFlag, read: readTable(convert.NDJSON),
		},
	}
}

func tableFields() string {
	return "The fields are:\n" + strings.Join(convert.Fields(), ", ") + ",\nprovider.ID, metadata.NAME and app_metadata.NAME. --column maps other names to them."
}

func columnFlag(c *cobra.Command, f *systemFlags) {
	c.Flags().StringArrayVar(&f.columns, "column", nil, "name there and field here, such as mail=email; - leaves the column out; may be repeated")
}

func readTable(
	read func(io.Reader, map[string]string, convert.Options) convert.Units,
) func(io.Reader, *systemFlags, convert.Options) (imports.Units, error) {
	return func(r io.Reader, f *systemFlags, o convert.Options) (imports.Units, error) {
		columns, err := convert.ParseColumns(f.columns)
		if err != nil {
			return nil, err
		}
		return read(r, columns, o), nil
	}
}

func readHashes(path string) (hashes map[string]string, err error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if hashes, err = convert.Auth0Hashes(file); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return hashes, err
}

func readHashConfig(path string) (*convert.FirebaseParameters, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	parameters, err := convert.ParseFirebaseParameters(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parameters, nil
}

func (p *program) importSystemCommand(s system) *cobra.Command {
	f := &systemFlags{}
	c := p.importFileCommand(importRequest{source: s.name}, &cobra.Command{
		Use: s.name + " FILE", Short: s.short, Long: s.long + usersBecome, Example: s.example,
	}, func(t target, r io.Reader) (imports.Units, error) {
		o, err := f.options(t)
		if err != nil {
			return nil, err
		}
		return s.read(r, f, o)
	})
	c.Flags().StringVar(&f.actorType, "actor-type", everlatch.ActorCustomer, "what the users become: customer, user (administrators) or a custom actor type")
	c.Flags().StringArrayVar(&f.roles, "role", nil, "id of a role that administrators get; may be repeated")
	if s.flags == nil || s.name == "auth0" || s.name == "firebase" {
		c.Flags().StringArrayVar(&f.providers, "provider", nil,
			"provider there and its id here, such as apple=my-apple; an empty id leaves it out; may be repeated; google and github are known")
	}
	if s.flags != nil {
		s.flags(c, f)
	}
	return c
}

func (f *systemFlags) options(t target) (o convert.Options, err error) {
	o.ActorType, o.Roles, o.Now = cmp.Or(f.actorType, everlatch.ActorCustomer), f.roles, clock()
	if len(f.roles) > 0 && o.ActorType != everlatch.ActorUser {
		return o, errors.New("--role is for administrators: set --actor-type user")
	}
	if o.Providers, err = convert.ParseProviders(f.providers); err != nil {
		return o, err
	}
	o.Actors = t.app.ImportedActors
	_, err = o.Actors(o.ActorType)
	return o, err
}
