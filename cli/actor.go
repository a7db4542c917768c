package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
)

func (p *program) actorCommand() *cobra.Command {
	c := group("actor", "Show and delete accounts of custom actor types", p.actorShowCommand(), p.actorDeleteCommand())
	c.Long = "Accounts of the actor types that a program adds, such as managers or couriers. people list and\n" +
		"identity list --actor-type find them."
	return c
}

const (
	actorUsage = " ACTOR_TYPE ID"
	actorNeeds = "a custom actor type and the id of an account"
)

// onActor calls do with the account that the arguments name.
func (p *program) onActor(c *cobra.Command, args []string, do func(ctx context.Context, t target, found everlatch.ActorRecord) error) error {
	return p.onFlows(c, existing, func(ctx context.Context, t target) error {
		actorType, id := args[0], args[1]
		if slices.Contains(builtInTypes, actorType) {
			return fmt.Errorf("%s is no custom actor type; see %s %[1]s --help", actorType, p.name)
		}
		records := t.app.Actors(actorType)
		if records == nil {
			return fmt.Errorf("%s has no custom actor type %s", p.name, actorType)
		}
		found, err := records.Find(ctx, id)
		if err != nil {
			return err
		}
		t.note(found.ID)
		return do(ctx, t, found)
	})
}

func (p *program) actorShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show" + actorUsage, Short: "Show an account", Args: twoArgs(actorNeeds),
		Example: "  everlatch actor show manager mana_01M85NPG908QRQEYRPT1BD7YSS",
		RunE: func(c *cobra.Command, args []string) error {
			return p.onActor(c, args, func(_ context.Context, _ target, found everlatch.ActorRecord) error {
				shown := everlatch.Metadata{"id": found.ID, "created_at": found.CreatedAt, "updated_at": found.UpdatedAt}
				maps.Copy(shown, found.Data)
				return p.answer(asJSON, map[string]everlatch.Metadata{found.ActorType: shown}, func(w io.Writer) { writeActor(w, found) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func writeActor(w io.Writer, a everlatch.ActorRecord) {
	row(w, "id", a.ID)
	for _, name := range slices.Sorted(maps.Keys(a.Data)) {
		if value := a.Data[name]; value != nil {
			row(w, name, fmt.Sprint(value))
		}
	}
	row(w, "created", moment(a.CreatedAt))
	row(w, "updated", moment(a.UpdatedAt))
}

func (p *program) actorDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "delete" + actorUsage, Short: "Remove an account, and end its sessions and tokens", Args: twoArgs(actorNeeds),
		Long: "Removes an account through the account workflow. Identities that serve only this account are deleted; one that\n" +
			"also serves another actor is unlinked. Sessions and tokens end. This cannot be undone.",
		Example: "  everlatch actor delete manager mana_01M85NPG908QRQEYRPT1BD7YSS",
		RunE: func(c *cobra.Command, args []string) error {
			return p.onActor(c, args, func(ctx context.Context, t target, found everlatch.ActorRecord) error {
				if err := t.app.Flows().RemoveActorAccount(ctx, found.ActorType, found.ID); err != nil {
					return explained(err)
				}
				return p.answer(asJSON, deleted{found.ID, found.ActorType, true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Removed %s %s from %s\n", found.ActorType, found.ID, t.where)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
