package temporalkit

import (
	"context"
	"regexp"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// languageHeader carries the language of a request through a flow to its steps.
const languageHeader = "everlatch-language"

// languageTag is the form of a language's tag (RFC 5646), as short as those in use are.
var languageTag = regexp.MustCompile(`^[A-Za-z0-9-]{2,35}$`)

// languages propagates what [everlatch.WithLanguage] has set. Its header is sealed like every
// payload. One that cannot be read is no language: it is not worth failing a flow.
type languages struct{ payloads converter.DataConverter }

var _ workflow.ContextPropagator = languages{}

type languageOfWorkflow struct{}

// Inject implements [workflow.ContextPropagator].
func (l languages) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	return l.write(everlatch.LanguageOf(ctx), w)
}

// InjectFromWorkflow implements [workflow.ContextPropagator].
func (l languages) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	tag, _ := ctx.Value(languageOfWorkflow{}).(string)
	return l.write(tag, w)
}

// Extract implements [workflow.ContextPropagator].
func (l languages) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	if tag := l.read(r); tag != "" {
		ctx = everlatch.WithLanguage(ctx, tag)
	}
	return ctx, nil
}

// ExtractToWorkflow implements [workflow.ContextPropagator].
//
// An update without a language has none: who started the flow may be another person.
func (l languages) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	return Speak(ctx, l.read(r)), nil
}

// Speak returns the context for the steps of one request among several that a flow serves,
// with the language of that request, "" for none. A signal has no header that a workflow
// sees, so it carries its language itself.
func Speak(ctx workflow.Context, tag string) workflow.Context {
	if !languageTag.MatchString(tag) {
		tag = ""
	}
	return workflow.WithValue(ctx, languageOfWorkflow{}, tag)
}

func (l languages) write(tag string, w workflow.HeaderWriter) error {
	if tag == "" {
		return nil
	}
	payload, err := l.payloads.ToPayload(tag)
	if err == nil {
		w.Set(languageHeader, payload)
	}
	return err
}

func (l languages) read(r workflow.HeaderReader) (tag string) {
	payload, found := r.Get(languageHeader)
	if !found || l.payloads.FromPayload(payload, &tag) != nil || !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
