package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
)

func (p *program) identityEndSessionsCommand() *cobra.Command {
	r := p.identities()
	r.open = p.onFlows
	c := &cobra.Command{
		Use: "end-sessions " + r.usage, Short: "End all sessions and tokens of an identity, which can sign in again",
		Example: "  everlatch identity end-sessions ada@example.com", Args: oneArg(r.needs),
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	return r.removal(c, func(ctx context.Context, t target, found everlatch.AuthIdentity, _ []string) (deleted, string, error) {
		err := t.app.Flows().EndIdentitySessions(ctx, flows.ControlRequest{
			AuthIdentityID: found.ID, By: everlatch.ActorRef{ActorType: createdByCLI}, Reason: *reason,
		})
		return deleted{found.ID, "sessions", true}, fmt.Sprintf("Ended all sessions and tokens of %s", found.ID), explained(err)
	})
}
