package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
)

func (p *program) identityResetPasswordCommand() *cobra.Command {
	r := p.controlledIdentities("")
	c := &cobra.Command{
		Use: "reset-password " + r.usage, Short: "Mail the user of an identity a link for a new password", Args: oneArg(r.needs),
		Long: "Has a link mailed to the address that the identity signs in with, as if its user had asked for it. The current\n" +
			"password works until a new one is chosen. Asked again within password_reset.resend_after, no further mail is sent.\n" +
			"The mail is sent by the running service.",
		Example: "  everlatch identity reset-password ada@example.com",
	}
	actorType := c.Flags().String("actor-type", "", "the account whose pages the link leads to, where the identity has accounts of several types")
	return r.action(c, func(ctx context.Context, t target, found everlatch.AuthIdentity, _ []string) (any, string, error) {
		rules, err := app.Accounts(t.app.Settings(), t.store, clock, p.options...)
		if err != nil {
			return nil, "", err
		}
		full, err := t.store.Identity(ctx, found.ID)
		if err != nil {
			return nil, "", err
		}
		reset, err := rules.CheckReset(full, *actorType)
		if refused, ok := errors.AsType[*everlatch.Error](err); ok && refused.Reason == accounts.ResetActorType {
			err = fmt.Errorf("%s has accounts of several types: choose one with --actor-type: %s", found.ID, refused.Details["actor_types"])
		}
		if err != nil {
			return nil, "", err
		}
		err = t.app.Flows().RequestPasswordReset(ctx, flows.ResetRequest{
			ActorType: reset.ActorType, Provider: reset.Credential.Provider, EntityKey: reset.Credential.EntityKey,
		})
		sentence := fmt.Sprintf("A link for a new password goes to %s (%s)", reset.Credential.EntityID, found.ID)
		return succeeded{true}, sentence, explained(err)
	})
}

func (p *program) identityRemoveFactorCommand() *cobra.Command {
	r := p.controlledIdentities(" FACTOR")
	c := &cobra.Command{
		Use: "remove-factor " + r.usage, Short: "Remove a second factor of a user who has lost it",
		Long: "Removes a second factor; identity show lists them. With the last one the recovery codes go, and sign-ins need no\n" +
			"second factor any more: make sure who asks for this. The user is told by mail. This cannot be undone.",
		Example: "  everlatch identity remove-factor ada@example.com authmfa_01M8MB5EJ0P8HT8522SE1PVA77 --reason 'lost phone'",
		Args:    twoArgs(r.needs + ", and the id of a factor"),
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	_ = c.MarkFlagRequired("reason") // it is defined above
	return r.removal(c, func(ctx context.Context, t target, found everlatch.AuthIdentity, args []string) (deleted, string, error) {
		removed := deleted{args[0], "mfa_factor", true}
		before, err := t.store.Factor(ctx, found.ID, args[0])
		switch {
		case errors.Is(err, everlatch.ErrNotFound):
			return removed, "", p.notAPart(found, "MFA factor", args[0])
		case err != nil:
			return removed, "", err
		case before.Status == everlatch.FactorDisabled:
			return removed, fmt.Sprintf("Factor %s of %s is removed already", before.ID, found.ID), nil
		}
		by := controlBy(found, *reason)
		_, err = t.app.Flows().RemoveFactor(ctx, flows.FactorRemoval{
			AuthIdentityID: found.ID, FactorID: before.ID, ActorType: accounts.ToldOf(found), RemovedBy: &by.By, Reason: by.Reason,
		})
		return removed, fmt.Sprintf("Removed factor %s (%s) of %s", before.ID, before.Provider, found.ID), explained(err)
	})
}

func (p *program) identityDeleteCommand() *cobra.Command {
	r := p.controlledIdentities("")
	c := &cobra.Command{
		Short: "Delete an identity without an account",
		Long: "Deletes an identity that signs in to no account, with its sessions and tokens. One that does goes with its account:\n" +
			"see customer delete, user delete and actor delete. This cannot be undone.",
		Example: "  everlatch identity delete authid_01M8MB5EJ0P8HT8522SE1PVA77 --reason spam",
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	return r.deletion(c, func(ctx context.Context, t target, found everlatch.AuthIdentity) error {
		return explained(t.app.Flows().DeleteUnlinkedIdentity(ctx, controlBy(found, *reason)))
	}, func(found everlatch.AuthIdentity, _ string) string { return "Deleted identity " + found.ID })
}
