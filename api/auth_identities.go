package api

import (
	"maps"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
)

// authIdentityTable is an identity as administrators see it. Secrets of its providers and
// factors are in no answer.
var authIdentityTable = render.Table[everlatch.AuthIdentity]{
	render.Text("id", func(i *everlatch.AuthIdentity) string { return i.ID }),
	render.Metadata("app_metadata", func(i *everlatch.AuthIdentity) everlatch.Metadata {
		out := everlatch.Principal{Links: i.Links}.AppMetadata(false)
		maps.Copy(out, i.AppMetadata)
		return out
	}),
	render.NullableTime("disabled_at", func(i *everlatch.AuthIdentity) *time.Time { return unlessZero(i.DisabledAt) }),
	render.NullableTime("mfa_enabled_at", func(i *everlatch.AuthIdentity) *time.Time { return unlessZero(i.MFAEnabledAt) }),
	render.Time("last_used_at", func(i *everlatch.AuthIdentity) time.Time { return i.LastUsedAt }),
	render.Time("created_at", func(i *everlatch.AuthIdentity) time.Time { return i.CreatedAt }),
	render.Time("updated_at", func(i *everlatch.AuthIdentity) time.Time { return i.UpdatedAt }),
	render.Relation("provider_identities", credentialTable, func(i *everlatch.AuthIdentity) []everlatch.ProviderIdentity { return i.Providers }),
}

var (
	authIdentityShape = render.ShapeOf(authIdentityTable)

	authIdentityFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Tests},
		{Name: "provider", Kind: query.Texts},
		{Name: "actor_type", Kind: query.Texts},
		{Name: "actor_id", Kind: query.Texts},
		{Name: "disabled", Kind: query.Flag},
		{Name: "last_used_at", Kind: query.Times},
		{Name: "created_at", Kind: query.Times},
		{Name: "updated_at", Kind: query.Times},
	}
)

const authIdentityPage = 20

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// listAuthIdentities lists identities. Words are searched for in what they sign in with
// and in the e-mail of their accounts.
func (s *Server) listAuthIdentities(c echo.Context) error {
	p, err := s.listed(c, authIdentityShape, authIdentityFilters, authIdentityPage)
	if err != nil {
		return err
	}
	in := p.Filters
	found, count, err := s.deps.Store.AuthIdentities(lookups(c), store.IdentityFilter{
		ID: in.Tests("id"), CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), LastUsedAt: in.Times("last_used_at"),
		IdentitySearch: store.IdentitySearch{
			Q: in.Plain("q"), Providers: in.Texts("provider"), ActorTypes: in.Texts("actor_type"),
			ActorIDs: in.Texts("actor_id"), Disabled: in.Flag("disabled"),
		},
	}, p.Page)
	if err == nil {
		err = s.deps.Store.LoadCredentials(lookups(c), found)
	}
	if err != nil {
		return err
	}
	return writeList(c, "auth_identities", authIdentityTable, p, found, count)
}

// identityFactorTable is a second factor as administrators see it.
var identityFactorTable = render.Table[everlatch.Factor]{
	render.Text("id", func(f *everlatch.Factor) string { return f.ID }),
	render.Text("provider", func(f *everlatch.Factor) string { return f.Provider }),
	render.Text("status", func(f *everlatch.Factor) string { return string(f.Status) }),
	render.Metadata("metadata", func(f *everlatch.Factor) everlatch.Metadata { return f.Metadata }),
	render.NullableTime("enabled_at", func(f *everlatch.Factor) *time.Time { return unlessZero(f.EnabledAt) }),
	render.NullableTime("last_used_at", func(f *everlatch.Factor) *time.Time { return unlessZero(f.LastUsedAt) }),
	render.Time("created_at", func(f *everlatch.Factor) time.Time { return f.CreatedAt }),
}

// signInTable is a sign-in as administrators see it.
var signInTable = render.Table[everlatch.SignIn]{
	render.Text("id", func(s *everlatch.SignIn) string { return s.ID }),
	render.Bool("live", func(s *everlatch.SignIn) bool { return s.Live }),
	render.Text("auth_provider", func(s *everlatch.SignIn) string { return s.AuthProvider }),
	render.Text("actor_type", func(s *everlatch.SignIn) string { return s.ActorType }),
	render.NullableText("device", func(s *everlatch.SignIn) *string { return unlessEmpty(s.Device) }),
	render.NullableText("network", func(s *everlatch.SignIn) *string { return unlessEmpty(s.Network) }),
	render.Time("created_at", func(s *everlatch.SignIn) time.Time { return s.CreatedAt }),
	render.Time("last_used_at", func(s *everlatch.SignIn) time.Time { return s.LastUsedAt }),
	render.Time("expires_at", func(s *everlatch.SignIn) time.Time { return s.ExpiresAt }),
}

var (
	identityFactorShape = render.ShapeOf(identityFactorTable)
	signInShape         = render.ShapeOf(signInTable)
)

// readAuthIdentity shows an identity, its factors that aren't removed, and its sign-ins:
// those that live are its sessions, the others its last ones.
func (s *Server) readAuthIdentity(c echo.Context) error {
	sel, err := s.selected(c, authIdentityShape)
	if err != nil {
		return err
	}
	identity, err := s.deps.Store.Identity(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	stored, err := s.deps.Store.Factors(lookups(c), identity.ID)
	if err != nil {
		return err
	}
	signIns, err := s.deps.Store.SignIns(lookups(c), identity.ID)
	if err != nil {
		return err
	}
	var factors []everlatch.Factor
	for _, f := range stored {
		if f.Status != everlatch.FactorDisabled {
			factors = append(factors, f.Factor)
		}
	}
	b := authIdentityTable.Append(append(make([]byte, 0, 4096), `{"auth_identity":`...), &identity, sel)
	b = append(b, `,"factors":`...)
	b = identityFactorTable.AppendAll(b, factors, identityFactorShape.Defaults())
	b = append(b, `,"sign_ins":`...)
	b = signInTable.AppendAll(b, signIns, signInShape.Defaults())
	return writeJSON(c, append(b, '}'))
}
