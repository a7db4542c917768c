package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/internal/egress"
)

// newClient returns the client of all requests: it reads at most 1 MiB of a
// response and follows no redirects.
func newClient(o Options) *http.Client {
	client := egress.Client(o.HTTPTimeout, o.AllowPrivate)
	if o.AllowPrivate {
		client = egress.PlainPrivate(client)
	}
	if o.HTTPClient != nil {
		given := *o.HTTPClient
		given.Timeout = cmp.Or(given.Timeout, o.HTTPTimeout)
		given.CheckRedirect = egress.NoRedirect
		client = &given
	}
	return egress.Limit(client, http.Header{"Accept": {"application/json"}})
}

// newReader returns a client for documents: every response other than 200 is a
// [statusError], because go-oidc puts the body of such a response into its
// errors.
func newReader(client *http.Client) *http.Client {
	reader := *client
	reader.Transport = onlyOK{client.Transport}
	return &reader
}

type onlyOK struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t onlyOK) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, statusError(resp.StatusCode)
	}
	return resp, nil
}

// statusError is a response with a status other than 200.
type statusError int

// Error implements [error].
func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// outage reports whether the same request may succeed later.
func (e statusError) outage() bool {
	return e >= http.StatusInternalServerError || e == http.StatusTooManyRequests
}

// unread explains why a document could not be read: the provider is
// unavailable, or the document is invalid.
func unread(what string, err error) error {
	if status, ok := errors.AsType[statusError](err); ok {
		if status.outage() {
			return away(fmt.Errorf("%s: %w", what, status))
		}
		return failed(fmt.Errorf("%s: %w", what, status))
	}
	if errors.Is(err, egress.ErrTooLong) {
		return failed(fmt.Errorf("%s: %w", what, egress.ErrTooLong))
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return away(fmt.Errorf("%s: %w", what, err))
	}
	return failed(fmt.Errorf("%s: %s", what, redact(err.Error())))
}

// getJSON reads one of the provider's documents: a public one, or one that needs
// the access token bearer.
func (p *Provider) getJSON(ctx context.Context, what, address, bearer string, to any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return failed(fmt.Errorf("%s: the address is not a URL", what))
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := p.reader.Do(req)
	if err != nil {
		return unread(what, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		return unread(what, err)
	}
	return nil
}
