package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// controlledIdentities are identities as the first argument of commands that start a flow.
// more are the arguments after it.
func (p *program) controlledIdentities(more string) resource[everlatch.AuthIdentity] {
	r := p.identities()
	r.open, r.usage = p.onFlows, r.usage+more
	return r
}

// controlBy is what the command line asks to do to an identity.
func controlBy(identity everlatch.AuthIdentity, reason string) flows.ControlRequest {
	return flows.ControlRequest{AuthIdentityID: identity.ID, By: everlatch.ActorRef{ActorType: createdByCLI}, Reason: reason}
}

func (p *program) identityEndSessionsCommand() *cobra.Command {
	r := p.controlledIdentities("")
	c := &cobra.Command{
		Use: "end-sessions " + r.usage, Short: "End all sessions and tokens of an identity, which can sign in again",
		Example: "  everlatch identity end-sessions ada@example.com", Args: oneArg(r.needs),
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	return r.removal(c, func(ctx context.Context, t target, found everlatch.AuthIdentity, _ []string) (deleted, string, error) {
		err := t.app.Flows().EndIdentitySessions(ctx, controlBy(found, *reason))
		return deleted{found.ID, "sessions", true}, fmt.Sprintf("Ended all sessions and tokens of %s", found.ID), explained(err)
	})
}

func (p *program) identityEndSessionCommand() *cobra.Command {
	r := p.controlledIdentities(" SESSION")
	c := &cobra.Command{
		Use: "end-session " + r.usage, Short: "End one session of an identity, with its tokens",
		Long:    "Ends one session of an identity, with its tokens; the others go on. identity show lists them.",
		Example: "  everlatch identity end-session ada@example.com 01a22e74-8bc5-75d8-8476-523c826fafda --reason 'lost phone'",
		Args:    twoArgs(r.needs + ", and the id of a session"),
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	return r.removal(c, func(ctx context.Context, t target, found everlatch.AuthIdentity, args []string) (deleted, string, error) {
		signIn, err := t.store.SignIn(ctx, args[0])
		if errors.Is(err, everlatch.ErrNotFound) || err == nil && signIn.AuthIdentityID != found.ID {
			return deleted{}, "", p.notAPart(found, "Session", args[0])
		}
		if err != nil {
			return deleted{}, "", err
		}
		ended := deleted{signIn.ID, "session", true}
		if !signIn.Live {
			return ended, fmt.Sprintf("Session %s of %s has ended already", signIn.ID, found.ID), nil
		}
		until := clock().Add(t.app.Settings().Tokens.AbsoluteTTL.Duration())
		err = t.app.Flows().EndIdentitySession(ctx, controlBy(found, *reason), signIn, until)
		return ended, fmt.Sprintf("Ended session %s of %s", signIn.ID, found.ID), explained(err)
	})
}

// notAPart refuses a part of an identity that does not exist, or belongs to another one.
func (p *program) notAPart(identity everlatch.AuthIdentity, model, id string) error {
	return fmt.Errorf("%w; see %s identity show %s", &everlatch.Error{
		Code: everlatch.CodeNotFound, Reason: store.RecordNotFound, Details: map[string]string{"model": model, "id": id},
	}, p.name, identity.ID)
}
