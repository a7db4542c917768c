package app

import (
	"context"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// directFlow is the flow of metrics for sign-ins without a workflow.
const directFlow = "DirectSignIn"

// directSignIns say which sign-ins go on without a workflow.
func (a *App) directSignIns() flows.DirectOptions {
	c := a.cfg.Auth.SignIn
	out := flows.DirectOptions{Always: c.Mode == config.SignInDirect, WhenAway: c.WhenTemporalAway == config.AwayDirect}
	if out.Always || out.WhenAway {
		out.SignIn = a.countDirect(activities.Direct{Credentials: a.activities().Credentials, Log: a.log}.SignIn)
	}
	return out
}

type directStep = func(context.Context, activities.CheckCredentialsInput, providers.Input) (activities.CheckCredentialsOutput, error)

// countDirect counts direct sign-ins beside the flows.
func (a *App) countDirect(step directStep) directStep {
	ended := a.endedFlow()
	if ended == nil {
		return step
	}
	return func(ctx context.Context, in activities.CheckCredentialsInput, request providers.Input) (activities.CheckCredentialsOutput, error) {
		begun := a.opts.now()
		out, err := step(ctx, in, request)
		outcome := workflows.EndSucceeded
		switch {
		case out.Slow:
			return out, err
		case err != nil:
			outcome = workflows.EndFailed
		case out.Refusal != nil:
			outcome = workflows.OutcomeRefused
		}
		ended(directFlow, outcome, a.opts.now().Sub(begun))
		return out, err
	}
}
