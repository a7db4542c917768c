package githubtest

import (
	"net/http"
	"strings"
)

// Misbehaviour is a fault in one request.
type Misbehaviour int

// The misbehaviours.
const (
	// OK is no fault: the next step applies to the next request.
	OK Misbehaviour = iota
	// Denied redirects the user back with error=access_denied, as when they
	// refuse; only for [Authorize].
	Denied
	// ErrorWith200 answers {"error":"bad_verification_code"} with a status of 200.
	ErrorWith200
	// Unverified answers {"error":"unverified_user_email"} with a status of 200.
	Unverified
	// BadRequest answers 400, Unauthorized 401, Forbidden 403, NotFound 404 and
	// ServerError 500.
	BadRequest
	Unauthorized
	Forbidden
	NotFound
	ServerError
	// RateLimit answers 403 with the headers of the primary rate limit.
	RateLimit
	// SecondaryLimit answers 403 with those of a secondary one, and
	// TooManyRequests 429 without any.
	SecondaryLimit
	TooManyRequests
	// Slow does not respond until the client has disconnected or the test ends.
	Slow
	// Huge answers 200 with a valid body of 2 MiB.
	Huge
	// Garbage answers 200 with something that is not JSON and repeats all secrets.
	Garbage
	// Redirect answers 307 to [Elsewhere].
	Redirect
	// Drop closes the connection before the request is processed, Lost after
	// it: the response is lost.
	Drop
	Lost
	// HalfAnswer promises a longer body than it sends.
	HalfAnswer
)

// misbehave applies a step, and reports whether the request is finished.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, step Misbehaviour) bool {
	switch step {
	case OK, Denied, Lost:
		return false
	case ErrorWith200:
		refuse(w, "bad_verification_code")
	case Unverified:
		refuse(w, "unverified_user_email")
	case BadRequest:
		s.fail(w, http.StatusBadRequest)
	case Unauthorized:
		s.fail(w, http.StatusUnauthorized)
	case Forbidden:
		s.fail(w, http.StatusForbidden)
	case NotFound:
		s.fail(w, http.StatusNotFound)
	case ServerError:
		s.fail(w, http.StatusInternalServerError)
	case RateLimit:
		w.Header().Set("X-Ratelimit-Remaining", "0")
		s.fail(w, http.StatusForbidden)
	case SecondaryLimit:
		w.Header().Set("Retry-After", "60")
		s.fail(w, http.StatusForbidden)
	case TooManyRequests:
		s.fail(w, http.StatusTooManyRequests)
	case Slow:
		select {
		case <-r.Context().Done():
		case <-s.stop:
		}
		panic(http.ErrAbortHandler)
	case Huge:
		answer(w, http.StatusOK, map[string]any{"access_token": "gho_huge", "id": 1, "padding": strings.Repeat("x", 2<<20)})
	case Garbage:
		_, _ = w.Write([]byte("<html>" + strings.Join(s.Secrets(), " ")))
	case Redirect:
		w.Header().Set("Location", string(Elsewhere))
		w.WriteHeader(http.StatusTemporaryRedirect)
	case Drop:
		panic(http.ErrAbortHandler)
	case HalfAnswer:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"access_token":`))
	}
	return true
}

// fail responds with a status, and leaks every secret.
func (s *Server) fail(w http.ResponseWriter, status int) {
	answer(w, status, map[string]any{"error": strings.Join(s.Secrets(), " "), "message": "No."})
}
