package flows

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// Why a sign-in had no workflow.
const (
	DirectConfigured   = "configured"
	DirectTemporalAway = "temporal_away"
)

// DirectOptions say which sign-ins run their step in this process, without a workflow. One
// that needs a further step never does: it has hooks, a provider that calls another
// machine, or an IdempotencyKey. Its answer is lost with the process, as that of any
// request is, and it owes nothing: the step is the last one.
type DirectOptions struct {
	// SignIn is the step, see [activities.Direct]. Without it, no sign-in is direct.
	SignIn func(context.Context, activities.CheckCredentialsInput, providers.Input) (activities.CheckCredentialsOutput, error)
	// Always is for all sign-ins, WhenAway for those that Temporal, which is away, would
	// prevent.
	Always, WhenAway bool
}

// directWithin bounds the step, as the workflow does an attempt.
const directWithin = 10 * time.Second

var errNeedsWorkflow = errors.New("a sign-in that needs a workflow, while Temporal is away")

// authenticateOrDirectly signs a user in by a workflow, unless the configuration or an
// outage of Temporal says otherwise. Should both have done it, because an answer of
// Temporal was lost, there is one event.
func (c *Client) authenticateOrDirectly(ctx context.Context, r AuthRequest) (workflows.Login, error) {
	eventID := ids.New(ids.Event, c.opts.Now())
	if c.opts.Direct.Always {
		login, slow, err := c.signInDirectly(ctx, r, eventID, DirectConfigured)
		if !slow {
			return login, err
		}
	}
	if !c.opts.Direct.WhenAway {
		return c.authenticate(ctx, r, eventID)
	}
	if c.outage.isOn() {
		return c.signInWhileAway(ctx, r, eventID)
	}
	watched, stop := c.outage.watch(ctx)
	login, err := c.authenticate(watched, r, eventID)
	stop()
	if err != nil && ctx.Err() == nil && isAway(watched, err) {
		return c.signInWhileAway(ctx, r, eventID)
	}
	return login, err
}

// isAway reports whether a sign-in has failed because Temporal is away, and not because it
// is slow or busy.
func isAway(watched context.Context, err error) bool {
	_, unavailable := errors.AsType[*serviceerror.Unavailable](err)
	return unavailable || errors.Is(context.Cause(watched), errAway)
}

// signInWhileAway refuses who needs Temporal for another step.
func (c *Client) signInWhileAway(ctx context.Context, r AuthRequest, eventID string) (workflows.Login, error) {
	login, slow, err := c.signInDirectly(ctx, r, eventID, DirectTemporalAway)
	if err == nil && (slow || login.Principal.NeedsFactor() || !login.Principal.DeletionAt.IsZero()) {
		return workflows.Login{}, everlatch.Unavailable("Temporal", errNeedsWorkflow)
	}
	if err == nil {
		c.outage.passed.Add(1)
	}
	return login, err
}

// signInDirectly runs the step of a sign-in to its end, though its caller may leave.
func (c *Client) signInDirectly(ctx context.Context, r AuthRequest, eventID, why string) (login workflows.Login, slow bool, err error) {
	input, err := asSealed(r.Input)
	if err != nil {
		return login, false, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), directWithin)
	defer cancel()
	out, err := c.opts.Direct.SignIn(ctx, activities.CheckCredentialsInput{
		ActorType: r.ActorType, Provider: r.Provider, EventID: eventID, Direct: why,
	}, input)
	if err != nil || out.Slow {
		return login, out.Slow, err
	}
	return workflows.Login{
		Refusal: out.Refusal, Principal: out.Principal, At: c.opts.Now(), TokenID: uuid.NewString(), Direct: why,
	}, false, nil
}

// asSealed is what a step opens that was given the input by reference.
func asSealed(in providers.Input) (out providers.Input, err error) {
	raw, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, errors.New("the request is not JSON") // the cause may quote a secret
	}
	return out, nil
}
