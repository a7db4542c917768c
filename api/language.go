package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// Languages are those in which mails are written.
type Languages interface {
	// Tags returns them (BCP 47), sorted.
	Tags() []string
	// Accepted returns the one that suits a header Accept-Language best, "" if none does.
	Accepted(header string) string
}

// speak gives what a request causes its language: events and new identities take it from the
// context. Only one of the languages of mails gets there, never what the header says itself.
func (s *Server) speak(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		// Other GETs cause no mail.
		if s.deps.Languages == nil || r.Method == http.MethodGet && callOf(c).prefix != prefixAuth {
			return next(c)
		}
		if header := r.Header.Get("Accept-Language"); header != "" {
			if tag := s.deps.Languages.Accepted(header); tag != "" {
				c.SetRequest(r.WithContext(everlatch.WithLanguage(r.Context(), tag)))
			}
		}
		return next(c)
	}
}

var languageFields = query.Schema{{Name: "language", Kind: query.Text, Required: true, Nullable: true}}

// readLanguage tells in which language the caller gets mails, null if it follows the
// request, and which ones there are.
func (s *Server) readLanguage(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	tag, err := s.deps.Store.Language(lookups(c), claims.AuthIdentityID)
	if err != nil {
		return err
	}
	return s.writeLanguage(c, tag)
}

// setLanguage chooses one of them, or none.
func (s *Server) setLanguage(c echo.Context) error {
	in, err := languageFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	tag := in.Plain("language")
	if known := s.languages(); tag != "" && !slices.Contains(known, tag) {
		return &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonLanguageUnknown,
			Details: map[string]string{"languages": strings.Join(known, ", ")},
		}
	}
	if err := s.deps.Store.SetLanguage(lookups(c), claims.AuthIdentityID, tag); err != nil {
		return err
	}
	return s.writeLanguage(c, tag)
}

// languages are those that may be chosen.
func (s *Server) languages() []string {
	if s.deps.Languages == nil {
		return []string{}
	}
	return s.deps.Languages.Tags()
}

func (s *Server) writeLanguage(c echo.Context, tag string) error {
	b := wire.AppendJSON([]byte(`{"language":`), unlessEmpty(tag))
	b = wire.AppendJSON(append(b, `,"languages":`...), s.languages())
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}
