package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/everlatch/everlatch/internal/egress"
)

// maxBody bounds what is read of an answer.
const maxBody = 1 << 20

// errTooLong is the cause of refusing an answer above maxBody.
var errTooLong = errors.New("the answer is longer than 1 MiB")

func newClient(o Options) *http.Client {
	if o.HTTPClient == nil {
		return egress.Client(o.HTTPTimeout, o.AllowPrivate)
	}
	client := *o.HTTPClient
	client.Timeout = cmp.Or(client.Timeout, o.HTTPTimeout)
	client.CheckRedirect = egress.NoRedirect
	return &client
}

// do makes a request and returns the status and the body. An error says that
// there was no answer, or with [errTooLong] too much of it.
func (p *Provider) do(req *http.Request) (status int, body []byte, err error) {
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLong
	}
	return resp.StatusCode, body, err
}

// getJSON reads one of the provider's documents: a public one, or one that the
// access token of bearer opens.
func (p *Provider) getJSON(ctx context.Context, what, address, bearer string, to any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", what, err))
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	status, body, err := p.do(req)
	switch {
	case errors.Is(err, errTooLong):
		return failed(fmt.Errorf("%s: %w", what, err))
	case err != nil:
		return away(fmt.Errorf("%s: %w", what, err))
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return away(fmt.Errorf("%s: status %d", what, status))
	case status != http.StatusOK:
		return failed(fmt.Errorf("%s: status %d", what, status))
	}
	if err := json.Unmarshal(body, to); err != nil {
		return failed(fmt.Errorf("%s: %w", what, err))
	}
	return nil
}
