package app

import (
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/limits"
)

// inFlightWait leaves a caller, who waits 15 s, time for the answer.
const inFlightWait = 5 * time.Second

// newLimits makes the limits of the API out of the settings.
func (a *App) newLimits() (*limits.Limiter, error) {
	c := a.cfg.Limits
	return limits.New(a.store, limits.Options{
		Disabled: !c.Enabled,
		Rates: map[limits.Op]limits.Rate{
			limits.SignIn: rate(c.SignIn), limits.Register: rate(c.Register), limits.Redirect: rate(c.Redirect),
			limits.Callback: rate(c.Callback), limits.Reset: rate(c.Reset), limits.Token: rate(c.Token),
			limits.EmailChange: rate(c.EmailChange), limits.Refresh: rate(c.Refresh),
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
		Exempt:       config.Networks(c.ExemptNetworks),
		Proxies:      limits.Proxies{Networks: config.Networks(a.cfg.HTTP.TrustedProxies), Hops: a.cfg.HTTP.TrustProxy},
		Hash:         a.ring.Derive("limits").Hash,
		Now:          a.opts.now,
	})
}

// rate returns a rate that was found good when it was loaded.
func rate(r config.Rate) limits.Rate {
	count, per, _ := r.Parts()
	return limits.Rate{Count: count, Per: per}
}
