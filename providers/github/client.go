package github

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

// answer is a response of GitHub that is not an outage.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// newClient returns the client of all requests. It reads at most 1 MiB of a
// response and follows no redirects.
func newClient(o Options) *http.Client {
	return egress.Limit(egress.Client(o.HTTPTimeout, o.AllowPrivate), http.Header{
		"Accept": {"application/json"}, "User-Agent": {"Everlatch"},
	})
}

// get requests the API with a user's token.
func (p *Provider) get(ctx context.Context, path, token string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.options.APIEndpoint+path, http.NoBody)
	if err != nil {
		return answer{}, errors.New("github's API cannot be asked")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	resp, err := p.client.Do(req)
	if err != nil {
		return answer{}, notAnswered(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, notAnswered(ctx, err)
	}
	got := answer{status: resp.StatusCode, header: resp.Header, body: body}
	if got.status >= http.StatusInternalServerError {
		return answer{}, unavailable(fmt.Errorf("github answers %d", got.status))
	}
	if got.limited() {
		return answer{}, unavailable(fmt.Errorf("github answers %d: too many requests", got.status))
	}
	return got, nil
}

// limited reports whether a rate limit was exceeded: a 403 or 429, with the
// headers of the primary or of a secondary limit.
func (a answer) limited() bool {
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return a.header.Get("X-Ratelimit-Remaining") == "0" || a.header.Get("Retry-After") != ""
	}
	return false
}

// notAnswered is an outage, unless the response was too long.
func notAnswered(ctx context.Context, err error) error {
	if errors.Is(err, egress.ErrTooLong) {
		return failed(errors.New("github's answer is larger than 1 MiB"))
	}
	return unavailable(reason(ctx, err))
}

func unavailable(cause error) error { return everlatch.Unavailable("GitHub", cause) }

// reason says why there is no response. It does not use the messages of
// net/http, which quote addresses and what a server sent.
func reason(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause // the caller's own
	}
	if errors.Is(err, egress.ErrPrivate) {
		return fmt.Errorf("github cannot be reached: %w", egress.ErrPrivate)
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errors.New("github does not answer in time")
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return errors.New("github has no address")
		}
		return errors.New("github cannot be looked up")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errors.New("github's certificate is not trusted")
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return fmt.Errorf("github cannot be reached: %w", e)
	}
	return errors.New("github gives no answer that can be read")
}
