package pages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Call is a request to the API in the visitor's name.
type Call struct {
	// Method is GET if empty, and POST if empty with a body.
	Method string
	// Path may have a query.
	Path string
	// Bearer is a token; without one the visitor's session counts.
	Bearer string
	// Body is sent as JSON, nil for none.
	Body any
	// Into takes the JSON of an answer below 400, nil ignores it.
	Into any
	// Key is the Idempotency-Key, "" for none.
	Key string
}

// RefusalError is an answer of the API of 400 or more.
type RefusalError struct {
	// Status is the HTTP status, Type the kind of error and Message the API's sentence.
	Status  int    `json:"-"`
	Type    string `json:"type"`
	Message string `json:"message"`
	// Reason identifies what is wrong, "" where the API has only a sentence; it is the
	// answer's header Everlatch-Reason.
	Reason string `json:"-"`
	// Details are what the sentence says about this case, such as the field.
	Details map[string]string `json:"-"`
	// RetryAfter is how long to wait before the next attempt, 0 where that doesn't matter.
	RetryAfter time.Duration `json:"-"`
}

// Error implements error.
func (r *RefusalError) Error() string {
	if r.Message != "" {
		return r.Message
	}
	return http.StatusText(r.Status)
}

// The refusals of the pages themselves.
const (
	reasonCrossSite = "page_cross_site"
	reasonForm      = "page_form"
	reasonNotFound  = "page_not_found"
	// reasonNoPasskey is a form without what a device answers.
	reasonNoPasskey = "page_no_passkey"
	// reasonOtherAccount is about a way to sign in that opens another account.
	reasonOtherAccount = "page_other_account"
)

var errNotFound error = &RefusalError{Status: http.StatusNotFound, Reason: reasonNotFound}

// Refused returns the refusal that an error is.
func Refused(err error) (*RefusalError, bool) { return errors.AsType[*RefusalError](err) }

// reasonHeader names the reason of a refusal, for clients that word it themselves.
const reasonHeader = "Everlatch-Reason"

// Do calls the API and returns the status of its answer. One of 400 or more is a
// [*RefusalError]. Cookies that the API sets are passed on to the browser.
func (v *Visit) Do(c Call) (status int, err error) {
	r, err := v.request(c)
	if err != nil {
		return 0, err
	}
	answer := recorder{header: http.Header{}}
	v.site.opts.API.ServeHTTP(&answer, r)
	for _, cookie := range answer.header.Values("Set-Cookie") {
		v.W.Header().Add("Set-Cookie", cookie)
	}
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	if answer.status >= http.StatusBadRequest {
		return answer.status, answer.refusal()
	}
	if c.Into == nil || answer.body.Len() == 0 {
		return answer.status, nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), c.Into); err != nil {
		return answer.status, fmt.Errorf("read the answer of %s: %w", withoutQuery(c.Path), err)
	}
	return answer.status, nil
}

// Get reads a route of the API with the visitor's session.
func (v *Visit) Get(path string, into any) error {
	_, err := v.Do(Call{Path: path, Into: into})
	return err
}

// Post sends a body to a route of the API with the visitor's session.
func (v *Visit) Post(path string, body, into any) error {
	_, err := v.Do(Call{Method: http.MethodPost, Path: path, Body: body, Into: into})
	return err
}

// Delete calls a route of the API with the visitor's session.
func (v *Visit) Delete(path string, into any) error {
	_, err := v.Do(Call{Method: http.MethodDelete, Path: path, Into: into})
	return err
}

// forwarded are the headers by which the API knows the visitor and their proxies,
// and by which it joins logs and traces.
var forwarded = []string{
	"User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip",
	"X-Request-Id", "Traceparent", "Tracestate", "Origin", "Sec-Fetch-Site",
}

func (v *Visit) request(c Call) (*http.Request, error) {
	method, body := c.Method, http.NoBody
	var text []byte
	if c.Body != nil {
		var err error
		if text, err = json.Marshal(c.Body); err != nil {
			return nil, fmt.Errorf("encode a request to %s: %w", withoutQuery(c.Path), err)
		}
	}
	if method == "" && text != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(v.Context(), method, c.Path, body)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", withoutQuery(c.Path), err)
	}
	if text != nil {
		r.Body, r.ContentLength = readCloser{bytes.NewReader(text)}, int64(len(text))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Host, r.RemoteAddr, r.TLS, r.RequestURI = v.R.Host, v.R.RemoteAddr, v.R.TLS, c.Path
	for _, name := range forwarded {
		if values := v.R.Header.Values(name); len(values) > 0 {
			r.Header[name] = values
		}
	}
	r.Header.Set("Accept-Language", v.Language()) // that of the page, which the visitor may have chosen
	v.identify(r, c)
	return r, nil
}

// identify adds who calls. A token stands for itself: the session of the browser is sent
// with it only where a new session replaces the previous one.
func (v *Visit) identify(r *http.Request, c Call) {
	if strings.HasPrefix(v.R.URL.Path, Prefix) { // there are no sign-ins elsewhere, and the cookie isn't sent there
		r.Header.Set("Everlatch-Browser", v.browser())
	}
	if v.site.opts.PublishableKey != nil {
		if key := v.site.opts.PublishableKey(v.Context()); key != "" {
			r.Header.Set("X-Publishable-Api-Key", key)
		}
	}
	if c.Key != "" {
		r.Header.Set("Idempotency-Key", c.Key)
	}
	if c.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.Bearer)
	}
	if c.Bearer == "" || c.Path == sessionRoute {
		r.Header["Cookie"] = v.R.Header.Values("Cookie")
	}
}

const sessionRoute = "/auth/session"

// withoutQuery returns a path as errors may show it.
func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// readCloser is the body of a request.
type readCloser struct{ *bytes.Reader }

// Close implements [io.Closer].
func (readCloser) Close() error { return nil }

// recorder keeps an answer of the API.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// refusal reads an answer that is one. Whatever its body is, the status counts.
func (r *recorder) refusal() *RefusalError {
	out := &RefusalError{}
	_ = json.Unmarshal(r.body.Bytes(), out)
	out.Status = r.status
	if reason, details, err := mime.ParseMediaType(r.header.Get(reasonHeader)); err == nil {
		out.Reason, out.Details = reason, details
	}
	if seconds, err := strconv.Atoi(r.header.Get("Retry-After")); err == nil && seconds > 0 {
		out.RetryAfter = time.Duration(seconds) * time.Second
	}
	return out
}
