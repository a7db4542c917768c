package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) identityCommand() *cobra.Command {
	return group("identity", "Find identities, see where they sign in, and help or disable their users",
		p.identityListCommand(), p.identityShowCommand(), p.identityDisableCommand(), p.identityEnableCommand(),
		p.identityEndSessionCommand(), p.identityEndSessionsCommand(), p.identityResetPasswordCommand(), p.identityRemoveFactorCommand(),
		p.identityDeleteCommand())
}

func (p *program) identities() resource[everlatch.AuthIdentity] {
	return resource[everlatch.AuthIdentity]{
		p: p, usage: "ID|ADDRESS", needs: "the id of an identity, or the address that it signs in with", object: "auth_identity",
		open: p.onStore, find: findIdentity, id: func(i everlatch.AuthIdentity) string { return i.ID }, view: viewIdentity,
	}
}

// identityQuery is what `identity list` was asked for.
type identityQuery struct {
	pages
	store.IdentitySearch

	provider, actorType, actorID string
	disabled                     bool
}

func (q *identityQuery) filter() store.IdentityFilter {
	f := store.IdentityFilter{IdentitySearch: q.IdentitySearch}
	for _, given := range []struct {
		value string
		into  *[]string
	}{{q.provider, &f.Providers}, {q.actorType, &f.ActorTypes}, {q.actorID, &f.ActorIDs}} {
		if given.value != "" {
			*given.into = []string{given.value}
		}
	}
	if q.disabled {
		f.Disabled = &q.disabled
	}
	return f
}

func (p *program) identityListCommand() *cobra.Command {
	var q identityQuery
	c := &cobra.Command{
		Short:   "List identities",
		Example: "  everlatch identity list --q lovelace\n  everlatch identity list --disabled --json",
	}
	c.Flags().StringVar(&q.Q, "q", "", "search for words in what identities sign in with and in the e-mail of their accounts")
	c.Flags().StringVar(&q.provider, "provider", "", "only those that sign in with this provider")
	c.Flags().StringVar(&q.actorType, "actor-type", "", "only those with an actor of this type")
	c.Flags().StringVar(&q.actorID, "actor-id", "", "only those of this actor")
	c.Flags().BoolVar(&q.disabled, "disabled", false, "only those that are disabled")
	return list[everlatch.AuthIdentity]{
		p: p, page: &q.pages, open: p.onStore,
		orders: "id, created_at, updated_at, last_used_at, disabled_at, mfa_enabled_at",
		table: table[everlatch.AuthIdentity]{
			key: "auth_identities", header: []string{"LAST USED", "ID", "SIGNS IN WITH", "ACTORS", "DISABLED"},
			row: func(i everlatch.AuthIdentity) []string {
				return []string{moment(i.LastUsedAt), i.ID, strings.Join(signInMethods(i), ", "), strings.Join(actorsOf(i), ", "), since(i.DisabledAt)}
			},
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.AuthIdentity, int, error) {
			found, count, err := s.AuthIdentities(ctx, q.filter(), page)
			return found, count, errors.Join(err, s.LoadCredentials(ctx, found))
		},
	}.command(c)
}

func (p *program) identityShowCommand() *cobra.Command {
	return p.identities().change(&cobra.Command{
		Use: "show", Short: "Show an identity with its factors and its last sign-ins", Example: "  everlatch identity show ada@example.com",
	}, nil)
}

func (p *program) identityDisableCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "disable", Short: "Refuse every way in to an identity, and end all its sessions and tokens",
		Example: "  everlatch identity disable ada@example.com --reason 'reported as stolen'",
	}
	reason := c.Flags().String("reason", "", "why, for the event")
	_ = c.MarkFlagRequired("reason") // it is defined above
	return p.identities().change(c, func(ctx context.Context, s *store.Store, found everlatch.AuthIdentity, _ []string) error {
		_, err := s.DisableIdentity(ctx, found.ID, controlEvent(everlatch.EventIdentityDisabled, "disabled_by", found, *reason))
		return err
	})
}

func (p *program) identityEnableCommand() *cobra.Command {
	c := &cobra.Command{Use: "enable", Short: "Let the user of a disabled identity sign in again"}
	reason := c.Flags().String("reason", "", "why, for the event")
	return p.identities().change(c, func(ctx context.Context, s *store.Store, found everlatch.AuthIdentity, _ []string) error {
		_, err := s.EnableIdentity(ctx, found.ID, controlEvent(everlatch.EventIdentityEnabled, "enabled_by", found, *reason))
		return err
	})
}

func controlEvent(name, as string, identity everlatch.AuthIdentity, reason string) everlatch.Event {
	event := everlatch.Event{ID: accounts.NewEventID(clock()), Name: name, AuthIdentityID: identity.ID}
	return accounts.ControlEvent(event, as, everlatch.ActorRef{ActorType: createdByCLI}, reason)
}

// findIdentity returns an identity by its id, or by what it signs in with.
func findIdentity(ctx context.Context, s *store.Store, named string) (everlatch.AuthIdentity, error) {
	if strings.HasPrefix(named, "authid_") {
		return s.Identity(ctx, named)
	}
	found, _, err := s.AuthIdentities(ctx, store.IdentityFilter{
		Credential: &store.CredentialFilter{EntityKey: []store.TextTest{{Op: store.Is, Texts: []string{strings.ToLower(named), named}}}},
	}, store.Page{})
	return only(found, err, "no identity signs in with "+named, named+" is what several identities sign in with",
		func(i everlatch.AuthIdentity) string { return i.ID })
}

// shownIdentity is what `identity show` answers.
type shownIdentity struct {
	everlatch.AuthIdentity

	Factors []everlatch.Factor `json:"factors"`
	SignIns []everlatch.SignIn `json:"sign_ins"`
}

func viewIdentity(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	identity, err := s.Identity(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	stored, err := s.Factors(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	shown := shownIdentity{AuthIdentity: identity, Factors: []everlatch.Factor{}}
	for _, f := range stored {
		if f.Status != everlatch.FactorDisabled {
			shown.Factors = append(shown.Factors, f.Factor)
		}
	}
	if shown.SignIns, err = s.SignIns(ctx, id); err != nil {
		return nil, nil, err
	}
	return map[string]shownIdentity{"auth_identity": shown}, func(w io.Writer) { writeIdentity(w, shown) }, nil
}

func writeIdentity(w io.Writer, i shownIdentity) {
	row(w, "id", i.ID)
	row(w, "signs in with", strings.Join(signInMethods(i.AuthIdentity), ", "))
	row(w, "actors", strings.Join(actorsOf(i.AuthIdentity), ", "))
	row(w, "disabled", since(i.DisabledAt))
	for _, f := range i.Factors {
		row(w, "factor", f.ID+" "+f.Provider+" ("+string(f.Status)+")")
	}
	row(w, "created", moment(i.CreatedAt))
	row(w, "last used", moment(i.LastUsedAt))
	if len(i.SignIns) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w)
	row(w, "SIGN-IN", "USED", "DEVICE", "NETWORK", "LIVE", "ID")
	for _, one := range i.SignIns {
		row(w, moment(one.CreatedAt), moment(one.LastUsedAt), one.Device, one.Network, yesNo(one.Live), one.ID)
	}
}

// signInMethods are what an identity signs in with.
func signInMethods(i everlatch.AuthIdentity) []string {
	out := make([]string, len(i.Providers))
	for n, p := range i.Providers {
		out[n] = p.Provider + " " + p.EntityID
	}
	return out
}

func actorsOf(i everlatch.AuthIdentity) []string {
	out := make([]string, 0, len(i.Links))
	for _, actorType := range slices.Sorted(maps.Keys(i.Links)) {
		out = append(out, actorType+" "+i.Links[actorType])
	}
	return out
}

// since is a time at which something began, "no" for never.
func since(t time.Time) string {
	if t.IsZero() {
		return "no"
	}
	return moment(t)
}
