package api

import (
	"context"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
)

// ownEvents are the events that the person they are about sees, with the fields of their
// data that are shown. What says something about another account, such as that one has an
// address already, is not among them.
var ownEvents = map[string][]string{
	everlatch.EventIdentityRegistered:     {"provider", "actor_type"},
	everlatch.EventIdentityLinked:         {"provider", "entity_id", "automatic"},
	everlatch.EventIdentityUnlinked:       {"provider", "entity_id"},
	everlatch.EventPasswordReset:          {"provider", "entity_id"},
	everlatch.EventPasswordChanged:        {"provider", "entity_id"},
	everlatch.EventEmailRequested:         {"email", "former_email", "expires_at"},
	everlatch.EventEmailChanged:           {"email", "former_email", "expires_at"},
	everlatch.EventEmailRestored:          {"email", "former_email"},
	everlatch.EventLoginFailed:            {"provider", "actor_type"},
	everlatch.EventSignInLocked:           {"provider", "actor_type", "failures", "locked_for"},
	everlatch.EventSignInEnded:            {"sign_in_id", "actor_type", "reason"},
	everlatch.EventSessionsEnded:          {},
	everlatch.EventMFAEnabled:             {"mfa_id", "provider"},
	everlatch.EventMFADisabled:            {"mfa_id", "provider"},
	everlatch.EventRecoveryCodesGenerated: {"count"},
	everlatch.EventRecoveryCodeUsed:       {"left"},
	everlatch.EventPasskeyCloned:          {"provider_identity_id", "mfa_id"},
	everlatch.EventVerificationConfirmed:  {"entity_id", "entity_type"},
	everlatch.EventMFAChallengeFailed:     {"method", "actor_type"},
	everlatch.EventIdentityDisabled:       {},
	everlatch.EventIdentityEnabled:        {},
}

// deed is one entry of what has happened to the caller's identity.
type deed struct {
	id, name string
	data     everlatch.Metadata
	at       time.Time
}

var deedTable = render.Table[deed]{
	render.Text("id", func(d *deed) string { return d.id }),
	render.Text("name", func(d *deed) string { return d.name }),
	render.Metadata("data", func(d *deed) everlatch.Metadata { return d.data }),
	render.Time("created_at", func(d *deed) time.Time { return d.at }),
}

var deedFields = render.ShapeOf(deedTable).Defaults()

const (
	activityPage = 50
	mostActivity = 100
)

var activityQuery = query.Schema{{Name: "limit", Kind: query.Count}}

// listActivity shows the caller what has happened to their identity, the latest first.
func (s *Server) listActivity(c echo.Context) error {
	in, err := query.Read(c.Request().URL.RawQuery, activityQuery)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	deeds, err := s.activity(lookups(c), claims.AuthIdentityID, min(in.Count("limit", activityPage), mostActivity))
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, append(deedTable.AppendAll([]byte(`{"activities":`), deeds, deedFields), '}'))
}

// activity returns the latest entries of an identity. Sign-ins are those of the record of
// sign-ins, because the events about them are recorded only where events.logins is on.
func (s *Server) activity(ctx context.Context, identityID string, most int) ([]deed, error) {
	if most == 0 {
		return nil, nil // the store reads 0 as no limit
	}
	names := make([]string, 0, len(ownEvents))
	for name := range ownEvents {
		names = append(names, name)
	}
	slices.Sort(names)
	events, _, err := s.deps.Store.Events(ctx, store.EventFilter{
		AuthIdentityID: identityID, Source: everlatch.SourceEverlatch, Names: names, Released: new(true),
	}, store.Page{Limit: most, Order: "-created_at"})
	if err != nil {
		return nil, err
	}
	signIns, err := s.deps.Store.SignIns(ctx, identityID)
	if err != nil {
		return nil, err
	}
	out := make([]deed, 0, len(events)+len(signIns))
	for _, e := range events {
		out = append(out, deed{id: e.ID, name: e.Name, data: shownData(e), at: e.CreatedAt})
	}
	for _, signIn := range signIns {
		out = append(out, deed{id: signIn.ID, name: everlatch.EventLoginSucceeded, data: signInData(signIn), at: signIn.CreatedAt})
	}
	slices.SortStableFunc(out, func(a, b deed) int { return b.at.Compare(a.at) })
	return out[:min(len(out), most)], nil
}

// shownData keeps what the owner sees. A reference to a secret is an object, and none of
// the fields is one that has a secret; a field that becomes one is left out.
func shownData(e everlatch.Event) everlatch.Metadata {
	out := everlatch.Metadata{}
	for _, field := range ownEvents[e.Name] {
		switch value := e.Data[field].(type) {
		case string, float64, bool:
			out[field] = value
		}
	}
	return out
}

func signInData(signIn everlatch.SignIn) everlatch.Metadata {
	out := everlatch.Metadata{"sign_in_id": signIn.ID, "actor_type": signIn.ActorType, "provider": signIn.AuthProvider}
	if signIn.Device != "" {
		out["device"] = signIn.Device
	}
	if signIn.Network != "" {
		out["network"] = signIn.Network
	}
	return out
}
