package devpages

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// object is the body of a request.
type object map[string]string

// call is a form that was sent.
type call struct {
	pages            *Pages
	request          *http.Request
	actorType, token string
	// browser is what the API knows the browser by, see [browserOf].
	browser string
}

// browserCookie is by what the pages know a browser. The API's own cookie is not sent to
// them, so they choose a value, as a storefront does that keeps no cookies of the API.
const browserCookie = "everlatch.pages"

// browserOf returns what a browser is known by, and gives it that first if need be.
func browserOf(w http.ResponseWriter, r *http.Request) string {
	if cookie, err := r.Cookie(browserCookie); err == nil && cookie.Value != "" {
		return cookie.Value
	}
	value := rand.Text()
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // of development, without TLS
		Name: browserCookie, Value: value, Path: Path, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return value
}

func (c *call) value(name string) string { return c.request.PostFormValue(name) }

// account is the path of the account's own routes.
func (c *call) account() string {
	if c.actorType == "user" {
		return "/admin/users/me"
	}
	return "/store/customers/me"
}

// provider is the path of the provider that the link's token is about.
func (c *call) provider() string {
	of := claimsOf(c.token)
	return "/auth/" + url.PathEscape(cmp.Or(of.ActorType, c.actorType)) + "/" + url.PathEscape(cmp.Or(of.Provider, "emailpass"))
}

// signIn returns the token of the person who filled in the form.
func (c *call) signIn() (string, error) { return c.authenticate("") }

// register returns the token of a new login. An invited administrator may already
// have one, as a customer.
func (c *call) register() (string, error) {
	token, err := c.authenticate("/register")
	if err == nil {
		return token, nil
	}
	if again, signInErr := c.authenticate(""); signInErr == nil {
		return again, nil
	}
	return "", err
}

func (c *call) authenticate(route string) (string, error) {
	var answer struct {
		Token string `json:"token"`
	}
	err := c.post("/auth/"+c.actorType+"/emailpass"+route, "", object{"email": c.value("email"), password: c.value(password)}, &answer)
	return answer.Token, err
}

// refusal is an answer of the API other than 200.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// refusalIn returns the refusal that an error is; every other error is one of
// this service.
func refusalIn(err error) *refusal {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused
	}
	return &refusal{http.StatusInternalServerError, "Something went wrong: " + err.Error()}
}

// post calls the API as the storefront would, in the name of the browser that
// sent the form but without its cookies. into takes the answer, nil ignores it.
func (c *call) post(path, bearer string, body object, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	r, err := http.NewRequestWithContext(c.request.Context(), http.MethodPost, path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("call the API: %w", err)
	}
	r.Host, r.RemoteAddr, r.RequestURI = c.request.Host, c.request.RemoteAddr, path
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Everlatch-Browser", c.browser)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if key := c.pages.PublishableKey(c.request); key != "" {
		r.Header.Set("X-Publishable-Api-Key", key)
	}
	answer := recorder{header: http.Header{}, status: http.StatusOK}
	c.pages.API.ServeHTTP(&answer, r)
	if answer.status >= http.StatusBadRequest {
		return &refusal{answer.status, answer.message()}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), into); err != nil {
		return fmt.Errorf("read the answer of the API: %w", err)
	}
	return nil
}

// recorder keeps an answer of the API.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write implements [http.ResponseWriter].
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// message is what the API says about a refusal.
func (r *recorder) message() string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(r.body.Bytes(), &answer) == nil && answer.Message != "" {
		return answer.Message
	}
	return http.StatusText(r.status)
}

// claims are what a link's token says about itself. They are not verified: the
// API does that when it gets the token.
type claims struct {
	Email     string `json:"email"`
	Provider  string `json:"provider"`
	ActorType string `json:"actor_type"`
}

func claimsOf(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return claims{}
	}
	return c
}
