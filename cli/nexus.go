package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (p *program) nexusCommand() *cobra.Command {
	nexus := group("nexus", "Let workflows in other namespaces call the service", p.nexusSetupCommand(), p.nexusKeysCommand())
	nexus.Long = "Workflows in other namespaces of the Temporal cluster call the Nexus service everlatch.auth. They need an\n" +
		"endpoint that leads to this service, its public keys, and a secret API key."
	nexus.Example = "  everlatch nexus setup\n  everlatch nexus keys > sealing-keys.json"
	return nexus
}

// endpointSet is the answer of nexus setup.
type endpointSet struct {
	Endpoint string `json:"endpoint"`
	Changed  bool   `json:"changed"`
}

func (p *program) nexusSetupCommand() *cobra.Command {
	var asJSON, replace bool
	c := &cobra.Command{
		Use:   "setup",
		Short: "Create the Nexus endpoint (nexus.endpoint) in the cluster",
		Long: "Creates the endpoint that leads to the task queue of this service, which needs an operator's rights in the\n" +
			"cluster. dev does so itself; Temporal Cloud has its own tools for it.",
		Example: "  everlatch nexus setup --name auth",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			return p.onFlows(c, existing, func(ctx context.Context, t target) error {
				changed, err := t.app.SetNexusEndpoint(ctx, replace)
				if err != nil {
					return err
				}
				name := cfg.Nexus.Endpoint
				return p.answer(asJSON, endpointSet{name, changed}, func(w io.Writer) {
					if changed {
						_, _ = fmt.Fprintf(w, "The endpoint %s leads to this service now.\n", name)
					} else {
						_, _ = fmt.Fprintf(w, "The endpoint %s leads to this service already.\n", name)
					}
				})
			})
		},
	}
	setting(c.Flags(), "name", "nexus.endpoint", "name of the endpoint (default everlatch)")
	c.Flags().BoolVar(&replace, "replace", false, "change an endpoint of this name that leads elsewhere")
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) nexusKeysCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keys",
		Short: "Print the public keys to which callers seal their inputs",
		Long: "Prints a JSON Web Key Set, the same that the API serves at /.well-known/sealing-keys.json. Callers may keep it in\n" +
			"their configuration. It changes with encryption.keys.",
		Example: "  everlatch nexus keys > sealing-keys.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onFlows(c, existing, func(_ context.Context, t target) error {
				keys, err := t.app.NexusKeys()
				if err == nil {
					_, err = fmt.Fprintf(p.stdout, "%s\n", keys)
				}
				return err
			})
		},
	}
}
