package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The requests that [FactorEnrollment] handles.
const (
	UpdateEnrollFactor  = "EnrollFactor"  // EnrollFactor -> EnrolledFactor
	UpdateConfirmFactor = "ConfirmFactor" // ConfirmFactor -> Outcome
	SignalFactorRemoved = "FactorRemoved" // the id of a factor
)

// The outcomes of [FactorEnrollment].
const (
	EnrollmentEnabled = "enabled"
	EnrollmentExpired = "expired"
	EnrollmentRemoved = "removed"
	// EnrollmentExhausted is a factor that was given up after too many wrong codes.
	EnrollmentExhausted = "too_many_attempts"
	// EnrollmentVoid is an execution that found nothing to do.
	EnrollmentVoid = "void"
)

const (
	// enrollWithin is how long a factor waits for its first code.
	enrollWithin = time.Hour
	// mostWrongCodes is how many wrong codes a factor takes while the flow goes on
	// (docs/weak-spots.md#w57).
	mostWrongCodes = 10
)

// FactorEnrollmentInput is the argument of [FactorEnrollment].
type FactorEnrollmentInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// Method is that of the factors.
	Method string `json:"method"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    openEnrollment `json:"open,omitzero"`
	Answers []answered     `json:"answers,omitempty"`
}

// openEnrollment is the state of the flow.
type openEnrollment struct {
	// Pending are the factors that may wait for their first code: the latest one, and
	// earlier ones that it may not have replaced because a step broke down.
	Pending []string `json:"pending,omitempty"`
	// Until is when they expire, and when wrong codes are forgotten.
	Until time.Time `json:"until,omitzero"`
	// Wrong counts wrong codes by factor.
	Wrong map[string]int `json:"wrong,omitempty"`
}

// EnrollFactor asks for a new factor.
type EnrollFactor struct {
	FactorID string             `json:"factor_id"`
	Label    string             `json:"label,omitempty"`
	Issuer   string             `json:"issuer,omitempty"`
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
	// Answer is where what the user is shown once is sealed, for TTL.
	Answer vault.Ref     `json:"answer"`
	TTL    time.Duration `json:"ttl"`
	// Fingerprint is a keyed hash of the request, by which a repetition under the same
	// Idempotency-Key is known.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// EnrolledFactor is a refusal, or a factor that waits for its first code.
type EnrolledFactor struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Factor  everlatch.Factor   `json:"factor,omitzero"`
	// Answer and Fingerprint are those of the request that was answered first.
	Answer      vault.Ref `json:"answer,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
}

// ConfirmFactor enables a factor by its first code.
type ConfirmFactor struct {
	FactorID string `json:"factor_id"`
	// Code refers to the sealed answer.
	Code    vault.Ref `json:"code"`
	EventID string    `json:"event_id"`
	// ActorType is that of the account whose owner is told by mail, and SignInID the
	// sign-in that goes on without another answer.
	ActorType string `json:"actor_type"`
	SignInID  string `json:"sign_in_id,omitempty"`
	Hooks     *Hooks `json:"hooks,omitempty"`
}

// FactorEnrollment is the flow of a user who adds a second factor: enrolled, and then
// enabled by its first code, replaced by another one, removed, or expired after an hour
// (docs/weak-spots.md#w67).
//
// The API starts it with its first update. There is one execution for each identity and
// method, which handles one update at a time, so that wrong codes count exactly. After
// mostWrongCodes, a pending factor is given up, and an enabled one takes no further code
// here until an hour has passed.
func FactorEnrollment(ctx workflow.Context, in FactorEnrollmentInput) (string, error) {
	e := &factorEnrollment{in: in, openEnrollment: in.Open}
	e.exchange = newExchange(ctx, e, in.Answers...)
	onSignal(ctx, e.exchange, SignalFactorRemoved, e.removed)
	on(ctx, e.exchange, UpdateEnrollFactor, e.enroll)
	on(ctx, e.exchange, UpdateConfirmFactor, e.confirm, e.refuses)
	err := e.serve(ctx)
	if temporal.IsCanceledError(err) {
		e.give(ctx)
	}
	return e.outcome, err
}

type factorEnrollment struct {
	*exchange
	openEnrollment

	in FactorEnrollmentInput
}

func (e *factorEnrollment) deadline() time.Time { return e.Until }

// expire disables the factors that were never enabled.
func (e *factorEnrollment) expire(ctx workflow.Context) error {
	outcome := EnrollmentVoid
	if len(e.Pending) > 0 {
		outcome = EnrollmentExpired
	}
	e.give(ctx)
	e.end(outcome)
	return nil
}

func (e *factorEnrollment) renew(ctx workflow.Context) error {
	in := e.in
	in.Open, in.Answers = e.openEnrollment, e.answers
	return workflow.NewContinueAsNewError(ctx, FactorEnrollment, in)
}

// give disables what is pending. Only a factor that is still pending changes, so that an
// answer that was not heard of stays in effect.
func (e *factorEnrollment) give(ctx workflow.Context) {
	for _, id := range e.Pending {
		_, err := mandatoryStep(ctx, factors.ExpireFactor, activities.ExpireFactorInput{IdentityID: e.in.AuthIdentityID, FactorID: id})
		if err != nil {
			workflow.GetLogger(ctx).Error("a factor that was not enabled stays pending", "factor", id, "error", err)
		}
	}
	e.Pending = nil
}

// enroll creates a factor and waits for its first code.
func (e *factorEnrollment) enroll(ctx workflow.Context, in EnrollFactor) (out EnrolledFactor, err error) {
	e.Pending = append(e.Pending, in.FactorID) // whatever becomes of the step
	until := workflow.Now(ctx).Add(enrollWithin)
	enrolled, err := durableUnlessSlow(ctx, factors.EnrollFactor, activities.EnrollFactorInput{
		IdentityID: e.in.AuthIdentityID, FactorID: in.FactorID, Method: e.in.Method, Label: in.Label, Issuer: in.Issuer,
		Metadata: in.Metadata, Answer: in.Answer, TTL: in.TTL,
	}, func(out activities.EnrollFactorOutput) bool { return out.Slow }, func(in *activities.EnrollFactorInput) { in.Slow = true })
	switch {
	case err != nil:
		e.Until = until
		return out, err
	case enrolled.Refusal != nil:
		e.Pending = slices.DeleteFunc(e.Pending, func(id string) bool { return id == in.FactorID })
		out.Refusal = enrolled.Refusal
		return out, nil
	}
	e.Pending, e.Until, e.outcome = []string{in.FactorID}, until, ""
	return EnrolledFactor{Factor: enrolled.Factor, Answer: in.Answer, Fingerprint: in.Fingerprint}, nil
}

var tooManyCodes = everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorExhausted}

// refuses says that a factor takes no further code.
func (e *factorEnrollment) refuses(_ workflow.Context, in ConfirmFactor) *everlatch.Refusal {
	if e.Wrong[in.FactorID] < mostWrongCodes {
		return nil
	}
	return &tooManyCodes
}

// confirm enables a factor, or counts a wrong code. A factor that is enabled already
// stays so when the code is right.
func (e *factorEnrollment) confirm(ctx workflow.Context, in ConfirmFactor) (out Outcome, err error) {
	if out.Refusal = e.refuses(ctx, in); out.Refusal != nil {
		return out, nil
	}
	pending := slices.Contains(e.Pending, in.FactorID)
	hooks := in.Hooks.within(ctx, everlatch.HookInput{
		ActorType: in.ActorType, AuthIdentityID: e.in.AuthIdentityID, FactorID: in.FactorID, FactorProvider: e.in.Method,
	}, callerWaits)
	if pending {
		if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforeFactorAdded); err != nil || out.Refusal != nil {
			return out, err
		}
	}
	verified, err := durableUnlessSlow(ctx, factors.VerifyFactor, activities.VerifyFactorInput{
		IdentityID: e.in.AuthIdentityID, ActorType: in.ActorType, Method: e.in.Method, FactorID: in.FactorID, Code: in.Code,
		EventID: in.EventID, GroupID: groupID(ctx), Setup: true, SignInID: in.SignInID,
	}, func(out activities.VerifyFactorOutput) bool { return out.Slow }, func(in *activities.VerifyFactorInput) { in.Slow = true })
	if err != nil {
		return out, err
	}
	if out.Refusal = verified.Refusal; verified.Wrong {
		e.count(ctx, in.FactorID)
	}
	if out.Refusal != nil {
		return out, nil
	}
	delete(e.Wrong, in.FactorID)
	if !pending {
		return out, releaseEvents(ctx)
	}
	e.Pending = nil
	if out.Refusal, err = e.added(ctx, in, hooks); err != nil {
		return out, err
	}
	if out.Refusal != nil {
		e.end(EnrollmentRemoved)
		return out, nil
	}
	e.end(EnrollmentEnabled)
	return out, releaseEvents(ctx)
}

// added asks the hooks about a factor that was enabled, and disables it when one of
// them refuses or breaks down. Sessions and tokens that it has ended stay so.
func (e *factorEnrollment) added(ctx workflow.Context, in ConfirmFactor, hooks *hooked) (*everlatch.Refusal, error) {
	if !hooks.has(everlatch.HookAfterFactorAdded) {
		return nil, nil //nolint:nilnil // the flow goes on
	}
	names, err := newNames(ctx)
	if err != nil {
		return nil, err
	}
	var undo saga
	add(&undo, factors.RemoveFactor, activities.RemoveFactorInput{
		IdentityID: e.in.AuthIdentityID, FactorID: in.FactorID, ActorType: in.ActorType, EventID: names.EventID, GroupID: groupID(ctx),
	})
	refused, err := hooks.run(ctx, everlatch.HookAfterFactorAdded)
	switch {
	case err != nil:
		return nil, undo.after(ctx, err)
	case refused != nil:
		return refused, undo.compensate(ctx)
	}
	return nil, nil //nolint:nilnil // the flow goes on
}

// count notes a wrong code. It is remembered for as long as another one could follow.
func (e *factorEnrollment) count(ctx workflow.Context, factorID string) {
	if e.Wrong == nil {
		e.Wrong = map[string]int{}
	}
	e.Wrong[factorID]++
	if !slices.Contains(e.Pending, factorID) {
		e.Until = workflow.Now(ctx).Add(enrollWithin)
		return
	}
	if e.Wrong[factorID] >= mostWrongCodes {
		e.give(ctx)
		e.end(EnrollmentExhausted)
	}
}

// removed ends the flow of a factor that its owner or an administrator has removed.
func (e *factorEnrollment) removed(_ workflow.Context, signals workflow.ReceiveChannel) error {
	var id string
	if signals.ReceiveAsync(&id) && slices.Contains(e.Pending, id) {
		e.Pending = nil
		e.end(EnrollmentRemoved)
	}
	return nil
}

// EnrolledPublic reads what is sealed at [EnrolledFactor.Answer]: the fields that are
// added to the answer of the request.
func EnrolledPublic(sealed vault.Secret) (everlatch.Metadata, error) {
	return activities.EnrolledPublic(sealed)
}
