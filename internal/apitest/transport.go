package apitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Transport is an [http.RoundTripper] that reports, as an error of the test,
// each answer that openapi.yaml does not allow, and each request that it does
// not allow although it was accepted. What a test gets back is untouched.
type Transport struct {
	tb     testing.TB
	base   http.RoundTripper
	router routers.Router
}

// NewTransport puts the checks around a transport, such as the one of
// [Handler] or an [http.Transport] of the test.
func NewTransport(tb testing.TB, base http.RoundTripper) *Transport {
	tb.Helper()
	spec, err := LoadSpec()
	if err != nil {
		tb.Fatal(err)
	}
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		tb.Fatal(err)
	}
	return &Transport{tb: tb, base: base, router: router}
}

// Handler is a transport that calls a handler directly.
func Handler(h http.Handler) http.RoundTripper { return handlerTransport{h} }

type handlerTransport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.RequestURI = r.URL.RequestURI()
	recorder := httptest.NewRecorder()
	t.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got, err := drain(&resp.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if err := t.check(r, sent, resp, got); err != nil {
		t.tb.Errorf("%s %s answered %d, against openapi.yaml: %v\nbody: %s", r.Method, r.URL.Path, resp.StatusCode, err, got)
	}
	return resp, nil
}

// drain reads a body and puts a fresh copy in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(*body)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(raw))
	return raw, nil
}

func (t *Transport) check(r *http.Request, sent []byte, resp *http.Response, got []byte) error {
	route, params, err := t.router.FindRoute(asDescribed(r, sent))
	if err != nil {
		return checkUndescribed(r, resp)
	}
	request := &openapi3filter.RequestValidationInput{
		Request: asDescribed(r, sent), PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if resp.StatusCode < http.StatusBadRequest && described(route.Operation, r) {
		if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil {
			return fmt.Errorf("the request was accepted: %w", err)
		}
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true,
		// Pages are for people, and an answer to HEAD has no body.
		ExcludeResponseBody: r.Method == http.MethodHead ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"),
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: resp.StatusCode, Header: resp.Header,
		Body: io.NopCloser(bytes.NewReader(got)), Options: options,
	})
}

// described leaves out bodies of types that no route reads: they count as no
// body at all.
func described(op *openapi3.Operation, r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if op.RequestBody == nil || kind == "" {
		return r.ContentLength <= 0
	}
	return op.RequestBody.Value.GetMediaType(kind) != nil
}

// asDescribed is a request with the spelling of the description: no trailing
// slash, fixed parts in lower case, HEAD as GET.
func asDescribed(r *http.Request, sent []byte) *http.Request {
	out := r.Clone(context.Background())
	out.Body = io.NopCloser(bytes.NewReader(sent))
	out.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	if len(out.URL.Path) > 1 {
		out.URL.Path = strings.TrimSuffix(out.URL.Path, "/")
	}
	parts := strings.Split(out.URL.Path, "/")
	for i, part := range parts {
		switch lower := strings.ToLower(part); lower {
		case "auth", "store", "admin", "register", "providers", "session", "token", "refresh", "customers", "users", "health", "me":
			parts[i] = lower
		}
	}
	out.URL.Path = strings.Join(parts, "/")
	if out.Method == http.MethodHead {
		out.Method = http.MethodGet
	}
	return out
}

// checkUndescribed allows for a path or method without description only what
// the chain answers by itself: not found, preflights, and the refusals that
// come before a route is looked for.
func checkUndescribed(r *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusBadRequest,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return nil
	}
	if r.Method == http.MethodOptions {
		return nil
	}
	return fmt.Errorf("the route is not described")
}
