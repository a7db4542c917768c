package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

var (
	_ providers.Redirect  = (*club)(nil)
	_ providers.Explainer = (*club)(nil)
)

// clubOptions configure [newClub].
type clubOptions struct {
	// URL is where the club's service is.
	URL                    string
	ClientID, ClientSecret string
	// CallbackURLs are the allowed callback URLs, the first one by default.
	CallbackURLs []string
}

// club signs in the members of a club, whose service speaks OAuth 2 but not
// OpenID Connect: the profile has a separate endpoint.
type club struct {
	clubOptions

	client *http.Client
}

// newClub returns a provider, or every problem of its options.
func newClub(o clubOptions) (*club, error) {
	var problems []error
	for i, text := range append([]string{o.URL}, o.CallbackURLs...) {
		if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			problems = append(problems, fmt.Errorf("URL %d is not absolute", i+1))
		}
	}
	if o.ClientID == "" || o.ClientSecret == "" || len(o.CallbackURLs) == 0 {
		problems = append(problems, errors.New("the client id, the client secret and a callback URL are required"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("club options: %w", err)
	}
	return &club{o, &http.Client{
		Timeout: 10 * time.Second,
		// A redirect would take the secrets elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Format implements [fmt.Formatter]: the client secret does not get into a log.
func (*club) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "club") }

// Identifier implements [providers.Provider].
func (*club) Identifier() string { return "club" }

// DisplayName implements [providers.Provider].
func (*club) DisplayName() string { return "The Club" }

// CallbackURL implements [providers.Redirect].
func (p *club) CallbackURL(requested string) (string, error) {
	if requested == "" {
		return p.CallbackURLs[0], nil
	}
	if !slices.Contains(p.CallbackURLs, requested) {
		return "", refused("The callback URL is not allowed.", nil)
	}
	return requested, nil
}

// Begin implements [providers.Redirect].
func (p *club) Begin(_ context.Context, a providers.Authorization) (string, error) {
	return p.URL + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {p.ClientID}, "redirect_uri": {a.CallbackURL}, "scope": {"profile"},
		"state": {a.State}, "code_challenge": {a.CodeChallenge}, "code_challenge_method": {"S256"},
	}.Encode(), nil
}

// Exchange implements [providers.Redirect].
func (p *club) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if c.Params["error"] != "" || c.Code == "" {
		return providers.Tokens{}, failed(errors.New("there is no code"))
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {p.ClientID}, "client_secret": {p.ClientSecret},
		"code": {c.Code}, "redirect_uri": {c.CallbackURL}, "code_verifier": {c.CodeVerifier},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return providers.Tokens{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := p.ask(req, &got); err != nil {
		return providers.Tokens{}, err
	}
	if !isToken(got.AccessToken) {
		return providers.Tokens{}, failed(errors.New("the answer has no token"))
	}
	return providers.Tokens{AccessToken: got.AccessToken}, nil
}

// Profile implements [providers.Redirect].
func (p *club) Profile(ctx context.Context, t providers.Tokens, _ providers.Callback) (providers.Profile, error) {
	if !isToken(t.AccessToken) {
		return providers.Profile{}, failed(errors.New("there is no token"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/userinfo", http.NoBody)
	if err != nil {
		return providers.Profile{}, err
	}
	req.Header.Set("Authorization", "Bearer "+t.AccessToken)
	var who struct {
		ID            string `json:"id"`
		Name          string `json:"name"`
		Email         string `json:"email"`
		EmailVerified bool   `json:"email_verified"`
	}
	if err := p.ask(req, &who); err != nil {
		return providers.Profile{}, err
	}
	if who.ID == "" {
		return providers.Profile{}, failed(errors.New("the answer does not say who it is"))
	}
	profile := providers.Profile{EntityID: who.ID, UserMetadata: everlatch.Metadata{"name": who.Name}}
	if who.EmailVerified && who.Email != "" {
		profile.Email, profile.EmailVerified = who.Email, true
		profile.UserMetadata["email"] = who.Email
	}
	return profile, nil
}

// Explain implements [providers.Explainer].
func (*club) Explain(params map[string]string) string { return providers.ReadMore(params) }

// ask sends a request and reads the answer. No answer is an outage; an answer
// that is not what was asked for is a refusal. No text of net/http or of the
// service gets into an error, since it may repeat what was sent.
func (p *club) ask(req *http.Request, into any) error {
	resp, err := p.client.Do(req)
	if err != nil {
		return everlatch.Unavailable("The club", errors.New("no answer"))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return everlatch.Unavailable("The club", fmt.Errorf("answer %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return everlatch.Unavailable("The club", errors.New("half an answer"))
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, into) != nil {
		return failed(fmt.Errorf("answer %d, which is not what was asked for", resp.StatusCode))
	}
	return nil
}

// isToken says whether a text can be sent as a bearer token.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func failed(cause error) error { return refused("Signing in at the club has failed.", cause) }

func refused(message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message, Err: cause}
}
