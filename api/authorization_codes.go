package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

const (
	// codeTTL is how long an authorization code may wait for its exchange: a redirect and
	// one request. RFC 6749, section 4.1.2, recommends ten minutes at most.
	codeTTL = time.Minute
	// codeBytes is how many random bytes a code has.
	codeBytes = 32
)

var (
	authorizationFields = query.Schema{
		{Name: "return_to", Kind: query.Filled, Required: true},
		{Name: "code_challenge", Kind: query.Filled, Required: true},
		// Without the method, RFC 7636 means the plain one, which is not accepted.
		{Name: "code_challenge_method", Kind: query.Choice, Required: true, Choices: []string{"S256"}},
	}
	exchangeFields = query.Schema{
		{Name: "code", Kind: query.Filled, Required: true},
		{Name: "code_verifier", Kind: query.Filled, Required: true},
		{Name: "return_to", Kind: query.Filled, Required: true},
	}
)

// The forms of RFC 7636, sections 4.1 and 4.2, the challenge with S256 alone.
var (
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
)

var errAuthorizationCode = refused(everlatch.CodeUnauthorized, everlatch.ReasonAuthorizationCode, nil)

// createAuthorizationCode makes a code that a page on another origin exchanges for a token
// of the caller's sign-in. So the token itself is in no URL, and a code that leaks is
// worthless without the verifier, which never leaves that page (RFC 7636).
func (s *Server) createAuthorizationCode(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	in, err := authorizationFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	if !challengeForm.MatchString(in.Plain("code_challenge")) {
		return errForm("code_challenge")
	}
	if !s.returnTo.Allows(in.Plain("return_to")) {
		return refused(everlatch.CodeNotAllowed, everlatch.ReasonReturnTo, nil)
	}
	if claims.AuthProvider == "" {
		return errRefreshProvider // its sign-in can be continued by no token
	}
	principal := claims.Principal()
	principal.AuthenticatedAt = claims.SignedInAt()
	principal.CredentialVersion = max(principal.CredentialVersion, 1)
	code, expiresAt := newAuthorizationCode(), s.deps.Now().Add(codeTTL)
	err = s.deps.Store.CreateAuthorizationCode(lookups(c), store.AuthorizationCode{
		Hash: tokens.HashSecret(code), Principal: principal,
		ReturnTo: in.Plain("return_to"), Challenge: in.Plain("code_challenge"), ExpiresAt: expiresAt,
	})
	if errors.Is(err, everlatch.ErrNotFound) {
		return httpauth.ErrUnauthorized // the identity was removed in this very moment
	}
	if err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"code":`), code)
	return answerPrivate(c, append(wire.AppendTime(append(b, `,"expires_at":`...), expiresAt), '}'))
}

// errForm is a text that is not of the form of its field. The error has no part of it.
func errForm(field string) error {
	return query.Invalid(query.Issue{Reason: query.PatternMissed, Details: map[string]string{"field": field}})
}

func newAuthorizationCode() string {
	raw := make([]byte, codeBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// exchangeAuthorizationCode answers a code with a token of the sign-in that it was made
// in, as a refresh would: with the current state, and ended with that sign-in.
func (s *Server) exchangeAuthorizationCode(c echo.Context) error {
	in, err := exchangeFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	if !verifierForm.MatchString(in.Plain("code_verifier")) {
		return errForm("code_verifier")
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	code, err := s.deps.Store.AuthorizationCode(lookups(c), tokens.HashSecret(in.Plain("code")))
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && !proves(in, code) {
		return errAuthorizationCode // which stays as it is, so that a reader of a log can't use it up
	}
	if err != nil {
		return err
	}
	principal, err := s.principalOfCode(c, code)
	if err != nil {
		return err
	}
	now := s.deps.Now()
	use := store.CodeUse{At: now, TokenID: ids.New("", now)}
	if key != "" {
		use.RequestHash = tokens.HashSecret(code.Hash + key)
	}
	if use, err = s.useCode(c, code, use); err != nil {
		return err
	}
	token, claims, err := s.deps.Tokens.Issue(principal, use.At, use.TokenID)
	if err != nil {
		return err
	}
	s.touchSignIn(lookups(c), c, &claims, time.Unix(claims.ExpiresAt, 0))
	return answerToken(c, token)
}

// proves reports whether a request comes from the page that a code was made for.
func proves(in query.Input, code store.AuthorizationCode) bool {
	sum := sha256.Sum256([]byte(in.Plain("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	same := subtle.ConstantTimeCompare([]byte(challenge), []byte(code.Challenge)) == 1
	return same && in.Plain("return_to") == code.ReturnTo
}

// useCode uses a code up and returns its use. The request that did so, sent again with the
// same Idempotency-Key, gets its own. Any other one means that two clients have both the
// code and the verifier, so that the sign-in ends (RFC 6749, section 4.1.2).
func (s *Server) useCode(c echo.Context, code store.AuthorizationCode, use store.CodeUse) (store.CodeUse, error) {
	if code.Use.At.IsZero() {
		used, err := s.deps.Store.UseAuthorizationCode(lookups(c), code.Hash, use)
		if err != nil || used {
			return use, err
		}
		code, err = s.deps.Store.AuthorizationCode(lookups(c), code.Hash)
		if errors.Is(err, everlatch.ErrNotFound) { // it has expired in this very moment
			return use, errAuthorizationCode
		}
		if err != nil {
			return use, err
		}
	}
	if use.RequestHash != "" && use.RequestHash == code.Use.RequestHash {
		return code.Use, nil
	}
	p := code.Principal
	_, err := s.deps.Store.EndSignInOf(lookups(c), store.SignInEnd{
		SignInID: p.SignInID, AuthIdentityID: p.AuthIdentityID, ActorType: p.ActorType, ActorID: p.ActorID,
		Until: s.deps.Tokens.AbsoluteEnd(p.AuthenticatedAt), Reason: store.EndedByCodeReuse,
	})
	if err != nil {
		return use, err
	}
	return use, errAuthorizationCode
}

// principalOfCode returns the current principal of the sign-in that a code was made in. A
// sign-in that has ended, or that lacks something by now, gets no token.
func (s *Server) principalOfCode(c echo.Context, code store.AuthorizationCode) (everlatch.Principal, error) {
	p := code.Principal
	claims := &tokens.Claims{
		ActorID: p.ActorID, ActorType: p.ActorType, AuthIdentityID: p.AuthIdentityID, AuthProvider: p.AuthProvider, SignInID: p.SignInID,
	}
	identity, standing, err := s.current(c, claims)
	if err == nil && (!httpauth.Agrees(standing, p.CredentialVersion, p.ActorID) || !s.deps.Now().Before(s.deps.Tokens.AbsoluteEnd(p.AuthenticatedAt))) {
		err = everlatch.ErrNotFound
	}
	if err != nil {
		return p, codeRefusal(err)
	}
	current, err := s.reissued(c, identity, standing, claims)
	if err != nil {
		return p, codeRefusal(err)
	}
	current.AuthenticatedAt, current.MFACompletedAt, current.AMR = p.AuthenticatedAt, p.MFACompletedAt, p.AMR
	if current.NeedsFactor() {
		return p, errAuthorizationCode
	}
	return s.withRoles(c, s.withMethods(current))
}

func codeRefusal(err error) error {
	if errors.Is(err, everlatch.ErrNotFound) {
		return errAuthorizationCode
	}
	return err
}
