package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// factorFlows are the flows of the routes in this file.
type factorFlows interface {
	EnrollFactor(ctx context.Context, r flows.FactorRequest) (everlatch.Factor, everlatch.Metadata, error)
	ConfirmFactor(ctx context.Context, r flows.FactorAnswer) error
	RemoveFactor(ctx context.Context, r flows.FactorRemoval) (everlatch.Factor, error)
	GenerateRecoveryCodes(ctx context.Context, r flows.RecoveryCodesRequest) ([]string, error)
}

// newFactorTable is a factor as the answer to its enrolment shows it, and factorTable as
// all others do (docs/contract.md#s10-1).
var (
	newFactorTable = render.Table[everlatch.Factor]{
		render.Text("id", func(f *everlatch.Factor) string { return f.ID }),
		render.Text("auth_identity_id", func(f *everlatch.Factor) string { return f.AuthIdentityID }),
		render.Text("provider", func(f *everlatch.Factor) string { return f.Provider }),
		render.Text("status", func(f *everlatch.Factor) string { return string(f.Status) }),
		render.Metadata("metadata", func(f *everlatch.Factor) everlatch.Metadata { return f.Metadata }),
	}
	factorTable = append(slices.Clip(newFactorTable),
		render.Metadata("auth_identity", func(f *everlatch.Factor) everlatch.Metadata { return everlatch.Metadata{"id": f.AuthIdentityID} }),
		render.Time("created_at", func(f *everlatch.Factor) time.Time { return f.CreatedAt }),
		render.Time("updated_at", func(f *everlatch.Factor) time.Time { return f.UpdatedAt }),
		render.NullableTime("deleted_at", func(*everlatch.Factor) *time.Time { return nil }),
	)
)

var (
	newFactorFields = render.ShapeOf(newFactorTable).Defaults()
	factorFields    = render.ShapeOf(factorTable).Defaults()
)

const (
	longestFactorText = 256
	mostRecoveryCodes = 50
)

var (
	enrollFields = query.Schema{
		{Name: "provider", Kind: query.Filled, Required: true},
		{Name: "label", Kind: query.Text, Nullable: true},
		{Name: "issuer", Kind: query.Text},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
	confirmFields = query.Schema{{Name: "code", Kind: query.Filled, Required: true}}
	removeFields  = query.Schema{{Name: "method", Kind: query.Filled}, {Name: "code", Kind: query.Filled}}
	codesFields   = query.Schema{{Name: "count", Kind: query.Whole, Most: mostRecoveryCodes}}
)

// listFactors shows the second factors of the caller, in all states.
func (s *Server) listFactors(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	factors, err := s.deps.Store.Factors(lookups(c), claims.AuthIdentityID)
	if err != nil {
		return err
	}
	b := []byte(`{"mfa_factors":[`)
	for i := range factors {
		if i > 0 {
			b = append(b, ',')
		}
		b = factorTable.Append(b, &factors[i].Factor, factorFields)
	}
	return writeJSON(c, append(b, `]}`...))
}

// factorRequest reads a request of the caller that a client may repeat.
func factorRequest(c echo.Context, fields query.Schema) (in query.Input, claims *tokens.Claims, key string, err error) {
	if in, err = fields.CheckBody(wire.Of(c).Body); err != nil {
		return nil, nil, "", err
	}
	if claims, err = caller(c); err != nil {
		return nil, nil, "", err
	}
	key, err = idempotencyKey(c)
	return in, claims, key, err
}

// enrollFactor creates a factor that waits for its first code. What the user needs for
// that is shown in this answer alone.
func (s *Server) enrollFactor(c echo.Context) error {
	in, claims, key, err := factorRequest(c, enrollFields)
	if err != nil {
		return err
	}
	r := flows.FactorRequest{
		AuthIdentityID: claims.AuthIdentityID, Method: in.Plain("provider"), Label: in.Plain("label"), Issuer: in.Plain("issuer"),
		IdempotencyKey: key,
	}
	r.Metadata, _ = in["metadata"].(map[string]any)
	if len(r.Label) > longestFactorText || len(r.Issuer) > longestFactorText {
		return errFactorText
	}
	if _, err := s.deps.Factors.Method(r.Method); err != nil {
		return err // known without a flow, and no name of one
	}
	factor, public, err := s.deps.Flows.EnrollFactor(c.Request().Context(), r)
	if err != nil {
		return err
	}
	b := newFactorTable.Append([]byte(`{"mfa_factor":`), &factor, newFactorFields)
	if len(public) > 0 {
		if b, err = appendFields(append(b, ','), public); err != nil {
			return err
		}
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

// appendFields appends the fields of an object, without its braces.
func appendFields(b []byte, fields everlatch.Metadata) ([]byte, error) {
	var object bytes.Buffer
	encoder := json.NewEncoder(&object)
	encoder.SetEscapeHTML(false) // clients read JSON, and users the links in it
	if err := encoder.Encode(fields); err != nil {
		return nil, errors.New("what a second factor shows is not JSON") // the cause may quote a secret
	}
	text := bytes.TrimSpace(object.Bytes())
	return append(b, text[1:len(text)-1]...), nil
}

// confirmFactor enables a factor by its first code.
func (s *Server) confirmFactor(c echo.Context) error {
	in, claims, key, err := factorRequest(c, confirmFields)
	if err != nil {
		return err
	}
	factor, err := s.deps.Store.Factor(lookups(c), claims.AuthIdentityID, c.Param("id"))
	if err != nil {
		return err
	}
	if factor.Status == everlatch.FactorDisabled {
		return refused(everlatch.CodeNotAllowed, everlatch.ReasonFactorDisabled, nil)
	}
	confirm := func() error {
		return s.deps.Flows.ConfirmFactor(c.Request().Context(), flows.FactorAnswer{
			Principal: claims.Principal(), FactorID: factor.ID, Method: factor.Provider, Code: in.Plain("code"), IdempotencyKey: key,
		})
	}
	if factor.Status == everlatch.FactorEnabled { // a guess of what protects the identity
		err = s.attemptFactor(c, claims.AuthIdentityID, confirm)
	} else {
		err = confirm()
	}
	if err != nil {
		return err
	}
	enabled, err := s.deps.Store.Factor(lookups(c), claims.AuthIdentityID, factor.ID)
	if err != nil {
		return err
	}
	return writeFactor(c, &enabled.Factor)
}

// stepUpPolicy demands a recent second factor.
func (s *Server) stepUpPolicy() httpauth.Policy {
	return httpauth.Policy{AllowUnregistered: true, MFAMaxAge: s.opts.MFA.StepUpWithin}
}

// removeFactor disables a factor of the caller. An enabled one needs a recent second
// factor, which may be the answer in the request: that is how the dashboard asks for it.
func (s *Server) removeFactor(c echo.Context) error {
	in, err := removeFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	factor, err := s.deps.Store.Factor(lookups(c), claims.AuthIdentityID, c.Param("id"))
	if err != nil {
		return err
	}
	stale := s.stepUpPolicy().Admits(claims, s.deps.Now()) != nil
	r := flows.FactorRemoval{
		AuthIdentityID: claims.AuthIdentityID, FactorID: factor.ID, ActorType: claims.ActorType, SignInID: claims.SignInID,
		NeedsAnswer: stale || s.opts.MFA.RemovalNeedsAnswer,
	}
	if r.NeedsAnswer && factor.Status == everlatch.FactorEnabled {
		r.Method, r.Code = in.Plain("method"), in.Plain("code")
		if stale && !s.opts.MFA.RemovalNeedsAnswer && (r.Method == "" || r.Code == "") {
			return &httpauth.RefusalError{Reason: httpauth.FactorTooOldToRemove}
		}
	}
	remove := func() (err error) {
		factor.Factor, err = s.deps.Flows.RemoveFactor(c.Request().Context(), r)
		return err
	}
	if r.Code != "" {
		err = s.attemptFactor(c, claims.AuthIdentityID, remove)
	} else {
		err = remove()
	}
	if err != nil {
		return err
	}
	return writeFactor(c, &factor.Factor)
}

// renameFactor names a factor of the caller. One that is disabled has no use for a name.
func (s *Server) renameFactor(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	in, err := checkNames(labelFields, Body(c))
	if err != nil {
		return err
	}
	err = s.deps.Store.RenameCredential(lookups(c), store.CredentialRef{
		IdentityID: claims.AuthIdentityID, ID: c.Param("id"), Factor: true,
	}, strings.TrimSpace(in.Plain("label")))
	if err != nil {
		return err
	}
	renamed, err := s.deps.Store.Factor(lookups(c), claims.AuthIdentityID, c.Param("id"))
	if err != nil {
		return err
	}
	return writeFactor(c, &renamed.Factor)
}

func writeFactor(c echo.Context, factor *everlatch.Factor) error {
	return writeWrapped(c, "mfa_factor", factorTable, factor, factorFields)
}

// generateCodes replaces the recovery codes of the caller. They are shown in this answer
// alone.
func (s *Server) generateCodes(c echo.Context) error {
	in, claims, key, err := factorRequest(c, codesFields)
	if err != nil {
		return err
	}
	if !claims.MFAEnabled {
		return refused(everlatch.CodeNotAllowed, store.NoFactor, nil)
	}
	count := s.opts.MFA.RecoveryCodes
	if asked, ok := in["count"].(float64); ok {
		count = int(asked)
	}
	codes, err := s.deps.Flows.GenerateRecoveryCodes(c.Request().Context(), flows.RecoveryCodesRequest{
		AuthIdentityID: claims.AuthIdentityID, ActorType: claims.ActorType, Count: count, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string][]string{"recovery_codes": codes})
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, body)
}
