package auth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	methodPath = "/admin/auth/"
	// callTimeout is longer than the service lets a caller wait for a flow.
	callTimeout = 20 * time.Second
	maxResult   = 64 << 20
)

// Client is the service over HTTP, for programs in other processes. Its errors have the
// codes, reasons and details that the service gives in its own process.
type Client struct {
	base, key string
	http      *http.Client
}

var _ Service = (*Client)(nil)

// ClientOption changes a [Client].
type ClientOption func(*Client)

// WithHTTPClient replaces the HTTP client, whose timeout is 20 seconds by default: a
// sign-in may take 15.
func WithHTTPClient(c *http.Client) ClientOption { return func(client *Client) { client.http = c } }

// NewClient returns a client of the service at a URL, such as https://auth.example.com,
// with a secret API key. The key is as powerful as an administrator: keep it from
// browsers.
func NewClient(baseURL, apiKey string, options ...ClientOption) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("auth: the URL of the service must begin with https:// or http://")
	}
	if apiKey == "" {
		return nil, errors.New("auth: a secret API key is needed")
	}
	c := &Client{base: strings.TrimSuffix(baseURL, "/"), key: apiKey, http: &http.Client{Timeout: callTimeout}}
	for _, o := range options {
		o(c)
	}
	return c, nil
}

// call calls a method of the service.
func call[O any](ctx context.Context, c *Client, name string, arguments any) (out answer[O], err error) {
	body, err := json.Marshal(arguments)
	if err != nil {
		return out, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "The arguments are not JSON."}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+methodPath+name, bytes.NewReader(body))
	if err != nil {
		return out, everlatch.Unavailable("The service", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(c.key, "")
	response, err := c.http.Do(request)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return out, context.Canceled
		}
		return out, everlatch.Unavailable("The service", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxResult))
	if err != nil {
		return out, everlatch.Unavailable("The service", err)
	}
	if response.StatusCode != http.StatusOK {
		return out, refusal(response.StatusCode, raw)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, &everlatch.Error{Code: everlatch.CodeInternal, Err: errors.New("the answer of the service is not JSON")}
	}
	return out, nil
}

// refusal is the error of an answer.
func refusal(status int, raw []byte) error {
	var body struct {
		Type    everlatch.Code    `json:"type"`
		Reason  everlatch.Reason  `json:"reason"`
		Details map[string]string `json:"details"`
		Message string            `json:"message"`
	}
	_ = json.Unmarshal(raw, &body) // what is no JSON comes from something in between
	switch {
	case status == http.StatusUnauthorized && body.Type == "":
		// Not the refusal of a user: that has a type.
		return &everlatch.Error{Code: everlatch.CodeForbidden, Message: "The service refused the API key."}
	case status == http.StatusServiceUnavailable, status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return everlatch.Unavailable("The service", fmt.Errorf("the call was answered with %d", status))
	case status >= http.StatusInternalServerError, body.Type == "":
		return &everlatch.Error{Code: everlatch.CodeInternal, Err: fmt.Errorf("the call was answered with %d", status)}
	}
	return &everlatch.Error{
		Code: body.Type, Reason: body.Reason, Details: body.Details, Message: cmp.Or(body.Message, string(body.Type)),
	}
}

// result calls a method that returns a value.
func result[O any](ctx context.Context, c *Client, name string, arguments any) (O, error) {
	out, err := call[O](ctx, c, name, arguments)
	return out.Result, err
}

// listed calls a method that returns records and their number.
func listed[O any](ctx context.Context, c *Client, name string, arguments any) ([]O, int, error) {
	out, err := call[[]O](ctx, c, name, arguments)
	return out.Result, out.Count, err
}

func (c *Client) do(ctx context.Context, name string, arguments any) error {
	_, err := call[nothing](ctx, c, name, arguments)
	return err
}
