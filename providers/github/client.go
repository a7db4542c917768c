package github

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

const (
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 1 << 20

	userAgent = "Everlatch"
)

var errTooLarge = errors.New("github's answer is larger than 1 MiB")

// answer is what GitHub says, whatever that is, unless it is an outage.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	tooLarge bool // the body is not all
}

// post sends a form. Its values are secrets, so none is in the URL (W47).
func (p *Provider) post(ctx context.Context, address string, form url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, errors.New("github's token endpoint cannot be asked")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return p.send(req)
}

// get asks the API in the name of whom a token is of.
func (p *Provider) get(ctx context.Context, path, token string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.options.APIEndpoint+path, http.NoBody)
	if err != nil {
		return answer{}, errors.New("github's API cannot be asked")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	got, err := p.send(req)
	if err == nil && got.limited() {
		return answer{}, unavailable(fmt.Errorf("github answers %d: too many requests", got.status))
	}
	return got, err
}

func (p *Provider) send(req *http.Request) (answer, error) {
	req.Header.Set("User-Agent", userAgent)
	resp, err := p.client.Do(req)
	if err != nil {
		return answer{}, unavailable(reason(req.Context(), err))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return answer{}, unavailable(fmt.Errorf("github answers %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, unavailable(reason(req.Context(), err))
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body, tooLarge: len(body) > maxAnswer}, nil
}

// limited says whether GitHub wants us to wait: it answers 403 or 429, with the
// headers of the primary limit or of a secondary one.
func (a answer) limited() bool {
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return a.header.Get("X-Ratelimit-Remaining") == "0" || a.header.Get("Retry-After") != ""
	}
	return false
}

func unavailable(cause error) error { return everlatch.Unavailable("GitHub", cause) }

// reason says why there is no answer. It is made of our own words, because the
// texts of net/http repeat addresses and what a server sent.
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
