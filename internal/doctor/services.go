package doctor

import (
	"context"
	"time"
)

// dateIn is how exact the header Date is.
const dateIn = time.Second

// The groups of services.
const (
	groupProviders = "providers"
	groupWebhooks  = "webhooks"
)

// probe asks another service. Its clock is compared even if its answer is of no use.
func (s *Subject) probe(ctx context.Context, n *notes, group string, one Service) {
	answer, clock := providersAnswer, providersClock
	if group == groupWebhooks {
		answer, clock = webhooksAnswer, webhooksClock
	}
	found, err := one.Prober.Probe(ctx)
	ours := found.At
	if ours.IsZero() {
		ours = s.Now()
	}
	if err != nil {
		n.fault(answer, Cause(err), s.serviceAdvice(group, one.Name, outage(err)))
	} else {
		n.ok(answer, "%s", found.Found)
	}
	if found.Clock.IsZero() {
		n.skipRest("it does not say what time it is")
		return
	}
	n.clock(clock, one.Name, found.Clock, ours, dateIn)
}

func (s *Subject) serviceAdvice(group, name string, away bool) string {
	switch {
	case group == groupWebhooks:
		return "Mend the receiver, or correct the url of " + name + " in subscribers; deliveries are retried for " + span(s.Config.Events.RetryFor.Duration()) + "."
	case away:
		return "Let this machine reach it (DNS, firewall, HTTPS_PROXY, allow_private), and look whether the provider has an outage."
	default:
		return "Correct the options of " + name + " in auth.providers: issuer and endpoints, client_id and client_secret."
	}
}
