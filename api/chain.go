package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// ServeHTTP finds the route before Echo does and shows Echo the path that it
// knows (see paths.go).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k := s.resolve(r)
	if method := k.routedMethod(r.Method); k.match != nil && (method != r.Method || !k.match.literal(k.path)) {
		r = readdressed(r, method, k.match.canonical(k.path))
	}
	s.echo.ServeHTTP(&carrier{ResponseWriter: w, call: k}, r)
}

func (s *Server) resolve(r *http.Request) *call {
	path := r.URL.EscapedPath()
	k := &call{server: s, path: path, prefix: prefixOf(path), head: r.Method == http.MethodHead}
	k.origins = s.originsOf(k)
	if k.match = s.paths().find(r.Method, path); k.match == nil && k.head {
		// HEAD is GET without a body, on people's own routes too.
		k.match = s.paths().find(http.MethodGet, path)
		k.headAsGet = k.match != nil
	}
	return k
}

// readdressed copies a request for another method and path. It must be a copy:
// net/http looks at the original to know whether a body may be sent.
func readdressed(r *http.Request, method, path string) *http.Request {
	out := new(http.Request)
	*out = *r
	out.Method = method
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path, out.URL.RawPath = path, ""
	if strings.Contains(path, "%") {
		out.URL.RawPath = path // Echo routes by it; decodeParams decodes
	}
	return out
}

// carrier brings a call into Echo's context, and drops the body of an answer
// to HEAD.
type carrier struct {
	http.ResponseWriter

	call *call
}

// Write implements [http.ResponseWriter].
func (w *carrier) Write(b []byte) (int, error) {
	if w.call.head {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *carrier) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// chain is what every request passes, in this order, whether a route matches
// or not (contract 4.1): so a malformed body is refused before a missing key,
// and an unknown path under /admin is unauthorized before it is unknown.
func (s *Server) chain() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		s.decodeParams, s.parseBody, s.allowOrigins, s.demandKey, s.demandAdmin, s.customerIfAny, s.unmatched,
	}
}

// decodeParams undoes percent-encoding in path parameters. Echo leaves it in
// place when it routes by the raw path.
func (s *Server) decodeParams(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c)
		if k.match == nil || !strings.Contains(k.path, "%") {
			return next(c)
		}
		values, ok := decodedParams(c.ParamValues(), c.Request().URL.RawPath != "")
		if !ok {
			return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "The path is not valid."}
		}
		c.SetParamValues(values...)
		return next(c)
	}
}

// demandAdmin authenticates everything under /admin, known or not, except
// routes that opted out.
func (s *Server) demandAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	guarded := s.Authenticate(
		[]string{everlatch.ActorUser}, []Method{MethodBearer, MethodSession, MethodAPIKey}, AuthOptions{},
	)(next)
	return func(c echo.Context) error {
		k := callOf(c)
		if k.prefix != prefixAdmin || k.match != nil && k.match.public {
			return next(c)
		}
		return guarded(c)
	}
}

// customerIfAny tells people's own /store routes who the customer is. The
// built-in ones say themselves what they need.
func (s *Server) customerIfAny(next echo.HandlerFunc) echo.HandlerFunc {
	guarded := s.Authenticate(
		[]string{everlatch.ActorCustomer}, []Method{MethodBearer, MethodSession}, AuthOptions{AllowUnauthenticated: true},
	)(next)
	return func(c echo.Context) error {
		k := callOf(c)
		if k.prefix != prefixStore || k.match == nil || k.match.builtIn {
			return next(c)
		}
		return guarded(c)
	}
}

// unmatched answers what no route does: OPTIONS on a known path with its
// methods, everything else as not found.
func (s *Server) unmatched(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c)
		if k.match != nil {
			return next(c)
		}
		if c.Request().Method == http.MethodOptions {
			if methods := s.paths().allowed(k.path); len(methods) > 0 {
				allow := strings.Join(methods, ",")
				c.Response().Header().Set(echo.HeaderAllow, allow)
				return text(c, allow)
			}
		}
		return errNoRoute
	}
}
