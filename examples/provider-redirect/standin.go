package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
)

// standIn is the club's service, for tests and for trying it out: every
// visitor is Ada. A code is valid once, and only with the verifier of its request.
type standIn struct {
	clientID, clientSecret string

	mu     sync.Mutex
	codes  map[string]url.Values
	tokens map[string]bool
}

func newStandIn(clientID, clientSecret string) http.Handler {
	s := &standIn{clientID: clientID, clientSecret: clientSecret, codes: map[string]url.Values{}, tokens: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /userinfo", s.userinfo)
	return mux
}

func (s *standIn) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || query.Get("client_id") != s.clientID || query.Get("code_challenge_method") != "S256" {
		say(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	code := rand.Text()
	s.mu.Lock()
	s.codes[code] = query
	s.mu.Unlock()
	params := back.Query()
	params.Set("code", code)
	params.Set("state", query.Get("state"))
	back.RawQuery = params.Encode()
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

func (s *standIn) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	code, verifier := r.PostFormValue("code"), sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	s.mu.Lock()
	defer s.mu.Unlock()
	begun, known := s.codes[code]
	delete(s.codes, code)
	if !known || r.PostFormValue("client_id") != s.clientID || r.PostFormValue("client_secret") != s.clientSecret ||
		r.PostFormValue("redirect_uri") != begun.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(verifier[:]) != begun.Get("code_challenge") {
		say(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	token := rand.Text()
	s.tokens["Bearer "+token] = true
	say(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer"})
}

func (s *standIn) userinfo(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tokens[r.Header.Get("Authorization")] {
		say(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	say(w, http.StatusOK, map[string]any{"id": "7", "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": true})
}

func say(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have disconnected
}
