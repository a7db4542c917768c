package activities

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/activity"

	"github.com/everlatch/everlatch/providers"
)

// Direct runs the step of a sign-in without a workflow. It is no activity: its request
// holds a password, which no payload may.
type Direct struct {
	Credentials *Credentials
	Log         *slog.Logger
}

// SignIn is [Credentials.CheckCredentials] for a request that is not sealed. in has an
// EventID, and says in Direct why there is no workflow. It is not repeated: an outage of
// the database is an error at once.
func (d Direct) SignIn(ctx context.Context, in CheckCredentialsInput, request providers.Input) (out CheckCredentialsOutput, err error) {
	ctx = context.WithValue(ctx, loggerKey{}, logger(d.Log))
	provider, err := d.Credentials.Providers.Credentials(in.Provider)
	if err == nil && providers.IsSlow(provider) {
		out.Slow = true // a slot of the queue for slow work bounds how many of them hang
		return out, nil
	}
	var subject providers.Subject
	if err == nil {
		subject, err = provider.Identify(request)
	}
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return d.Credentials.decide(ctx, in, provider, request, subject)
}

// logger is what [activity.GetLogger] and [slog.Logger] have in common.
type logger interface {
	Info(msg string, keyvals ...any)
}

type loggerKey struct{}

// loggerOf is the log of a step: that of its activity, or of [Direct].
func loggerOf(ctx context.Context) logger {
	if activity.IsActivity(ctx) {
		return activity.GetLogger(ctx)
	}
	if l, ok := ctx.Value(loggerKey{}).(logger); ok {
		return l
	}
	return slog.New(slog.DiscardHandler)
}
