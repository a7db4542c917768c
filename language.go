package everlatch

import "context"

type languageKey struct{}

// WithLanguage returns a context that carries the language which a request asks for: the tag
// (BCP 47) of one that mails are written in. A flow passes it on to its steps. It becomes the
// [Event.Language] of events that are recorded, and the language of an identity that is made.
func WithLanguage(ctx context.Context, tag string) context.Context {
	return context.WithValue(ctx, languageKey{}, tag)
}

// LanguageOf returns the language that [WithLanguage] has set, or "".
func LanguageOf(ctx context.Context) string {
	tag, _ := ctx.Value(languageKey{}).(string)
	return tag
}
