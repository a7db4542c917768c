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
func (l languages) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	if tag := l.read(r); tag != "" {
		ctx = workflow.WithValue(ctx, languageOfWorkflow{}, tag)
	}
	return ctx, nil
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
