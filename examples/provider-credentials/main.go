// Command provider-credentials is an Everlatch service whose staff sign in with a
// number and a PIN. docs/guides/create-an-auth-provider.md walks through it.
package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

// staffFile has a number, a name and a hash of the PIN in each line.
//
//go:embed staff.csv
var staffFile []byte

func main() { cli.Main(app.FromConfig(options)) }

// options add our provider to the service.
func options(config.Config) ([]app.Option, error) {
	lines, err := csv.NewReader(bytes.NewReader(staffFile)).ReadAll()
	if err != nil {
		return nil, err
	}
	staff := map[string]member{}
	for _, line := range lines {
		staff[line[0]] = member{Name: line[1], PIN: line[2]}
	}
	provider, err := newPINs(pinOptions{Staff: staff})
	return []app.Option{app.WithProvider("pin", provider)}, err
}
