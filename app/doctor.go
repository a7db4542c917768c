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
	problems = append(problems, err)
	a := &App{prepared: parts, cfg: cfg, opts: o, log: o.log}
	s := doctor.Subject{
		Config: cfg, Unread: e.Unread, Dev: o.weakSecrets, Command: o.command, Now: o.now, Within: e.Within, SendTo: e.SendTo,
		Providers: a.probers(),
	}
	for _, missing := range absent(cfg.HTTP.AuthMethodsPerActor, parts.registry) {
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
		defer c.Close()
	}
	s.Temporal = doctor.Temporal{Client: c, Err: err, Address: temporal.HostPort, Namespace: temporal.Namespace}
	return doctor.Run(ctx, s)
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
