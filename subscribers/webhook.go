package subscribers

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

var _ Subscriber = (*Webhook)(nil)

// WebhookOptions configure [NewWebhook].
type WebhookOptions struct {
	// URL is https, or http with AllowPrivate.
	URL string
	// Secrets are "whsec_" and base64 of 24 to 64 bytes. Each of them signs, so
	// that a receiver can rotate its secret.
	Secrets []string
	// AllowPrivate permits private addresses, and http.
	AllowPrivate bool
	// Timeout bounds one attempt; 0 is [DefaultTimeout].
	Timeout time.Duration
}

// Webhook is a subscriber at a URL. It signs its requests by Standard Webhooks
// (standardwebhooks.com), with the event's id as the id of the message in every
// attempt.
//
// It connects to public addresses only, unless AllowPrivate is set, without a proxy
// and without following redirects.
type Webhook struct {
	url     *url.URL
	signers []*webhooks.Webhook
	client  *http.Client
}

// NewWebhook returns a webhook, or every problem of its options. Errors repeat
// neither secrets nor the URL, which may contain a token.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	u, err := webhookURL(o.URL, o.AllowPrivate)
	problems := []error{err}
	if len(o.Secrets) == 0 {
		problems = append(problems, errors.New("a webhook needs a secret"))
	}
	w := &Webhook{url: u}
	for i, secret := range o.Secrets {
		s, err := signer(secret)
		if err != nil {
			problems = append(problems, fmt.Errorf("secret %d %w", i+1, err))
		}
		w.signers = append(w.signers, s)
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	w.client = webhookClient(o)
	return w, nil
}

func webhookURL(text string, allowPrivate bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("this is not a URL, such as https://shop.example/hooks")
	case u.User != nil:
		return nil, errors.New("a URL with a name or password is not accepted")
	case u.Scheme == "http" && !allowPrivate:
		return nil, errors.New("https is expected; http is accepted with allow_private alone")
	}
	return u, nil
}

func signer(secret string) (*webhooks.Webhook, error) {
	text, prefixed := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !prefixed || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("is not whsec_ and base64 of 24 to 64 bytes")
	}
	return webhooks.NewWebhookRaw(key)
}

// userAgent is how webhooks are called.
const userAgent = "Everlatch-Webhooks"

// maxAnswer is how much of a response is read, in bytes, so that the connection
// can be reused.
const maxAnswer = 64 << 10

func webhookClient(o WebhookOptions) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return egress.Client(o.Timeout, o.AllowPrivate)
}

// Deliver implements [Subscriber]. Every 2xx is a success; 410 means that the
// receiver is gone, which is permanent; every other response is retried, after the
// Retry-After of a 429 or 503.
func (w *Webhook) Deliver(ctx context.Context, d Delivery) error {
	body, err := json.Marshal(newMessage(d.Event))
	if err != nil {
		return everlatch.Permanent(errNotJSON)
	}
	req, err := w.request(ctx, d, body)
	if err != nil {
		return err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %w", w.url.Host, reason(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode == http.StatusGone:
		return everlatch.Permanent(fmt.Errorf("%s answers 410: the receiver is gone", w.url.Host))
	}
	err = fmt.Errorf("%s answers %d", w.url.Host, resp.StatusCode)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		return everlatch.RetryAfter(err, retryAfter(resp.Header.Get("Retry-After"), d.At))
	}
	return err
}

// retryAfter reads the header Retry-After, seconds or a date (RFC 9110, section
// 10.2.3); 0 is none, or one that cannot be read.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func (w *Webhook) request(ctx context.Context, d Delivery, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be asked", w.url.Host)
	}
	signatures := make([]string, len(w.signers))
	for i, s := range w.signers {
		if signatures[i], err = s.Sign(d.Event.ID, d.At, body); err != nil {
			return nil, errors.New("the event cannot be signed")
		}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(webhooks.HeaderWebhookID, d.Event.ID)
	req.Header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(d.At.Unix(), 10))
	req.Header.Set(webhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return req, nil
}
