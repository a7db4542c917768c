package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/subscribers"
)

// Examination says how [Examine] looks at an installation.
type Examination struct {
	// Unread is the error of [config.Load]: what could be read is examined all the same.
	Unread error
	// Within bounds each part; 0 is five seconds.
	Within time.Duration
	// SendTo is an address that gets a test mail, "" for none.
	SendTo string
}

// Examine looks at everything that a program with these settings and options depends on, and
// says what is wrong and what to do. It starts no part of the program and changes nothing. A
// problem is a finding of the report, never an error.
func Examine(ctx context.Context, cfg config.Config, e Examination, opts ...Option) doctor.Report {
	o := options{
		parts: API | Worker,
		now:   time.Now, //nolint:forbidigo // as in New
		log:   slog.New(slog.DiscardHandler),

		command: "everlatch",
	}
	problems := []error{o.gather(cfg, opts)}
	required := cfg.Require
	if o.weakSecrets {
		required = cfg.RequireDev
	}
	parts, err := makeParts(&cfg, &o, required() == nil)
	a := &App{prepared: parts, cfg: cfg, opts: o, log: o.log}
	s, done := a.subject(e, append(problems, err))
	defer done()
	return doctor.Run(ctx, s)
}

// subject is what an examination of an App looks at, and what ends it. problems are why its
// parts could not be made.
func (a *App) subject(e Examination, problems []error) (s doctor.Subject, done func()) {
	cfg, o := a.cfg, a.opts
	done = func() {}
	s = doctor.Subject{
		Config: cfg, Unread: e.Unread, Dev: o.weakSecrets, Command: o.command, Now: o.now, Within: e.Within, SendTo: e.SendTo,
		Providers: a.probers(),
	}
	for _, missing := range absent(cfg.HTTP.AuthMethodsPerActor, a.registry) {
		s.Remarks = append(s.Remarks, fmt.Sprintf("http.auth_methods_per_actor: %q of %s is not a registered provider", missing.provider, missing.actorType))
	}
	sender, err := a.newSender()
	problems = append(problems, err)
	s.Mail, _ = sender.(*mail.SMTP)
	told, err := a.newSubscribers(sender)
	problems = append(problems, err)
	s.Webhooks = probersOf(told)
	_, err = a.newSchedules()
	s.Unmade = errors.Join(append(problems, err)...)
	c, temporal, err := keyless(&cfg, o.environ)
	if err == nil {
		done = c.Close
	}
	s.Temporal = doctor.Temporal{Client: c, Err: err, Address: temporal.HostPort, Namespace: temporal.Namespace}
	if err == nil && cfg.Temporal.Deployment.Name != "" {
		s.Temporal.Versions = deployment(&cfg, c, o.now).Versions
	}
	if rings, err := newRings(&cfg, &o); err == nil {
		var past keys.Histories
		if c != nil {
			past = histories(&cfg, c, temporal.Namespace)
		}
		s.Keys = func(ctx context.Context, db *store.Store) ([]doctor.KeyRing, error) {
			return ringsOf(ctx, rings, db, past)
		}
	}
	return s, done
}

// ringsOf is what the doctor looks at of the key rings.
func ringsOf(ctx context.Context, rings *keys.Rings, db *store.Store, past keys.Histories) ([]doctor.KeyRing, error) {
	found, err := rings.In(db).List(ctx, past)
	if err != nil {
		return nil, err
	}
	var out []doctor.KeyRing
	for _, k := range found {
		if len(out) == 0 || out[len(out)-1].Name != k.Ring {
			out = append(out, doctor.KeyRing{Name: k.Ring})
		}
		ring := &out[len(out)-1]
		switch k.State {
		case keys.Active:
			ring.Active = k.ID
		case keys.Previous:
			ring.Previous = append(ring.Previous, doctor.PreviousKey{ID: k.ID, Needed: k.Needs.In(rings.Now())})
		}
	}
	return out, nil
}

// probers are the providers, second factors and code providers that depend on another service.
func (a *App) probers() []doctor.Service {
	var out []doctor.Service
	add := func(name string, part any) {
		if p, ok := part.(everlatch.Prober); ok {
			out = append(out, doctor.Service{Name: name, Prober: p})
		}
	}
	for _, info := range a.registry.List(nil) {
		p, _ := a.registry.Provider(info.ID)
		add(info.ID, p)
	}
	for _, method := range a.factors.Methods() {
		if f, err := a.factors.Method(method); err == nil {
			add(method, f)
		}
	}
	for _, id := range a.codes.IDs() {
		if c, err := a.codes.Get(id); err == nil {
			add(id, c)
		}
	}
	return out
}

// probersOf are the subscribers that depend on another service.
func probersOf(registry *subscribers.Registry) []doctor.Service {
	var out []doctor.Service
	for _, s := range registry.List() {
		if p, ok := s.Subscriber.(everlatch.Prober); ok {
			out = append(out, doctor.Service{Name: s.Name, Prober: p})
		}
	}
	return out
}
