package config

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Subscriber is told about events, by a webhook or by a flow that it starts.
type Subscriber struct {
	// Name identifies it forever: deliveries are kept under it.
	Name string `koanf:"name" required:"true" unique:"true"`
	// Events are names, "customer.*" for all of a kind, or "*" for all.
	Events []string `koanf:"events" required:"true"`
	// Source is "any", "everlatch" or "outside". A flow is not started by an
	// event that happened here unless that is said: a mistake would be a loop.
	Source string `koanf:"source" oneof:"any,everlatch,outside"`
	// Ordered tells about the events of one identity in their order.
	Ordered bool `koanf:"ordered"`
	// Secrets resolves secrets in the data of events.
	Secrets bool `koanf:"secrets" default:"false"`
	// Webhook or Flow is set, the other is nil.
	Webhook *Webhook   `koanf:"webhook"`
	Flow    *FlowStart `koanf:"flow"`
}

// Webhook is a URL that is told about events.
type Webhook struct {
	URL URL `koanf:"url" required:"true"`
	// Secrets are whsec_ and base64; each signs.
	Secrets Secrets `koanf:"secrets" required:"true"`
	// AllowPrivate admits addresses of the operator's own network, and http.
	AllowPrivate bool `koanf:"allow_private" default:"false"`
	// Timeout bounds one attempt.
	Timeout Span `koanf:"timeout" default:"30s" min:"1ms"`
}

// FlowStart is a flow and what it is told.
type FlowStart struct {
	Name string `koanf:"name" required:"true"`
	// Input is what the flow gets; nil is the whole event.
	Input map[string]any `koanf:"input"`
}

// reservedNames of subscribers are those of Everlatch's own.
var reservedNames = []string{"mail"}

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9-]+$`)
	patternForm = regexp.MustCompile(`^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$`)
)

func (s *Subscriber) prepare(fields map[string]any) {
	s.Source, s.Ordered = "any", true
	if fields["flow"] != nil {
		s.Source, s.Ordered = "outside", false
	}
}

func (s *Subscriber) check() Problems {
	out := checkName("name", s.Name, reservedNames)
	for _, event := range s.Events {
		if !patternForm.MatchString(event) {
			out = append(out, Problem{"events", fmt.Sprintf("%q is neither the name of an event, nor of a kind such as customer.*, nor *", event)})
		}
	}
	if (s.Webhook == nil) == (s.Flow == nil) {
		out = append(out, Problem{"", "exactly one of webhook and flow is expected"})
	}
	return out
}

func (w *Webhook) check() Problems {
	var out Problems
	if w.URL != "" {
		u, err := webURL(w.URL.Reveal())
		switch {
		case err != nil:
			out = append(out, Problem{"url", err.Error()})
		case u.Scheme == "http" && !w.AllowPrivate:
			out = append(out, Problem{"url", "https is expected; http is accepted with allow_private alone"})
		}
	}
	for i, secret := range w.Secrets {
		text, found := strings.CutPrefix(secret.Reveal(), "whsec_")
		key, err := base64.StdEncoding.DecodeString(text)
		if !found || err != nil || len(key) < 24 || len(key) > 64 {
			out = append(out, Problem{"secrets", fmt.Sprintf("secret %d is not whsec_ and base64 of 24 to 64 bytes; make one with: echo \"whsec_$(openssl rand -base64 32)\"", i+1)})
		}
	}
	return out
}

// checkName is about the names of subscribers and schedules; the empty one has
// been reported.
func checkName(key, name string, reserved []string) Problems {
	switch {
	case name != "" && !nameForm.MatchString(name):
		return Problems{{key, fmt.Sprintf("%q has more than lower case letters, digits and hyphens", name)}}
	case slices.Contains(reserved, name):
		return Problems{{key, fmt.Sprintf("%q is taken by one of Everlatch's own", name)}}
	}
	return nil
}
