package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
)

// DefaultWithin bounds each part of an examination.
const DefaultWithin = 5 * time.Second

// lastWords is what a part that was told to stop has to say what it waited for.
const lastWords = 250 * time.Millisecond

// Subject is an installation to examine.
type Subject struct {
	Config config.Config
	// Unread is why settings could not be read, as [config.Load] reports it. Unmade is what
	// could not be made of them, joined, and Remarks what else was noticed.
	Unread, Unmade error
	Remarks        []string
	// Dev says that it is the service of `everlatch dev`, which needs no care for production.
	Dev bool
	// Command is how the program is called.
	Command string
	// Now is the clock of the process, to which others are compared.
	Now func() time.Time
	// Within bounds each part; 0 is [DefaultWithin].
	Within time.Duration

	Temporal Temporal
	// Keys reads the key rings from the database, nil where the keys that open them are not known.
	Keys func(ctx context.Context, db *store.Store) ([]KeyRing, error)
	// Mail is the mail server, nil without one.
	Mail *mail.SMTP
	// SendTo is the address that gets a test mail, "" for none.
	SendTo string
	// Providers and Webhooks are what depends on other services.
	Providers, Webhooks []Service
}

// Temporal says how to reach Temporal.
type Temporal struct {
	// Client is nil when Err says why there is none.
	Client client.Client
	Err    error
	// Address is host:port, and Namespace the one that is used.
	Address, Namespace string
	// Versions reads the versions of the workers, nil where they have none.
	Versions func(ctx context.Context) ([]flows.Version, error)
}

// KeyRing is a ring of keys: the one in use, "" for none, and the previous ones.
type KeyRing struct {
	Name, Active string
	Previous     []PreviousKey
}

// PreviousKey is a key that is not retired, and what still needs it, "" for nothing.
type PreviousKey struct{ ID, Needed string }

// Service is a part that depends on another service.
type Service struct {
	Name   string
	Prober everlatch.Prober
}

// group is a part of an examination, which takes its time beside the others.
type group struct {
	checks []string
	// about is what all of them are about, "" for the installation.
	about string
	run   func(ctx context.Context, n *notes)
}

// Run examines a subject. It returns after twice the bound of a part at the latest; a part
// that does not end goes on in the background.
func Run(ctx context.Context, s Subject) Report {
	s.Within = cmp.Or(s.Within, DefaultWithin)
	groups := s.groups()
	found := make([][]Finding, len(groups))
	var parts sync.WaitGroup
	for i, g := range groups {
		parts.Go(func() { found[i] = s.examine(ctx, g) })
	}
	parts.Wait()
	all := slices.Concat(found...)
	order := map[string]int{}
	for i, c := range Checks() {
		order[c.ID] = i
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return order[a.Check] - order[b.Check] })
	for i := range all {
		all[i].Message = oneLine(s.Config.Redact(all[i].Message))
	}
	return newReport(all)
}

func (s *Subject) groups() []group {
	out := []group{
		{ofGroup("configuration"), "", s.configuration},
		{ofGroup("database"), "", s.database},
		{ofGroup("temporal"), "", s.temporal},
		{s.mailChecks(), "", s.mail},
	}
	for _, of := range []struct {
		name     string
		services []Service
	}{{groupProviders, s.Providers}, {groupWebhooks, s.Webhooks}} {
		checks := ofGroup(of.name)
		if len(of.services) == 0 {
			out = append(out, group{checks, "", func(_ context.Context, n *notes) { n.skipRest("there are none that call another service") }})
		}
		for _, one := range of.services {
			out = append(out, group{checks, one.Name, func(ctx context.Context, n *notes) { s.probe(ctx, n, of.name, one) }})
		}
	}
	return out
}

// examine runs one part. A part that does not end in time has its first open check marked as
// a fault.
func (s *Subject) examine(ctx context.Context, g group) []Finding {
	ctx, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	n := &notes{about: g.about}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				n.firstOpen(g.checks, "the check has failed: "+fmt.Sprint(p))
			}
		}()
		g.run(ctx, n)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
			n.firstOpen(g.checks, "no answer within "+s.Within.String())
		}
	}
	return n.close(g.checks)
}
