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

// Options say how mails look and where they go. All are required, except
// Templates.
type Options struct {
	Sender Sender
	// From is the sender of all mails: "Shop <no-reply@shop.example>".
	From string
	// Brand is what mails call the service.
	Brand string
	// URLs maps an actor type to where its links lead: a storefront, or the
	// dashboard of users. The key "default" is for all others; without it they get
	// that of customers.
	URLs map[string]string
	// Templates is a folder whose files go before the built-in ones; "" is none.
	// The folder's files may be for an actor type that has a URL, for customers
	// and for users.
	Templates string
	Now       func() time.Time
}

// urlDefault is the key of [Options.URLs] for actor types without one.
const urlDefault = "default"

// Mailer writes the mails about events. It is safe for concurrent use.
type Mailer struct {
	opts      Options
	urls      map[string]string // without a slash at the end
	templates *templates
}

// New returns a mailer. It reports everything that is wrong with the options and
// the templates at once.
func New(o Options) (*Mailer, error) {
	urls, urlsErr := readURLs(o.URLs)
	templates, templatesErr := loadTemplates(o.Templates, actorTypes(o.URLs))
	if err := errors.Join(o.check(), urlsErr, templatesErr); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Mailer{opts: o, urls: urls, templates: templates}, nil
}

func (o Options) check() error {
	var problems []error
	if o.Sender == nil {
		problems = append(problems, errors.New("there is nobody to send mails"))
	}
	if o.Now == nil {
		problems = append(problems, errors.New("there is no clock"))
	}
	if _, err := mail.ParseAddress(o.From); err != nil || oneLine(o.From) != o.From {
		problems = append(problems, errors.New("the sender is not an address, such as Shop <no-reply@shop.example>"))
	}
	if o.Brand == "" || oneLine(o.Brand) != o.Brand {
		problems = append(problems, errors.New("the brand is not one plain line"))
	}
	return errors.Join(problems...)
}

var actorTypeForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

func readURLs(given map[string]string) (map[string]string, error) {
	if len(given) == 0 {
		return nil, errors.New("no URL is given for links to lead to")
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
			problems = append(problems, fmt.Errorf("URLs: that of %q is not of the form https://shop.example/path", actorType))
			continue
		}
		out[actorType] = strings.TrimRight(u.String(), "/")
	}
	return out, errors.Join(problems...)
}

// actorTypes lists those that may have templates of their own.
func actorTypes(urls map[string]string) []string {
	known := map[string]struct{}{everlatch.ActorCustomer: {}, everlatch.ActorUser: {}}
	for actorType := range urls {
		known[actorType] = struct{}{}
	}
	delete(known, urlDefault)
	return slices.Sorted(maps.Keys(known))
}

// url returns where links of an actor type lead, or "" when nobody said.
func (m *Mailer) url(actorType string) string {
	for _, key := range []string{actorType, urlDefault, everlatch.ActorCustomer} {
		if u, ok := m.urls[key]; ok {
			return u
		}
	}
	return ""
}

// Events lists the names of the events that there are mails about, sorted.
func (m *Mailer) Events() []string { return slices.Sorted(maps.Keys(kinds)) }

// Deliver sends the mail about an event, if there is one to send. Its errors are
// those of [Mailer.Render] and of the [Sender].
func (m *Mailer) Deliver(ctx context.Context, e everlatch.Event) error {
	message, ok, err := m.Render(e)
	if err != nil || !ok {
		return err
	}
	return m.opts.Sender.Send(ctx, message)
}

// Render writes the mail about an event, and reports false when there is none:
// the event has no mail, or nobody with an e-mail address to get it, or speaks of
// what is over by now, or did not happen here, because nobody may have us write
// what they made up.
//
// An error is [everlatch.Permanent] when the mail came too late to be of use.
func (m *Mailer) Render(e everlatch.Event) (Message, bool, error) {
	kind, known := kinds[e.Name]
	if !known || e.Source != everlatch.SourceEverlatch {
		return Message{}, false, nil
	}
	to, _ := e.Data[kind.recipient].(string)
	if !isAddress(to) || oneLine(to) != to {
		return Message{}, false, nil
	}
	v := view{Event: e.Name, Data: e.Data, To: to, Brand: m.opts.Brand, At: e.CreatedAt.UTC()}
	v.ActorType, _ = e.Data["actor_type"].(string)
	name, err := kind.prepare(m, &v)
	if err != nil || name == "" {
		return Message{}, false, err
	}
	message, err := m.templates.render(name, v)
	if err != nil {
		return Message{}, false, err
	}
	message.ID, message.Event, message.From, message.To = e.ID, e.Name, m.opts.From, to
	return message, true, message.check()
}
