package mail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// Options configure a [Mailer]. All are required, except Templates,
// Languages and LanguageOf.
type Options struct {
	Sender Sender
	// From is the sender of all mails: "Shop <no-reply@shop.example>".
	From string
	// Brand is the name of the service in mails.
	Brand string
	// URLs maps an actor type to the base URL of its links: a storefront, or the
	// administrators' dashboard. The key "default" is for all other actor types;
	// without it they use the URL of customers.
	URLs map[string]string
	// Templates is a folder whose files take precedence over the built-in ones; ""
	// is none. Files may be specific to customers, to users, and to any actor type
	// that has a URL.
	Templates string
	// Languages are those of mails; if nil, those of Templates with English for the rest.
	Languages *Languages
	// LanguageOf, if set, returns the language that a recipient has chosen, "" if it is not
	// known. It takes precedence over that of the event: the caller whose request
	// causes a mail does not choose its language for others.
	LanguageOf func(ctx context.Context, r Recipient) (string, error)
	Now        func() time.Time
}

// urlDefault is the key of [Options.URLs] for actor types that have no entry.
const urlDefault = "default"

// Mailer renders and sends the mails about events. It is safe for concurrent use.
type Mailer struct {
	opts      Options
	urls      map[string]string // without a trailing slash
	templates *templates
}

// New returns a mailer. Its error lists every problem of the options and the
// templates.
func New(o Options) (*Mailer, error) {
	if o.Languages == nil {
		var err error
		if o.Languages, err = LoadLanguages(o.Templates, ""); err != nil {
			return nil, err
		}
	}
	urls, urlsErr := readURLs(o.URLs)
	templates, templatesErr := loadTemplates(o.Templates, actorTypes(o.URLs), o.Languages)
	if err := errors.Join(o.check(), urlsErr, templatesErr); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Mailer{opts: o, urls: urls, templates: templates}, nil
}

func (o Options) check() error {
	var problems []error
	if o.Sender == nil {
		problems = append(problems, errors.New("the sender of mails is missing"))
	}
	if o.Now == nil {
		problems = append(problems, errors.New("the clock is missing"))
	}
	if _, err := mail.ParseAddress(o.From); err != nil || oneLine(o.From) != o.From {
		problems = append(problems, errors.New("from is not an address, such as Shop <no-reply@shop.example>"))
	}
	if o.Brand == "" || oneLine(o.Brand) != o.Brand {
		problems = append(problems, errors.New("the brand is not a single plain line"))
	}
	return errors.Join(problems...)
}

var actorTypeForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

func readURLs(given map[string]string) (map[string]string, error) {
	if len(given) == 0 {
		return nil, errors.New("URLs: no URL is given for the links in mails")
	}
	out := make(map[string]string, len(given))
	var problems []error
	for _, actorType := range slices.Sorted(maps.Keys(given)) {
		if !actorTypeForm.MatchString(actorType) {
			problems = append(problems, fmt.Errorf("URLs: %q is not an actor type", actorType))
		}
		u, err := url.Parse(given[actorType])
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			problems = append(problems, fmt.Errorf("URLs: the URL of %q is not of the form https://shop.example/path", actorType))
			continue
		}
		out[actorType] = strings.TrimRight(u.String(), "/")
	}
	return out, errors.Join(problems...)
}

// actorTypes lists the actor types that may have specific templates.
func actorTypes(urls map[string]string) []string {
	known := map[string]struct{}{everlatch.ActorCustomer: {}, everlatch.ActorUser: {}}
	for actorType := range urls {
		known[actorType] = struct{}{}
	}
	delete(known, urlDefault)
	return slices.Sorted(maps.Keys(known))
}

// url returns the base URL of an actor type's links, or "" when none is configured.
func (m *Mailer) url(actorType string) string {
	for _, key := range []string{actorType, urlDefault, everlatch.ActorCustomer} {
		if u, ok := m.urls[key]; ok {
			return u
		}
	}
	return ""
}

// Events returns the sorted names of the events that have a mail.
func (m *Mailer) Events() []string { return slices.Sorted(maps.Keys(kinds)) }

// Recipient is who gets a mail.
type Recipient struct {
	Address string
	// Provider is the one that the event is about, "" for none.
	Provider string
	// AuthIdentityID is the identity of the recipient, "" if only the address is known.
	AuthIdentityID string
}

// recipientOf returns who gets the mail about an event. That of an address which another
// person asked for goes to its owner, not to the identity that the event is about.
func recipientOf(e everlatch.Event, address string) Recipient {
	r := Recipient{Address: address, AuthIdentityID: e.AuthIdentityID}
	r.Provider, _ = e.Data["provider"].(string)
	if id, _ := e.Data["auth_identity_id"].(string); r.AuthIdentityID == "" {
		r.AuthIdentityID = id
	}
	if e.Data["taken"] == true {
		r.AuthIdentityID = ""
	}
	return r
}

// speak returns the event in the language of its recipient.
func (m *Mailer) speak(ctx context.Context, e everlatch.Event) (everlatch.Event, error) {
	kind, known := kinds[e.Name]
	address, _ := e.Data[kind.recipient].(string)
	if !known || m.opts.LanguageOf == nil || !isAddress(address) {
		return e, nil
	}
	tag, err := m.opts.LanguageOf(ctx, recipientOf(e, address))
	switch {
	case tag != "" && m.opts.Languages.Has(tag):
		e.Language = tag
	case !slices.Contains(askedFor, e.Name) || e.Data["requested_by"] != nil:
		e.Language = "" // a thief must not choose a language that the owner cannot read
	}
	return e, err
}

// askedFor are the mails that their recipient has asked for, so that the language of the
// request is theirs. Others tell of what another person may have done.
var askedFor = []string{
	everlatch.EventRegistrationRequested, everlatch.EventPasswordReset, everlatch.EventSignInCodeRequested,
	everlatch.EventVerificationRequested, everlatch.EventEmailRequested, everlatch.EventApprovalRequested,
}

// Deliver sends the mail about an event, if there is one, in the language of its recipient. It
// returns the errors of [Mailer.Render], of the [Sender] and of [Options.LanguageOf].
func (m *Mailer) Deliver(ctx context.Context, e everlatch.Event) error {
	e, err := m.speak(ctx, e)
	if err != nil {
		return err
	}
	message, ok, err := m.Render(e)
	if err != nil || !ok {
		return err
	}
	return m.opts.Sender.Send(ctx, message)
}

// Render renders the mail about an event in the language of the event, and reports false when there is none:
// the event has no mail or no recipient with an e-mail address, it is outdated, or
// it was published by an application (such events must not send mails in our
// name).
//
// The error is [everlatch.Permanent] when it is too late to send the mail, or its
// recipient's address cannot be sent to.
func (m *Mailer) Render(e everlatch.Event) (Message, bool, error) {
	kind, known := kinds[e.Name]
	if !known || e.Source != everlatch.SourceEverlatch {
		return Message{}, false, nil
	}
	to, _ := e.Data[kind.recipient].(string)
	if !strings.Contains(to, "@") {
		return Message{}, false, nil // none, or a name to sign in with
	}
	if !isAddress(to) || oneLine(to) != to {
		// Not false: a mail that was not sent must not be recorded as delivered.
		return Message{}, false, everlatch.Permanent(errors.New("the recipient is not an address that mail can be sent to"))
	}
	v := view{Event: e.Name, Data: e.Data, To: to, Brand: m.opts.Brand, At: moment{Time: e.CreatedAt.UTC()}}
	v.ActorType, _ = e.Data["actor_type"].(string)
	name, err := kind.prepare(m, &v)
	if err != nil || name == "" {
		return Message{}, false, err
	}
	message, err := m.templates.render(name, e.Language, v)
	if err != nil {
		return Message{}, false, err
	}
	message.ID, message.Event, message.Template, message.From, message.To = e.ID, e.Name, name, m.opts.From, to
	return message, true, message.check()
}
