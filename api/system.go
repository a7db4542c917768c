package api

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// health says that the process answers, nothing more.
func (s *Server) health(c echo.Context) error { return writeText(c, "OK") }

// readyWithin bounds the check of a part.
const readyWithin = 2500 * time.Millisecond

// forReads is the value of the parameter for that asks about reads alone.
const forReads = "reads"

// ready names the missing parts, for load balancers and operators. With ?for=reads it
// asks about what answers while Temporal is away: tokens, sessions, profiles and
// lists need the database alone.
func (s *Server) ready(c echo.Context) error {
	purpose := c.QueryParam("for")
	if purpose != "" && purpose != forReads {
		return refused(everlatch.CodeInvalidData, query.ChoiceUnknown, map[string]string{"want": forReads, "field": "for", "got": purpose})
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
	defer cancel()
	pinged := make(chan error, 1)
	go func() { pinged <- s.deps.Store.Ping(ctx) }()
	missing := []string{}
	lacks := func(part string, err error) {
		if err != nil {
			missing = append(missing, part)
			s.deps.Log.WarnContext(ctx, "not ready", "part", part, "cause", everlatch.Cause(err).Error())
		}
	}
	var unserved []string
	var r flows.Readiness
	if purpose == "" {
		r = s.deps.Flows.Readiness(ctx)
	}
	lacks("database", <-pinged)
	lacks("temporal", r.Temporal)
	lacks("namespace", r.Namespace)
	for _, queue := range r.Unserved {
		// The work of the other queues waits; only that of this one has a caller who does.
		if queue == flows.QueueInteractive {
			lacks("worker", errors.New("no worker polls the queue for interactive work"))
		} else {
			unserved = append(unserved, queue)
		}
	}
	return writeReadiness(c, missing, unserved)
}

func writeReadiness(c echo.Context, missing, unserved []string) error {
	status := http.StatusOK
	if len(missing) > 0 {
		status = http.StatusServiceUnavailable
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	body := wire.AppendJSON(append([]byte(`{"ready":`), strconv.FormatBool(len(missing) == 0)+`,"missing":`...), missing)
	if len(unserved) > 0 {
		body = wire.AppendJSON(append(body, `,"unserved":`...), unserved)
	}
	body = append(body, '}')
	if status == http.StatusOK {
		return writeJSON(c, body)
	}
	return wire.Respond(c, status, wire.ContentJSON, body)
}

// cloudAuth tells the dashboard that there is no cloud login (docs/contract.md#s3-7).
func (s *Server) cloudAuth(c echo.Context) error { return writeJSON(c, []byte(`{"enabled":false}`)) }

// jwks publishes the keys that verify tokens, where there are any to publish.
func (s *Server) jwks(c echo.Context) error {
	set, asymmetric := s.deps.Tokens.JWKS()
	if !asymmetric {
		return echo.ErrNotFound
	}
	return writeJSON(c, set)
}

// sealingKeys publishes the keys to which callers of the Nexus service seal.
func (s *Server) sealingKeys(c echo.Context) error {
	if s.deps.SealingKeys == nil {
		return echo.ErrNotFound
	}
	set, err := s.deps.SealingKeys()
	if err != nil {
		return err
	}
	return writeJSON(c, set)
}

// HomeInfo is a page with links for the developer who has started the service.
// Its zero value shows none.
type HomeInfo struct {
	Title string
	// Lines are shown above the links.
	Lines []string
	Links []Link
}

// Link is one line of [HomeInfo].
type Link struct {
	Name, URL, Note string
	// ID names a link that the pages translate, "" for none.
	ID string
}

var homeTemplate = template.Must(template.New("home").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #1b1f24 }
dt { margin-top: .8rem; font-weight: 600 } dd { margin: 0 } p, dd { color: #57606a }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } p, dd { color: #9198a1 } a { color: #79b8ff } }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{range .Lines}}<p>{{.}}</p>
{{end}}<dl>
{{range .Links}}<dt><a href="{{.URL}}">{{.Name}}</a></dt>
<dd>{{.Note}}</dd>
{{end}}</dl>
</body>
</html>
`))

func (h HomeInfo) render() ([]byte, error) {
	if h.Title == "" && len(h.Lines) == 0 && len(h.Links) == 0 {
		return nil, nil
	}
	var page bytes.Buffer
	err := homeTemplate.Execute(&page, h)
	return page.Bytes(), err
}

func (s *Server) showHome(c echo.Context) error {
	if s.home == nil {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	return wire.Respond(c, http.StatusOK, wire.ContentHTML, s.home)
}
