//go:build linux

package crash_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

type object = map[string]any

// client talks to the service as a careful program does: what was not answered, or
// answered with 429 or 503, it sends again, under the same Idempotency-Key.
type client struct {
	base   string
	http   *http.Client
	ledger *ledger
	// keys makes the Idempotency-Keys of this client unique.
	name string
	keys int
}

const (
	// attemptWithin is longer than the 15 s that the API waits for a flow.
	attemptWithin = 20 * time.Second
	// patience is how long a client asks again before it counts as stuck. No plan breaks
	// anything for so long.
	patience   = 3 * time.Minute
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

func newClient(base, name string, l *ledger) *client {
	return &client{
		base: base, name: name, ledger: l,
		http: &http.Client{
			Timeout: attemptWithin, Transport: &http.Transport{},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// request is one that is sent until it is answered.
type request struct {
	method, path string
	body         any
	header       []string
	// keyed sends an Idempotency-Key.
	keyed bool
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// reply is the answer to a request.
type reply struct {
	status int
	raw    []byte
	cookie string
	// repeated says that an earlier attempt got no answer, so that this may be that of a
	// request that had its effect before.
	repeated bool
}

var errStuck = errors.New("no answer within the patience of a client")

// once sends a request a single time.
func (c *client) once(ctx context.Context, r request) (reply, error) {
	raw, err := r.encoded()
	if err != nil {
		return reply{}, err
	}
	return c.send(ctx, r, raw, r.header)
}

// encoded is the body, nil when there is none.
func (r request) encoded() ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	return json.Marshal(r.body)
}

// ask sends a request until it is answered.
func (c *client) ask(ctx context.Context, r request) (reply, error) {
	raw, err := r.encoded()
	if err != nil {
		return reply{}, err
	}
	header := slices.Clone(r.header)
	if r.keyed {
		c.keys++
		header = append(header, "Idempotency-Key", fmt.Sprintf("%s-%d", c.name, c.keys))
	}
	begun, last, repeated := time.Now(), "", false
	for pause := firstPause; time.Since(begun) < patience; pause = min(2*pause, lastPause) {
		answer, err := c.send(ctx, r, raw, header)
		if err == nil && !later(answer.status) {
			answer.repeated = repeated
			c.ledger.count("requests")
			c.ledger.took(time.Since(begun))
			if answer.status == http.StatusInternalServerError {
				c.ledger.fault("500 from %s %s: %s", r.method, r.path, answer.raw)
			}
			return answer, nil
		}
		if ctx.Err() != nil {
			return reply{}, ctx.Err()
		}
		last, repeated = fmt.Sprint(answer.status, " ", string(answer.raw), " ", err), true
		c.ledger.count("attempts without an answer")
		select {
		case <-ctx.Done():
			return reply{}, ctx.Err()
		case <-time.After(pause):
		}
	}
	return reply{}, fmt.Errorf("%w: %s %s: %s", errStuck, r.method, r.path, last)
}

// later says that a status asks to come again.
func later(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func (c *client) send(ctx context.Context, r request, body []byte, header []string) (answer reply, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer, err
	}
	defer resp.Body.Close()
	answer.status = resp.StatusCode
	answer.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
	answer.raw, err = io.ReadAll(resp.Body)
	return answer, err
}

// text returns a text of an answer by its path, such as "invite.id".
func (r reply) text(path string) string {
	var v any
	if json.Unmarshal(r.raw, &v) != nil {
		return ""
	}
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(object)
		v = m[key]
	}
	s, _ := v.(string)
	return s
}

// want returns an error unless the status is one of those.
func (r reply) want(what string, statuses ...int) error {
	if slices.Contains(statuses, r.status) {
		return nil
	}
	return fmt.Errorf("%s: %d %s (repeated: %v)", what, r.status, r.raw, r.repeated)
}

// claim reads a claim of a token without verifying it.
func claim(token, name string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims object
	if json.Unmarshal(raw, &claims) != nil {
		return ""
	}
	text, _ := claims[name].(string)
	return text
}
