package activities

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Factors enrols, verifies and removes second factors. It is the only code that sees
// their secrets in clear; in the database each is encrypted for its own record
// (docs/weak-spots.md#w64).
type Factors struct {
	Store   *store.Store
	Vault   *vault.Vault
	Methods *providers.Factors
	Now     func() time.Time
	// Keys encrypt the secrets of factors.
	Keys vault.FactorKeys
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// EnrollFactorInput is the argument of [Factors.EnrollFactor].
type EnrollFactorInput struct {
	IdentityID string `json:"identity_id"`
	// FactorID names what will be created.
	FactorID string `json:"factor_id"`
	Method   string `json:"method"`
	// Label and Issuer are what the user's device shows, "" for the defaults.
	Label    string             `json:"label,omitempty"`
	Issuer   string             `json:"issuer,omitempty"`
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
	// Answer is where what the user is shown once is to be sealed, as a JSON object, and
	// for how long.
	Answer vault.Ref     `json:"answer"`
	TTL    time.Duration `json:"ttl"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// EnrollFactorOutput is a refusal, the pending factor, or Slow as in
// [CheckCredentialsOutput].
type EnrollFactorOutput struct {
	Slow    bool               `json:"slow,omitempty"`
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Factor  everlatch.Factor   `json:"factor,omitzero"`
}

// enrolled is what a method answered, sealed until the factor is stored: a repeated step
// must not make another secret than the one that the user was shown.
type enrolled struct {
	Kept   []byte             `json:"kept"`
	Public everlatch.Metadata `json:"public"`
}

// EnrollFactor creates a pending factor, and replaces another pending one of its method
// (docs/weak-spots.md#w67). An enabled one of a method of which an identity has one at most
// refuses it.
func (a *Factors) EnrollFactor(ctx context.Context, in EnrollFactorInput) (out EnrollFactorOutput, err error) {
	method, err := a.Methods.Method(in.Method)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlowFactor(method); out.Slow {
		return out, nil
	}
	if _, err = enabled(ctx, a.Store, in.IdentityID); err == nil {
		out.Factor, err = a.enroll(ctx, method, in)
	}
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Method, err)
	}
	return out, err
}

func (a *Factors) enroll(ctx context.Context, method providers.SecondFactor, in EnrollFactorInput) (out everlatch.Factor, err error) {
	stored, err := a.Store.Factors(ctx, in.IdentityID)
	if err != nil {
		return out, err
	}
	existing, err := a.enabled(stored, in.Method)
	if err != nil {
		return out, err
	}
	if len(existing) > 0 && !providers.HasSeveral(method) {
		return out, errFactorActive(method)
	}
	made, err := a.made(ctx, method, in, existing)
	if err != nil {
		return out, err
	}
	metadata := everlatch.Metadata{}
	maps.Copy(metadata, in.Metadata)
	if in.Label != "" {
		metadata["label"] = in.Label
	}
	out, err = a.Store.StartFactor(ctx, store.NewFactor{
		ID: in.FactorID, IdentityID: in.IdentityID, Provider: in.Method, Metadata: metadata, Several: providers.HasSeveral(method),
		Secret: a.Keys.SealFactor(in.IdentityID, in.FactorID, made.Kept),
	})
	if errors.Is(err, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.FactorActive}) {
		err = errFactorActive(method)
	}
	return out, err
}

// made lets the method prepare the factor, or returns what an earlier attempt has
// prepared. What is sealed first counts.
func (a *Factors) made(
	ctx context.Context, method providers.SecondFactor, in EnrollFactorInput, existing []providers.FactorRecord,
) (out enrolled, err error) {
	err = a.sealOnce(ctx, in.Answer, in.TTL, &out, func() (any, error) {
		prepared, err := method.Enroll(ctx, providers.FactorEnrollment{
			AuthIdentityID: in.IdentityID, FactorID: in.FactorID, Label: in.Label, Issuer: in.Issuer, Metadata: in.Metadata,
			Existing: existing,
		})
		return enrolled{Kept: prepared.Secret, Public: prepared.Public}, err
	})
	return out, err
}

// sealOnce seals what produce returns, and decodes it into out. When an earlier attempt has
// sealed something there, that is what counts: the user may have been shown it.
func (a *Factors) sealOnce(ctx context.Context, ref vault.Ref, ttl time.Duration, out any, produce func() (any, error)) error {
	known, err := a.Vault.Get(ctx, ref)
	if errors.Is(err, everlatch.ErrInvalidData) {
		var made any
		if made, err = produce(); err != nil {
			return err
		}
		raw, invalid := json.Marshal(made)
		if invalid != nil {
			return errors.New("what a second factor answered is not JSON") // the cause may quote a secret
		}
		if err = a.Vault.PutAt(ctx, ref, vault.NewSecret(raw), ttl); err == nil {
			known, err = a.Vault.Get(ctx, ref)
		}
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(known.Reveal(), out) != nil {
		return errors.New("what is sealed is not what a second factor answered")
	}
	return nil
}

// EnrolledPublic reads what [Factors.EnrollFactor] has sealed for the user: the fields
// that are added to the answer of the request.
func EnrolledPublic(sealed vault.Secret) (everlatch.Metadata, error) {
	var out enrolled
	if json.Unmarshal(sealed.Reveal(), &out) != nil {
		return nil, errors.New("the sealed answer is not one of a second factor")
	}
	return out.Public, nil
}

// PromptFactorInput is the argument of [Factors.PromptFactor].
type PromptFactorInput struct {
	IdentityID string `json:"identity_id"`
	Method     string `json:"method"`
	// Prompt is where what the method keeps is to be sealed, and for how long.
	Prompt vault.Ref     `json:"prompt"`
	TTL    time.Duration `json:"ttl"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// PromptFactorOutput is a refusal, or what the user is asked for; or Slow as in
// [CheckCredentialsOutput].
type PromptFactorOutput struct {
	Slow    bool               `json:"slow,omitempty"`
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Prompts says that the method has acted, and [VerifyFactorInput.Prompt] is needed.
	Prompts bool `json:"prompts,omitempty"`
	// Public is added to the answer of the request.
	Public everlatch.Metadata `json:"public,omitempty"`
}

// PromptFactor lets a method act before its factors can be answered: it sends a code,
// or makes the challenge that a device signs. Other methods do nothing.
func (a *Factors) PromptFactor(ctx context.Context, in PromptFactorInput) (out PromptFactorOutput, err error) {
	method, err := a.Methods.Method(in.Method)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	prompter, prompts := method.(providers.Prompter)
	if !prompts {
		return out, nil
	}
	if out.Slow = !in.Slow && providers.IsSlowFactor(method); out.Slow {
		return out, nil
	}
	prompted, err := a.prompt(ctx, prompter, in)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Method, err)
		return out, err
	}
	out.Prompts, out.Public = true, prompted.Public
	return out, nil
}

// prompt returns what the method has answered: of a repeated step, what it answered first.
func (a *Factors) prompt(ctx context.Context, prompter providers.Prompter, in PromptFactorInput) (out enrolled, err error) {
	err = a.sealOnce(ctx, in.Prompt, in.TTL, &out, func() (any, error) {
		disabled, err := isDisabled(ctx, a.Store, in.IdentityID)
		if err == nil && disabled {
			err = errFactorCode(prompter)
		}
		if err != nil {
			return nil, err
		}
		stored, err := a.Store.Factors(ctx, in.IdentityID)
		if err != nil {
			return nil, err
		}
		factors, err := a.enabled(stored, in.Method)
		if err != nil {
			return nil, err
		}
		if len(factors) == 0 {
			return nil, errFactorCode(prompter)
		}
		prompted, err := prompter.Prompt(ctx, factors)
		return enrolled{Kept: prompted.Secret, Public: prompted.Public}, err
	})
	return out, err
}

// enabled returns the enabled factors of a method, with their secrets.
func (a *Factors) enabled(stored []store.StoredFactor, method string) (out []providers.FactorRecord, err error) {
	for _, f := range stored {
		if f.Provider != method || f.Status != everlatch.FactorEnabled {
			continue
		}
		record, err := a.record(f)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// record is a stored factor as its method sees it.
func (a *Factors) record(f store.StoredFactor) (out providers.FactorRecord, err error) {
	out = providers.FactorRecord{Factor: f.Factor, Counter: f.Counter}
	out.Secret, err = a.Keys.OpenFactor(f.AuthIdentityID, f.ID, f.Secret)
	return out, err
}

func errFactorActive(method providers.SecondFactor) error {
	return factorError(store.FactorActive, method)
}

func errFactorCode(method providers.SecondFactor) error {
	return factorError(everlatch.ReasonFactorCode, method)
}

// factorError is a refusal that calls the method by the name that users know.
func factorError(reason everlatch.Reason, method providers.SecondFactor) error {
	return &everlatch.Error{
		Code: everlatch.CodeNotAllowed, Reason: reason, Details: map[string]string{"provider": method.DisplayName()},
	}
}
