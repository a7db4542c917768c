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

	"golang.org/x/oauth2"

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

// oauth2 returns our side of one sign-in. The style says where the secret goes: to
// try both ways would send a code twice.
func (p *club) oauth2(callbackURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: callbackURL, Scopes: []string{"profile"},
		Endpoint: oauth2.Endpoint{AuthURL: p.URL + "/authorize", TokenURL: p.URL + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Begin implements [providers.Redirect].
func (p *club) Begin(_ context.Context, a providers.Authorization) (string, error) {
	return p.oauth2(a.CallbackURL).AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.CodeVerifier)), nil
}

// Exchange implements [providers.Redirect].
func (p *club) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if c.Params["error"] != "" || c.Code == "" {
		return providers.Tokens{}, failed(errors.New("there is no code"))
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.client)
	token, err := p.oauth2(c.CallbackURL).Exchange(ctx, c.Code, oauth2.VerifierOption(c.CodeVerifier))
	if err != nil {
		return providers.Tokens{}, notExchanged(err)
	}
	if !isToken(token.AccessToken) {
		return providers.Tokens{}, failed(errors.New("the answer has no token"))
	}
	return providers.Tokens{AccessToken: token.AccessToken}, nil
}

// notExchanged tells an outage from a refusal. The error of x/oauth2 quotes the
// answer, and that of net/http the request, so neither is kept.
func notExchanged(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return answered(answer.Response.StatusCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return everlatch.Unavailable("The club", errors.New("no answer"))
	}
	return failed(errors.New("the answer is not what was asked for"))
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return everlatch.Unavailable("The club", errors.New("the answer is incomplete"))
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, into) != nil {
		return answered(resp.StatusCode)
	}
	return nil
}

// answered is the error for an unexpected answer.
func answered(status int) error {
	if status >= http.StatusInternalServerError {
		return everlatch.Unavailable("The club", fmt.Errorf("answer %d", status))
	}
	return failed(fmt.Errorf("unexpected answer %d", status))
}

// isToken says whether a text can be sent as a bearer token.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func failed(cause error) error { return refused("Signing in at the club has failed.", cause) }

func refused(message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message, Err: cause}
}
