package providertest_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

const clientSecret = "a-secret-of-the-app"

// elsewhere is a service where everybody is number 7.
func elsewhere(testing.TB) http.Handler {
	var mu sync.Mutex
	codes, tokens := map[string]url.Values{}, map[string]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		back, _ := url.Parse(r.FormValue("redirect_uri"))
		code := rand.Text()
		mu.Lock()
		codes[code] = r.URL.Query()
		mu.Unlock()
		query := back.Query()
		query.Set("code", code)
		query.Set("state", r.FormValue("state"))
		back.RawQuery = query.Encode()
		w.Header().Set("Location", back.String())
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		verifier := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		begun, known := codes[r.FormValue("code")]
		delete(codes, r.FormValue("code"))
		if !known || begun.Has("code_challenge") && r.Form.Has("code_verifier") &&
			base64.RawURLEncoding.EncodeToString(verifier[:]) != begun.Get("code_challenge") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		token := rand.Text()
		tokens[token] = true
		_, _ = fmt.Fprintf(w, `{"access_token":%q}`, token)
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"id":"7","email":"ada@example.com"}`)
	})
	return mux
}

// oauth is a small provider that does all as it should but for its slips.
type oauth struct {
	service string
	client  http.Client
	slips   slips
	kept    string
}

// slips are what a provider does wrong.
type slips struct {
	callback                             func(requested string) (string, error)
	query                                func(query url.Values)
	form                                 func(form url.Values)
	location                             func(location string) string
	tokens                               func(p *oauth, c providers.Callback, t providers.Tokens, err error) (providers.Tokens, error)
	profile                              func(t providers.Tokens, p providers.Profile, err error) (providers.Profile, error)
	explain                              func(params map[string]string) string
	answer                               func(status int, body string) error
	noAnswer                             func(err error) error
	follows, inURL, twice, endless, deaf bool
	exchangesNothing, tokenInURL         bool
}

func newOAuth(service string, s slips) *oauth {
	p := &oauth{service: service, slips: s}
	if !s.follows {
		p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return p
}

func (*oauth) Identifier() string  { return "oauth" }
func (*oauth) DisplayName() string { return "OAuth" }

func (p *oauth) CallbackURL(requested string) (string, error) {
	if p.slips.callback != nil {
		return p.slips.callback(requested)
	}
	if requested == "" || requested == callbackURL {
		return callbackURL, nil
	}
	return "", refuse("Not allowed.")
}

func (p *oauth) Begin(_ context.Context, a providers.Authorization) (string, error) {
	query := url.Values{
		"response_type": {"code"}, "client_id": {"client"}, "redirect_uri": {a.CallbackURL}, "state": {a.State}, "nonce": {a.Nonce},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(a.CodeVerifier)}, "code_challenge_method": {"S256"},
	}
	if p.slips.query != nil {
		p.slips.query(query)
	}
	location := p.service + "/authorize?" + query.Encode()
	if p.slips.location != nil {
		location = p.slips.location(location)
	}
	return location, nil
}

func (p *oauth) Exchange(ctx context.Context, c providers.Callback) (t providers.Tokens, err error) {
	if c.Code == "" && !p.slips.exchangesNothing {
		return t, refuse("No code.")
	}
	form := url.Values{"client_secret": {clientSecret}, "code": {c.Code}, "redirect_uri": {c.CallbackURL}, "code_verifier": {c.CodeVerifier}}
	if p.slips.form != nil {
		p.slips.form(form)
	}
	address, body := p.service+"/token", form.Encode()
	if p.slips.inURL {
		address += "?" + body
	}
	var got struct {
		AccessToken string `json:"access_token"`
	}
	for range 2 {
		err = p.ask(ctx, http.MethodPost, address, body, "", &got)
		if err == nil || !p.slips.twice {
			break
		}
	}
	if err == nil && got.AccessToken == "" {
		err = refuse("No token.")
	}
	t.AccessToken = got.AccessToken
	if p.slips.tokens != nil {
		return p.slips.tokens(p, c, t, err)
	}
	return t, err
}

func (p *oauth) Profile(ctx context.Context, t providers.Tokens, _ providers.Callback) (out providers.Profile, err error) {
	if t.AccessToken == "" || strings.ContainsFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return out, refuse("No token.")
	}
	address := p.service + "/userinfo"
	if p.slips.tokenInURL {
		address += "?access_token=" + t.AccessToken
	}
	var who struct{ ID, Email string }
	err = p.ask(ctx, http.MethodGet, address, "", t.AccessToken, &who)
	if err == nil && who.ID == "" {
		err = refuse("Unknown user.")
	}
	if err == nil {
		out = providers.Profile{EntityID: who.ID, Email: who.Email}
	}
	if p.slips.profile != nil {
		return p.slips.profile(t, out, err)
	}
	return out, err
}

func (p *oauth) Explain(params map[string]string) string {
	if p.slips.explain != nil {
		return p.slips.explain(params)
	}
	return "No."
}

func (p *oauth) ask(ctx context.Context, method, address, body, token string, into any) error {
	if p.slips.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.client.Do(req)
	if err != nil {
		if p.slips.noAnswer != nil {
			return p.slips.noAnswer(err)
		}
		return everlatch.Unavailable("It", nil)
	}
	defer resp.Body.Close()
	var from io.Reader = resp.Body
	if !p.slips.endless {
		from = io.LimitReader(from, 1<<20)
	}
	text, err := io.ReadAll(from)
	switch {
	case p.slips.answer != nil && resp.StatusCode != http.StatusOK:
		return p.slips.answer(resp.StatusCode, string(text))
	case err != nil || resp.StatusCode >= http.StatusInternalServerError:
		return everlatch.Unavailable("It", nil)
	case resp.StatusCode != http.StatusOK || json.Unmarshal(text, into) != nil:
		return refuse("Not this.")
	}
	return nil
}

func oauthCase(s slips) providertest.RedirectCase {
	return providertest.RedirectCase{
		New:     func(_ testing.TB, service string) providers.Redirect { return newOAuth(service, s) },
		Service: elsewhere, CallbackURL: callbackURL, Nonce: true, Secrets: []string{clientSecret},
	}
}

func TestOAuthPasses(t *testing.T) {
	t.Parallel()

	providertest.Redirect(t, oauthCase(slips{}))
	require.Empty(t, failures(t, providertest.Redirect, oauthCase(slips{})))
}

func TestBrokenRedirectsFail(t *testing.T) {
	t.Parallel()

	without := func(name string) slips { return slips{query: func(query url.Values) { query.Del(name) }} }
	tests := map[string]struct {
		slips slips
		want  string
	}{
		"any callback URL": {slips{callback: func(requested string) (string, error) {
			if requested == "" {
				requested = callbackURL
			}
			return requested, nil
		}}, "compared byte for byte"},
		"a prefix of a callback URL": {slips{callback: func(requested string) (string, error) {
			if requested == "" || strings.HasPrefix(requested, callbackURL) {
				return callbackURL, nil
			}
			return "", refuse("Not allowed.")
		}}, "compared byte for byte"},
		"no callback URL":              {slips{callback: func(string) (string, error) { return "", refuse("Not allowed.") }}, "it must be the configured one"},
		"a foreign one is an outage":   {slips{callback: func(string) (string, error) { return callbackURL, errors.New("no") }}, "which is an outage"},
		"no state":                     {without("state"), "ties the answer to this sign-in"},
		"no challenge":                 {without("code_challenge"), "without PKCE"},
		"a plain challenge":            {slips{query: func(query url.Values) { query.Set("code_challenge_method", "plain") }}, "without PKCE"},
		"no nonce":                     {without("nonce"), "ties the ID token"},
		"the callback twice":           {slips{query: func(query url.Values) { query.Add("redirect_uri", "https://evil.example") }}, "must have redirect_uri="},
		"a location with a secret":     {slips{query: func(query url.Values) { query.Set("client_secret", clientSecret) }}, "the location holds secret"},
		"a location that is relative":  {slips{location: func(string) string { return "/authorize" }}, "no absolute URL"},
		"a location put together":      {slips{location: func(l string) string { l, _ = url.QueryUnescape(l); return l }}, "no absolute URL"},
		"secrets in a URL":             {slips{inURL: true}, "a request goes to a URL that holds"},
		"a token in a URL":             {slips{tokenInURL: true}, "a request goes to a URL that holds"},
		"a code is sent twice":         {slips{twice: true}, "sends it 2 times"},
		"no verifier":                  {slips{form: func(form url.Values) { form.Del("code_verifier") }}, "does not send the CodeVerifier"},
		"no redirect_uri":              {slips{form: func(form url.Values) { form.Del("redirect_uri") }}, "does not send the CallbackURL"},
		"exchanges nothing":            {slips{exchangesNothing: true}, "there is nothing to exchange"},
		"follows redirects":            {slips{follows: true}, "follows a redirect"},
		"reads without an end":         {slips{endless: true}, "io.LimitReader"},
		"does not listen to a context": {slips{deaf: true}, "after its context has ended"},
		"a 4xx is an outage": {slips{answer: func(status int, _ string) error {
			return everlatch.Unavailable("It", fmt.Errorf("answer %d", status))
		}}, "which is an outage"},
		"a 5xx is a refusal":     {slips{answer: func(int, string) error { return refuse("No.") }}, "the person has done nothing wrong"},
		"no answer is a refusal": {slips{noAnswer: func(error) error { return refuse("No.") }}, "the person has done nothing wrong"},
		"an error repeats the answer": {slips{answer: func(_ int, body string) error {
			return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "No.", Err: errors.New(body)}
		}}, "the error holds secret"},
		"an error repeats a URL": {slips{tokenInURL: true, noAnswer: func(err error) error { return everlatch.Unavailable("It", err) }}, "the error holds secret"},
		"accepts what is no token": {slips{tokens: func(_ *oauth, _ providers.Callback, t providers.Tokens, _ error) (providers.Tokens, error) {
			return t, nil
		}}, "answered with 200 and nothing is accepted"},
		"keeps the code": {slips{tokens: func(p *oauth, c providers.Callback, t providers.Tokens, err error) (providers.Tokens, error) {
			if c.Params["error"] == "" && len(c.Code) == len(rand.Text()) {
				keeping.Lock()
				defer keeping.Unlock()
				p.kept = c.Code
			}
			return t, err
		}}, "must not keep what a request holds"},
		"changes the callback": {slips{tokens: func(_ *oauth, c providers.Callback, t providers.Tokens, err error) (providers.Tokens, error) {
			delete(c.Params, "state")
			return t, err
		}}, "changes the callback"},
		"panics without a user": {slips{profile: func(_ providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			_ = p.EntityID[0]
			return p, err
		}}, "panics"},
		"no user": {slips{profile: func(_ providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			p.EntityID = ""
			return p, err
		}}, "must be printable text"},
		"another person each time": {slips{profile: func(_ providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			p.EntityID = rand.Text()
			return p, err
		}}, "gives another EntityID"},
		"an address as id": {slips{profile: func(_ providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			p.EntityID = p.Email
			return p, err
		}}, "addresses change hands"},
		"verified nothing": {slips{profile: func(_ providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			p.Email, p.EmailVerified = "", true
			return p, err
		}}, "nothing was verified"},
		"a token in claims": {slips{profile: func(t providers.Tokens, p providers.Profile, err error) (providers.Profile, error) {
			p.UserMetadata = everlatch.Metadata{"token": t.AccessToken}
			return p, err
		}}, "the user metadata hold secret"},
		"explains with the code": {slips{explain: func(params map[string]string) string { return fmt.Sprint("No: ", params) }}, "repeat neither code nor state"},
		"explains nothing":       {slips{explain: func(map[string]string) string { return "" }}, "must be told something"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := failures(t, providertest.Redirect, oauthCase(tt.slips))
			requireFailure(t, got, tt.want)
		})
	}
}

// keeping guards what a broken provider keeps, so that it is broken in one way.
var keeping sync.Mutex
