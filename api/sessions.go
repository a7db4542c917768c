package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// signInFlows are the flows of the routes in this file.
type signInFlows interface {
	NoticeSignIn(ctx context.Context, d flows.NewDevice) error
	DisownSignIn(ctx context.Context, signInID, tokenID string) error
}

// ownSession is a sign-in as its owner sees it.
type ownSession struct {
	everlatch.SignIn

	current bool
}

var sessionTable = render.Table[ownSession]{
	render.Text("id", func(s *ownSession) string { return s.ID }),
	render.Bool("current", func(s *ownSession) bool { return s.current }),
	render.Text("auth_provider", func(s *ownSession) string { return s.AuthProvider }),
	render.Text("actor_type", func(s *ownSession) string { return s.ActorType }),
	render.NullableText("device", func(s *ownSession) *string { return unlessEmpty(s.Device) }),
	render.NullableText("network", func(s *ownSession) *string { return unlessEmpty(s.Network) }),
	render.Time("created_at", func(s *ownSession) time.Time { return s.CreatedAt }),
	render.Time("last_used_at", func(s *ownSession) time.Time { return s.LastUsedAt }),
	render.Time("expires_at", func(s *ownSession) time.Time { return s.ExpiresAt }),
}

var sessionShape = render.ShapeOf(sessionTable)

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// listSessions shows the sign-ins of the caller's identity of which something is still
// accepted, the latest used first.
func (s *Server) listSessions(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	sel, err := s.selected(c, sessionShape)
	if err != nil {
		return err
	}
	found, err := s.deps.Store.SignIns(lookups(c), claims.AuthIdentityID)
	if err != nil {
		return err
	}
	b := []byte(`{"sessions":[`)
	for _, signIn := range found {
		if !signIn.Live {
			continue
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = sessionTable.Append(b, &ownSession{SignIn: signIn, current: signIn.ID == claims.SignInID}, sel)
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, `]}`...))
}

// endSessionByID ends one of the caller's sign-ins: a client may always end its own,
// and another after a recent sign-in. A thief with a stolen token can't throw the owner
// out, and the owner, who can sign in again, throws the thief out at any time.
func (s *Server) endSessionByID(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	k, id := callOf(c), c.Param("id")
	own := id == claims.SignInID
	switch {
	case k.auth.Ended() && !own:
		return httpauth.ErrUnauthorized
	case k.auth.Ended(): // a repeated request
		return writeDeleted(c, "session", id)
	case !own:
		if err := s.requireRecent(c); err != nil {
			return err
		}
	}
	found, err := s.deps.Store.SignIn(lookups(c), id)
	if err == nil && found.AuthIdentityID != claims.AuthIdentityID {
		err = errNoSession(id)
	}
	if own && errors.Is(err, everlatch.ErrNotFound) { // it isn't recorded
		found, err = s.signInOf(c, claims, s.deps.Now(), s.deps.Now()), nil
		found.Live = true
	}
	if err != nil {
		return err
	}
	if found.Live {
		if err := s.end(c, found, own); err != nil {
			return err
		}
	}
	if own && k.auth.BySession() {
		s.cookies.Clear(c.Response(), c.Request())
	}
	return writeDeleted(c, "session", id)
}

func (s *Server) end(c echo.Context, signIn everlatch.SignIn, own bool) error {
	reason := store.EndedByOwner
	if own {
		reason = store.EndedBySignOut
	}
	_, err := s.deps.Store.EndSignInOf(lookups(c), store.SignInEnd{
		SignInID: signIn.ID, AuthIdentityID: signIn.AuthIdentityID, ActorType: signIn.ActorType, ActorID: signIn.ActorID,
		Until: s.deps.Tokens.AbsoluteEnd(s.deps.Now()), Reason: reason,
	})
	return err
}

// requireRecent demands that the caller of a handler has signed in recently.
func (s *Server) requireRecent(c echo.Context) error {
	k := callOf(c)
	return s.auth.Check(k.lookups(c), c, &k.auth, httpauth.Policy{
		ActorTypes: []string{httpauth.AnyActor}, Methods: httpauth.Bearer | httpauth.Session,
		AllowUnregistered: true, MaxAge: s.opts.RecentWithin,
	})
}

// endOtherSessions ends every sign-in of the caller's identity but the caller's own.
func (s *Server) endOtherSessions(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	until := s.deps.Tokens.AbsoluteEnd(s.deps.Now())
	if _, err := s.deps.Store.EndOtherSignIns(lookups(c), claims.AuthIdentityID, claims.SignInID, until); err != nil {
		return err
	}
	return writeJSON(c, []byte(`{"success":true}`))
}

var disownFields = query.Schema{{Name: "token", Kind: query.Text, Required: true}}

// disownSignIn ends the sign-in that a mailed token is about. It needs no sign-in: the
// recipient may have lost the account. It takes a POST, so that a scanner that opens
// the links in mails ends nothing.
func (s *Server) disownSignIn(c echo.Context) error {
	in, err := disownFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	said, err := s.deps.Tokens.VerifySignIn(in.Plain("token"))
	if err != nil {
		return errInvalidToken
	}
	if err := s.deps.Flows.DisownSignIn(c.Request().Context(), said.SignInID, said.ID); err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, []byte(`{"success":true}`))
}
