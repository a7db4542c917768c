package app

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/worker"
)

// inFlightWait leaves a caller, who waits 15 s, time for the answer.
const inFlightWait = 5 * time.Second

// newLimits makes the limits of the API and of the service out of the settings.
func (a *App) newLimits() (*limits.Limiter, error) {
	c := a.cfg.Limits
	return limits.New(a.store, limits.Options{
		Disabled: !c.Enabled,
		Rates: map[limits.Op]limits.Rate{
			limits.SignIn: rate(c.SignIn), limits.Register: rate(c.Register), limits.Redirect: rate(c.Redirect),
			limits.Callback: rate(c.Callback), limits.Reset: rate(c.Reset), limits.Token: rate(c.Token),
			limits.EmailChange: rate(c.EmailChange), limits.Verification: rate(c.Verification),
			limits.Refresh:      rate(c.Refresh),
			limits.SecondFactor: rate(c.SecondFactor),
		},
		NetworkFactor: c.NetworkFactor,
		Mail:          []limits.Rate{rate(c.Mail), rate(c.MailPerDay)},
		Account: limits.AccountOptions{
			DelayAfter: c.Account.DelayAfter, LockAfter: c.Account.LockAfter, Forget: c.Account.Forget.Duration(),
			LockFor: c.Account.LockFor.Duration(), LockAtMost: c.Account.LockAtMost.Duration(),
		},
		InFlightWait: inFlightWait,
		DeviceTTL:    c.DeviceTTL.Duration(),
		Queue:        c.Queue,
		AtOnce:       a.hashesAtOnce(),
		Exempt:       config.Networks(c.ExemptNetworks),
		Proxies:      limits.Proxies{Networks: config.Networks(a.cfg.HTTP.TrustedProxies), Hops: a.cfg.HTTP.TrustProxy},
		Hash:         a.rings.Vault.Derive(limitsPurpose).Hash,
		Now:          a.opts.now,
		Observe:      a.observeLimit,
		Waited:       a.hashWaited(),
	})
}

// observeLimit is told about every refusal.
func (a *App) observeLimit(r limits.Refusal) {
	if a.metrics != nil {
		a.metrics.Refusal(string(r.Op), string(r.Scope))
	}
	if a.opts.onLimit != nil {
		a.opts.onLimit(Limited{Request: string(r.Op), Scope: string(r.Scope), Wait: r.Wait, Began: r.Began})
	}
	a.log.Debug("a request is refused",
		slog.String("request", string(r.Op)), slog.String("scope", string(r.Scope)), slog.Duration("wait", r.Wait))
}

// remoteAtOnce is how many password hashes of a process are computed at once for each
// of its cores where workers compute them, which have cores of their own.
const remoteAtOnce = 8

// hashesAtOnce is how many password hashes of this process are computed at once.
func (a *App) hashesAtOnce() int {
	switch {
	case a.cfg.Limits.AtOnce > 0:
		return a.cfg.Limits.AtOnce
	case a.serves(worker.Interactive):
		return worker.FlowsAtOnce()
	default:
		return remoteAtOnce * runtime.GOMAXPROCS(0)
	}
}

// rate returns a rate that was found good when it was loaded.
func rate(r config.Rate) limits.Rate {
	count, per, _ := r.Parts()
	return limits.Rate{Count: count, Per: per}
}
