package flows

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

var factorEnrollment = shared("factor-enrollment", workflows.FactorEnrollment)

// shownFor is how long what is shown once can be read again, by the same request under
// the same Idempotency-Key.
const shownFor = 15 * time.Minute

// FactorRequest asks for a new second factor.
type FactorRequest struct {
	AuthIdentityID string
	Method         string
	// Label and Issuer are what the user's device shows, "" for the defaults.
	Label, Issuer string
	Metadata      everlatch.Metadata
	// IdempotencyKey is the caller's key, "" for none.
	IdempotencyKey string
}

// EnrollFactor creates a pending factor, and returns it with what its method tells the
// user once, such as the secret of TOTP. An unknown method is
// [everlatch.CodeInvalidData], a second factor of a method of which an identity has one
// [everlatch.CodeNotAllowed].
func (c *Client) EnrollFactor(ctx context.Context, r FactorRequest) (everlatch.Factor, everlatch.Metadata, error) {
	fingerprint, err := c.fingerprint(r.IdempotencyKey, r.Method, r.Label, r.Issuer, r.Metadata)
	if err != nil {
		return everlatch.Factor{}, nil, err
	}
	var out workflows.EnrolledFactor
	u := update{
		flow: factorEnrollment, workflowID: workflows.EnrollmentID(r.AuthIdentityID, r.Method), name: workflows.UpdateEnrollFactor,
		input: workflows.FactorEnrollmentInput{AuthIdentityID: r.AuthIdentityID, Method: r.Method},
		arg: workflows.EnrollFactor{
			FactorID: ids.New(ids.Factor, c.opts.Now()), Label: r.Label, Issuer: r.Issuer, Metadata: r.Metadata,
			Answer: c.opts.Vault.NewRef(), TTL: shownFor, Fingerprint: fingerprint,
		},
		answer: &out,
	}
	if r.IdempotencyKey != "" {
		u.request = []any{r.IdempotencyKey}
	}
	if err := c.update(ctx, u); err != nil {
		return everlatch.Factor{}, nil, err
	}
	if out.Refusal != nil {
		return everlatch.Factor{}, nil, out.Refusal.Err()
	}
	if err := sameRequest(fingerprint, out.Fingerprint); err != nil {
		return everlatch.Factor{}, nil, err
	}
	sealed, err := c.shown(ctx, out.Answer, r.IdempotencyKey)
	if err != nil {
		return everlatch.Factor{}, nil, err
	}
	public, err := workflows.EnrolledPublic(sealed)
	return out.Factor, public, err
}

// shown reads what is shown once, and deletes it, unless the request can be repeated.
func (c *Client) shown(ctx context.Context, ref vault.Ref, key string) (vault.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	sealed, err := c.opts.Vault.Get(ctx, ref)
	if err == nil && key == "" {
		c.shredder.shred(ref)
	}
	return sealed, err
}

// FactorAnswer is the first answer for a pending factor.
type FactorAnswer struct {
	// Principal is the user, whose sign-in needs no further answer when this one enables
	// the factor.
	Principal        everlatch.Principal
	FactorID, Method string
	// Code is sealed before anything else happens.
	Code string
	// IdempotencyKey is the caller's key, "" for none.
	IdempotencyKey string
}

// ConfirmFactor enables a pending factor by its first code. From then on every sign-in
// of the identity needs it (docs/weak-spots.md#w56). A wrong code, and a factor that was
// disabled meanwhile, are [everlatch.CodeNotAllowed].
func (c *Client) ConfirmFactor(ctx context.Context, r FactorAnswer) error {
	ref, err := c.seal(ctx, r.Code)
	if err != nil {
		return err
	}
	var out workflows.Outcome
	identityID := r.Principal.AuthIdentityID
	u := update{
		flow: factorEnrollment, workflowID: workflows.EnrollmentID(identityID, r.Method), name: workflows.UpdateConfirmFactor,
		input: workflows.FactorEnrollmentInput{AuthIdentityID: identityID, Method: r.Method},
		arg: workflows.ConfirmFactor{
			FactorID: r.FactorID, Code: ref, EventID: ids.New(ids.Event, c.opts.Now()),
			ActorType: r.Principal.ActorType, SignInID: r.Principal.SignInID,
			Hooks: c.hooks(ctx, everlatch.HookBeforeFactorAdded, everlatch.HookAfterFactorAdded),
		},
		answer: &out,
	}
	if r.IdempotencyKey != "" {
		u.request = []any{r.IdempotencyKey, r.FactorID, r.Code}
	}
	if err := c.update(ctx, u); err != nil {
		return err // it may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	return refused(out.Refusal)
}

// FactorRemoval removes a second factor.
type FactorRemoval struct {
	AuthIdentityID, FactorID string
	// ActorType is that of the account whose owner is told by mail.
	ActorType string
	// SignInID is the sign-in of the owner who removes it.
	SignInID string
	// NeedsAnswer asks for an answer, which is Code of Method, before an enabled factor is
	// removed.
	NeedsAnswer  bool
	Method, Code string
	// RemovedBy is the administrator who removes it, with a Reason; nil for its owner.
	RemovedBy *everlatch.ActorRef
	Reason    string
}

// RemoveFactor disables a second factor and returns it. One of another identity, and one
// that does not exist, are [everlatch.ErrNotFound]; a missing answer is
// [everlatch.CodeInvalidData], a wrong one [everlatch.CodeNotAllowed].
func (c *Client) RemoveFactor(ctx context.Context, r FactorRemoval) (everlatch.Factor, error) {
	now := c.opts.Now()
	in := workflows.RemoveFactorInput{
		AuthIdentityID: r.AuthIdentityID, FactorID: r.FactorID, ActorType: r.ActorType, NeedsAnswer: r.NeedsAnswer,
		RemovedBy: r.RemovedBy, Reason: r.Reason, SignInID: r.SignInID, EventID: ids.New(ids.Event, now), AnswerID: ids.New(ids.Event, now),
	}
	if r.NeedsAnswer && r.Method != "" && r.Code != "" {
		ref, err := c.seal(ctx, r.Code)
		if err != nil {
			return everlatch.Factor{}, err
		}
		in.Method, in.Code = r.Method, ref
	}
	out, err := perform[workflows.RemovedFactor](ctx, c, execution{
		id: c.freshID("remove-factor", r.AuthIdentityID), workflow: workflows.RemoveFactor, input: in,
	})
	if err != nil {
		return everlatch.Factor{}, err
	}
	if in.Code != "" {
		c.shredder.shred(in.Code)
	}
	return out.Factor, refused(out.Refusal)
}

// RecoveryCodesRequest asks for new recovery codes.
type RecoveryCodesRequest struct {
	AuthIdentityID string
	// ActorType is that of the account whose owner is told by mail.
	ActorType string
	Count     int
	// IdempotencyKey is the caller's key, "" for none.
	IdempotencyKey string
}

// GenerateRecoveryCodes replaces the recovery codes of an identity and returns the new
// ones. An identity without an enabled factor is [everlatch.CodeNotAllowed].
func (c *Client) GenerateRecoveryCodes(ctx context.Context, r RecoveryCodesRequest) ([]string, error) {
	fingerprint, err := c.fingerprint(r.IdempotencyKey, r.Count)
	if err != nil {
		return nil, err
	}
	out, err := perform[workflows.RecoveryCodes](ctx, c, execution{
		id:         c.executionID("recovery-codes", r.AuthIdentityID, r.AuthIdentityID, r.IdempotencyKey),
		repeatable: r.IdempotencyKey != "",
		workflow:   workflows.GenerateRecoveryCodes,
		input: workflows.GenerateRecoveryCodesInput{
			AuthIdentityID: r.AuthIdentityID, ActorType: r.ActorType, Count: r.Count, Codes: c.opts.Vault.NewRef(), TTL: shownFor,
			EventID: ids.New(ids.Event, c.opts.Now()), Fingerprint: fingerprint,
		},
	})
	if err != nil {
		return nil, err
	}
	if err := sameRequest(fingerprint, out.Fingerprint); err != nil {
		return nil, err
	}
	if out.Refusal != nil {
		return nil, out.Refusal.Err()
	}
	sealed, err := c.shown(ctx, out.Codes, r.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	var codes []string
	if json.Unmarshal(sealed.Reveal(), &codes) != nil {
		return nil, errors.New("the sealed recovery codes are no list")
	}
	return codes, nil
}
