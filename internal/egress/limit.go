package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxBody limits the response body in [Limit], in bytes.
const maxBody = 1 << 20

// ErrTooLong is the error of a request whose response exceeds the limit of [Limit].
var ErrTooLong = errors.New("the answer is longer than 1 MiB")

// Limit returns a copy of client that reads at most 1 MiB of each response and
// adds header to requests that do not set it. It is for libraries that read whole
// bodies: an error while reading the body fails the request, and a longer body
// fails it with [ErrTooLong]. Error pages are truncated instead, because their
// status is enough.
func Limit(client *http.Client, header http.Header) *http.Client {
	limited := *client
	limited.Transport = transport{base: client.Transport, header: header}
	return &limited
}

type transport struct {
	base   http.RoundTripper
	header http.Header
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, values := range t.header {
		if req.Header.Get(name) == "" {
			req.Header[name] = values
		}
	}
	base := t.base
	if base == nil {
		base = http.DefaultTransport //nolint:forbidigo // what a client without a transport uses
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	tooLong := len(body) > maxBody
	switch {
	case resp.StatusCode >= http.StatusInternalServerError:
	case err != nil:
		return nil, fmt.Errorf("reading the answer: %w", err)
	case tooLong && resp.StatusCode < http.StatusMultipleChoices:
		return nil, ErrTooLong
	}
	resp.Body = io.NopCloser(bytes.NewReader(body[:min(len(body), maxBody)]))
	return resp, nil
}
