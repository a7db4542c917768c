package wire

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// Request is what a [Router] knows about one request.
type Request struct {
	// Path is the raw path as the client wrote it.
	Path string
	// Match is the route, nil when there is none.
	Match *Pattern
	// Origins are those that the path trusts, nil when it has no list.
	Origins *Origins
	// Body is set by [ParseBody].
	Body Body

	// head is a request that came as HEAD, headAsGet one that a GET route serves.
	head, headAsGet bool
}

// Param returns a path parameter of the route as the client wrote it, "" when there
// is none.
func (q *Request) Param(name string) string {
	rest := trimSlash(q.Path)
	for _, want := range q.Match.segments {
		var got string
		got, rest, _ = strings.Cut(rest, "/")
		if want[0] == ':' && want[1:] == name {
			return got
		}
	}
	return ""
}

// requestKey finds the Request in Echo's context.
const requestKey = "everlatch.wire"

// Of returns what the router knows about a request, nil when it did not serve it.
func Of(c echo.Context) *Request {
	found, _ := c.Get(requestKey).(*Request)
	return found
}

// Router serves an Echo as Express would serve the same routes.
type Router struct {
	// HSTS is how long a browser remembers to use https only (see [SecurityHeaders]),
	// and TrustProxy lets X-Forwarded-Proto say how the client connected. Set them
	// before the first request.
	HSTS       time.Duration
	TrustProxy bool

	// Early, if set, may answer a request that has a route before its body is read and
	// before any middleware, and then returns true.
	Early func(w http.ResponseWriter, r *http.Request, q *Request) bool

	echo    *echo.Echo
	index   func() *pathIndex
	origins func(path string) *Origins
}

// NewRouter returns a router for an Echo and the routes that are built in. Further
// routes may be added to Echo until the first request is served. origins returns
// the list that a raw path trusts, or nil.
func NewRouter(e *echo.Echo, builtIn []Route, origins func(path string) *Origins) *Router {
	x := &Router{echo: e, origins: origins}
	x.index = sync.OnceValue(func() *pathIndex { return newPathIndex(builtIn, e.Routes()) })
	e.Pre(attach)
	return x
}

// attach puts the Request into Echo's context.
func attach(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if w, ok := c.Response().Writer.(*responseWriter); ok {
			c.Set(requestKey, &w.request)
		}
		return next(c)
	}
}

// ServeHTTP finds the route before Echo does and shows Echo the path that it
// knows (see pathIndex).
func (x *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	SecurityHeaders(w.Header(), isHTTPS(r, x.TrustProxy), x.HSTS)
	out := &responseWriter{ResponseWriter: w, request: x.resolve(r)}
	q := &out.request
	if x.Early != nil && q.Match != nil && x.Early(out, r, q) {
		return
	}
	method := r.Method
	if q.headAsGet {
		method = http.MethodGet
	}
	if q.Match != nil && (method != r.Method || !q.Match.literal(q.Path)) {
		r = rewritten(r, method, q.Match.canonical(q.Path))
	}
	x.echo.ServeHTTP(out, r)
}

func (x *Router) resolve(r *http.Request) Request {
	path := r.URL.EscapedPath()
	q := Request{Path: path, Origins: x.origins(path), head: r.Method == http.MethodHead}
	if q.Match = x.index().find(r.Method, path); q.Match == nil && q.head {
		// HEAD is GET without a body, on custom routes too.
		q.Match = x.index().find(http.MethodGet, path)
		q.headAsGet = q.Match != nil
	}
	return q
}

// rewritten copies a request for another method and path. It must be a copy:
// net/http looks at the original to know whether a body may be sent.
func rewritten(r *http.Request, method, path string) *http.Request {
	out := new(http.Request)
	*out = *r
	out.Method = method
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path, out.URL.RawPath = path, ""
	if strings.Contains(path, "%") {
		out.URL.RawPath = path // Echo routes by it; DecodeParams decodes
	}
	return out
}

// responseWriter carries the Request to [attach], and drops the body of an answer
// to HEAD.
type responseWriter struct {
	http.ResponseWriter

	request Request
}

// Write implements [http.ResponseWriter].
func (w *responseWriter) Write(b []byte) (int, error) {
	if w.request.head {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// DecodeParams undoes percent-encoding in path parameters. Echo leaves it in place
// when it routes by the raw path.
func DecodeParams(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := Of(c)
		if q.Match == nil || !strings.Contains(q.Path, "%") {
			return next(c)
		}
		values, ok := decodedParams(c.ParamValues(), c.Request().URL.RawPath != "")
		if !ok {
			return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: PathInvalid}
		}
		c.SetParamValues(values...)
		return next(c)
	}
}

// ParseBody reads the body of every request, up to a limit, before other
// middlewares see the request (see readBody).
func ParseBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			body, err := readBody(c.Request(), limit)
			if err != nil {
				return err
			}
			Of(c).Body = body
			return next(c)
		}
	}
}

// Unmatched answers requests without a route: OPTIONS on a known path with its
// methods, everything else with [echo.ErrNotFound].
func (x *Router) Unmatched(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := Of(c)
		if q.Match != nil {
			return next(c)
		}
		if c.Request().Method == http.MethodOptions {
			if methods := x.index().allowed(q.Path); len(methods) > 0 {
				allow := strings.Join(methods, ",")
				c.Response().Header().Set(echo.HeaderAllow, allow)
				return Respond(c, http.StatusOK, ContentHTML, []byte(allow))
			}
		}
		return echo.ErrNotFound
	}
}
