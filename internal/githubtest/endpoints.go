package githubtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Endpoint is an endpoint of the server, named by its path.
type Endpoint string

const apiPath = "/api"

// The endpoints. [Redirect] points to Elsewhere, which must not be requested.
const (
	Authorize Endpoint = "/login/oauth/authorize"
	Token     Endpoint = "/login/oauth/access_token"
	User      Endpoint = apiPath + "/user"
	Emails    Endpoint = apiPath + "/user/emails"
	Elsewhere Endpoint = "/elsewhere"
)

// The lifetimes of expiring tokens, in seconds, as GitHub's.
const (
	ExpiresIn             = 28800
	RefreshTokenExpiresIn = 15897600
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+string(Authorize), s.with(Authorize, s.authorize))
	mux.HandleFunc("POST "+string(Token), s.with(Token, s.token))
	mux.HandleFunc("GET "+string(User), s.with(User, s.user))
	mux.HandleFunc("GET "+string(Emails), s.with(Emails, s.emails))
	mux.HandleFunc(string(Elsewhere), s.with(Elsewhere, func(http.ResponseWriter, *http.Request, Misbehaviour) {}))
	return mux
}

// with counts requests and lets them fail as scripted. The form is read first,
// because only then does the server notice that a client has disconnected.
func (s *Server) with(e Endpoint, handle func(http.ResponseWriter, *http.Request, Misbehaviour)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		step := s.begin(e)
		s.note(r)
		if !s.misbehave(w, r, step) {
			handle(w, r, step)
		}
	}
}

// note remembers the verifier of a request.
func (s *Server) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if verifier := r.PostForm.Get("code_verifier"); verifier != "" && !slices.Contains(s.secrets, verifier) {
		s.secrets = append(s.secrets, verifier)
	}
}

// authorize redirects the user back at once: they are signed in and agree.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, step Misbehaviour) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	switch {
	case query.Get("client_id") != s.ClientID:
		http.Error(w, "there is no such app", http.StatusNotFound)
		return
	case err != nil || !back.IsAbs() || query.Get("response_type") != "code" || query.Get("state") == "":
		http.Error(w, "redirect_uri, response_type or state is wrong", http.StatusBadRequest)
		return
	case query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != base64.RawURLEncoding.EncodedLen(sha256.Size):
		http.Error(w, "a code challenge of S256 is expected", http.StatusBadRequest)
		return
	}
	callback := back.Query()
	callback.Set("state", query.Get("state"))
	if step == Denied {
		callback.Set("error", "access_denied")
		callback.Set("error_description", "The user has denied your application access.")
		callback.Set("error_uri", "https://docs.github.com/apps/troubleshooting")
	} else {
		s.mu.Lock()
		code := s.secret("code-")
		s.codes[code] = grant{query.Get("redirect_uri"), query.Get("code_challenge"), query.Get("scope")}
		s.mu.Unlock()
		callback.Set("code", code)
	}
	back.RawQuery = callback.Encode()
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

// token turns a code into tokens, once. Like GitHub it refuses with 200.
func (s *Server) token(w http.ResponseWriter, r *http.Request, step Misbehaviour) {
	form := r.PostForm
	switch {
	case r.URL.RawQuery != "":
		refuse(w, "secrets_in_url") // GitHub would not mind
		return
	case r.Header.Get("Accept") != "application/json":
		http.Error(w, "only JSON is spoken here", http.StatusNotAcceptable)
		return
	case form.Get("client_id") != s.ClientID || !same(form.Get("client_secret"), s.ClientSecret):
		refuse(w, "incorrect_client_credentials")
		return
	}
	s.mu.Lock()
	body, problem := s.exchange(form)
	s.mu.Unlock()
	switch {
	case problem != "":
		refuse(w, problem)
	case step == Lost:
		panic(http.ErrAbortHandler)
	default:
		answer(w, http.StatusOK, body)
	}
}

func (s *Server) exchange(form url.Values) (body map[string]any, problem string) {
	given, ok := s.codes[form.Get("code")]
	if !ok {
		return nil, "bad_verification_code"
	}
	delete(s.codes, form.Get("code")) // a code is good for one attempt
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case form.Get("redirect_uri") != given.callbackURL:
		return nil, "redirect_uri_mismatch"
	case !same(base64.RawURLEncoding.EncodeToString(sum[:]), given.challenge):
		return nil, "bad_verification_code"
	}
	s.exchanges++
	token := s.secret("gho_")
	s.tokens[token] = given.scope
	body = map[string]any{"access_token": token, "token_type": "bearer", "scope": strings.Join(strings.Fields(given.scope), ",")}
	if s.expiring {
		body["expires_in"] = ExpiresIn
		body["refresh_token"] = s.secret("ghr_")
		body["refresh_token_expires_in"] = RefreshTokenExpiresIn
	}
	return body, ""
}

func (s *Server) user(w http.ResponseWriter, r *http.Request, step Misbehaviour) {
	scopes, person, ok := s.caller(w, r)
	if !ok {
		return
	}
	body := map[string]any{
		"id": person.ID, "login": person.Login, "name": person.Name, "company": person.Company, "email": person.ProfileEmail,
		"url": "https://api.github.com/users/" + person.Login, "html_url": "https://github.com/" + person.Login,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d", person.ID),
	}
	if slices.Contains(scopes, "user") {
		body["two_factor_authentication"] = person.TwoFactor
	}
	if step == Lost {
		panic(http.ErrAbortHandler)
	}
	answer(w, http.StatusOK, body)
}

func (s *Server) emails(w http.ResponseWriter, r *http.Request, step Misbehaviour) {
	scopes, person, ok := s.caller(w, r)
	switch {
	case !ok:
	case !slices.Contains(scopes, "user:email") && !slices.Contains(scopes, "user"):
		answer(w, http.StatusNotFound, map[string]any{"message": "Not Found"})
	case step == Lost:
		panic(http.ErrAbortHandler)
	default:
		answer(w, http.StatusOK, append([]Email{}, person.Emails...))
	}
}

// caller returns the scope of a request's token, or refuses the request.
func (s *Server) caller(w http.ResponseWriter, r *http.Request) (scopes []string, person Person, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	scope, ok := s.tokens[token]
	switch {
	case !ok:
		answer(w, http.StatusUnauthorized, map[string]any{"message": "Bad credentials"})
	case r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		answer(w, http.StatusForbidden, map[string]any{"message": "a User-Agent is expected"})
		ok = false
	case r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-Github-Api-Version") != "2022-11-28":
		answer(w, http.StatusBadRequest, map[string]any{"message": "Accept or X-GitHub-Api-Version is wrong"})
		ok = false
	}
	return strings.Fields(scope), s.person, ok
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// refuse answers an error as GitHub does: with 200.
func refuse(w http.ResponseWriter, code string) {
	answer(w, http.StatusOK, map[string]any{"error": code, "error_description": "Not this time.", "error_uri": "https://docs.github.com/"})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
