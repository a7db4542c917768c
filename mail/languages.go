package mail

import (
	"embed"
	"errors"
	"fmt"
	"os"

	"github.com/everlatch/everlatch/internal/messages"
)

//go:embed messages
var builtInMessages embed.FS

// Languages are the languages in which mails are written, with their messages.
type Languages struct{ catalog *messages.Catalog }

// LoadLanguages reads the built-in messages and then messages/*.toml of a folder, "" for
// none, which take precedence and may add languages. The fallback is for recipients whose
// language is not known, English if empty. The error names the file that is wrong.
func LoadLanguages(folder, fallback string) (*Languages, error) {
	files, err := messages.Glob(builtInMessages, "messages/*.toml")
	if folder != "" {
		own, ownErr := messages.Glob(os.DirFS(folder), messagesFolder+"/*.toml")
		files, err = append(files, own...), errors.Join(err, ownErr)
	}
	if err != nil {
		return nil, fmt.Errorf("mail: messages: %w", err)
	}
	catalog, err := messages.New(files, fallback)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Languages{catalog}, nil
}

// Tags returns the languages (BCP 47), sorted.
func (l *Languages) Tags() []string { return l.catalog.Tags() }

// Has reports whether mails are written in a language.
func (l *Languages) Has(tag string) bool { return l.catalog.Language(tag) != nil }

// Accepted returns the language that suits a header Accept-Language best (RFC 9110,
// 12.5.4), or "" if none does.
func (l *Languages) Accepted(header string) string {
	if found := l.catalog.Accepted(header); found != nil {
		return found.Tag()
	}
	return ""
}

// of returns a language, or the one for recipients whose language is not known.
func (l *Languages) of(tag string) *messages.Language {
	if found := l.catalog.Language(tag); found != nil {
		return found
	}
	return l.catalog.Fallback()
}
