package providertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/everlatch/everlatch/providers"
)

// answer is a response of a service, and what it means.
type answer struct {
	fault  http.HandlerFunc
	outage bool
}

func answersTable() map[string]answer {
	return map[string]answer{
		"400":                         {fault: answers(http.StatusBadRequest)},
		"401":                         {fault: answers(http.StatusUnauthorized)},
		"404":                         {fault: answers(http.StatusNotFound)},
		"200 and no JSON":             {fault: answersText("<html>")},
		"200 and nothing":             {fault: answersText("")},
		"200 and an empty object":     {fault: answersText("{}")},
		"200 and other types":         {fault: answersText(`{"access_token":1,"id":[],"id_token":{},"sub":null,"token_type":[]}`)},
		"200 and null":                {fault: answersText("null")},
		"a redirect":                  {fault: redirects},
		"500":                         {fault: answers(http.StatusInternalServerError), outage: true},
		"503":                         {fault: answers(http.StatusServiceUnavailable), outage: true},
		"a connection that is closed": {fault: drops, outage: true},
	}
}

// judge checks the error after a response.
func (s *redirect) judge(what string, a answer, err error) {
	s.Helper()
	if a.outage {
		wantOutage(s, what, err)
		return
	}
	wantRefusal(s, what, err)
}

func (s *redirect) followed() bool {
	for _, r := range s.service.seen() {
		if strings.HasPrefix(r.uri, elsewhere) {
			return true
		}
	}
	return false
}

func (s *redirect) checkExchangeAnswers() {
	s.Helper()
	for said, a := range answersTable() {
		v := s.visitor()
		s.service.answerWith(v.callback.Code, a.fault)
		_, err := s.exchange(s.Context(), "a code that is answered with "+said, v)
		s.judge("Exchange of a code that is answered with "+said, a, err)
		if n := len(s.service.carrying(v.callback.Code)); n != 1 && !s.followed() {
			s.Errorf("Exchange of a code that is answered with %s sends it %d times: send it once and let the service decide about a repetition", said, n)
		}
		if s.followed() {
			s.Errorf("Exchange follows a redirect: it must not, because the code and the client secret would go elsewhere")
		}
		if a.outage {
			s.service.answerWith("", nil)
			_, err := s.exchange(s.Context(), "the same code after an outage", v)
			wantSuccess(s, "Exchange of the same code after an outage", err)
		}
	}
	v := s.visitor()
	taken := make(chan bool, parallel)
	s.service.answerWith(v.callback.Code, s.service.endless(taken))
	_, err := s.exchange(s.Context(), "a code that is answered without an end", v)
	if err == nil {
		s.Errorf("Exchange of a code that is answered without an end is accepted")
	}
	if <-taken {
		s.Errorf("Exchange reads an answer of 64 MiB: read through an io.LimitReader, because a service gone wrong would fill the memory")
	}
}

func (s *redirect) checkProfileAnswers() {
	s.Helper()
	v := s.visitor()
	var err error
	if v.tokens, err = s.exchange(s.Context(), "a code", v); !wantSuccess(s, "Exchange of a code", err) {
		return
	}
	token := v.tokens.AccessToken
	s.service.answerWith("", nil)
	_, err = s.profile(s.Context(), "tokens", v)
	if token == "" || len(s.service.carrying(token)) == 0 || !wantSuccess(s, "Profile of the tokens", err) {
		s.Logf("Profile does not send the access token: answers to it were not checked")
		return
	}
	for said, a := range answersTable() {
		s.service.answerWith(token, a.fault)
		_, err := s.profile(s.Context(), "tokens that are answered with "+said, v)
		s.judge("Profile of tokens that are answered with "+said, a, err)
		if s.followed() {
			s.Errorf("Profile follows a redirect: it must not, because the token would go elsewhere")
		}
	}
	s.service.answerWith("", nil)
	_, err = s.profile(s.Context(), "tokens after outages", v)
	wantSuccess(s, "Profile of the same tokens after outages", err)
}

// checkHostile passes forged callbacks.
func (s *redirect) checkHostile() {
	s.Helper()
	for i, value := range strange() {
		text, ok := value.(string)
		if !ok || text == "" {
			continue
		}
		what := fmt.Sprintf("strange code %d", i)
		v := visitor{callback: providers.Callback{
			CallbackURL: s.CallbackURL, Code: text, CodeVerifier: text, Nonce: text, Params: map[string]string{"code": text, "state": text, text: text},
		}}
		err := safely(s, what, func() error {
			_, err := s.p.Exchange(s.Context(), v.callback)
			return err
		})
		checkError(s, "Exchange of "+what, err, s.hidden)
		wantRefusal(s, "Exchange of "+what, err)
	}
}

func (s *redirect) checkExplain() {
	s.Helper()
	e, ok := s.p.(providers.Explainer)
	if !ok {
		s.Logf("the provider is no providers.Explainer: people are told that the authentication failed")
		return
	}
	code := rand.Text()
	cases := []map[string]string{
		nil, {}, {"error": "access_denied"}, {"error": "access_denied", "error_description": "No.", "error_uri": "https://example.com", "code": code, "state": code},
	}
	for _, value := range strange() {
		if text, ok := value.(string); ok {
			cases = append(cases, map[string]string{"error": text, "error_description": text, "error_uri": text})
		}
	}
	for i, params := range cases {
		var message string
		err := safely(s, "Explain", func() error { message = e.Explain(params); return nil })
		if err == nil && message == "" {
			s.Errorf("Explain gives no message for callback %d: people must be told something", i)
		}
		if where := append(newSecrets(code), s.hidden...).in(message); where != "" {
			s.Errorf("Explain gives a message that holds %s: it must repeat neither code nor state, because it is shown and logged", where)
		}
	}
}

func (s *redirect) checkParallel() {
	s.Helper()
	atOnce(func(int) {
		s.Helper()
		v, err := s.visit()
		if !wantSuccess(s, "a visit, while others sign in,", err) {
			return
		}
		if v.tokens, err = s.exchange(s.Context(), "a code, at once", v); !wantSuccess(s, "Exchange of a code, while others sign in,", err) {
			return
		}
		_, err = s.profile(s.Context(), "tokens, at once", v)
		wantSuccess(s, "Profile of tokens, while others sign in,", err)
	})
}

// checkCancelled cancels calls while the service is processing them.
func (s *redirect) checkCancelled() {
	s.Helper()
	giveUp := func(what, secret string, call func(ctx context.Context) error) {
		s.Helper()
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		s.service.answerWith(secret, s.service.hangs(cancel))
		if err, ended := ends(s, what, func() error { return call(ctx) }); ended {
			wantOutage(s, what, err)
		}
		s.service.answerWith("", nil)
		if err, ended := ends(s, what, func() error { return call(endedContext(s)) }); ended {
			wantOutage(s, what+" before it began,", err)
		}
	}
	v := s.visitor()
	giveUp("Exchange that is given up", v.callback.Code, func(ctx context.Context) error {
		_, err := s.exchange(ctx, "a code, given up", v)
		return err
	})
	var err error
	if v.tokens, err = s.exchange(s.Context(), "a code", v); !wantSuccess(s, "Exchange of a code that was given up before it was sent", err) {
		return
	}
	s.service.answerWith("", nil)
	if _, err = s.profile(s.Context(), "tokens", v); err != nil || v.tokens.AccessToken == "" || len(s.service.carrying(v.tokens.AccessToken)) == 0 {
		return // it does not ask anybody
	}
	giveUp("Profile that is given up", v.tokens.AccessToken, func(ctx context.Context) error {
		_, err := s.profile(ctx, "tokens, given up", v)
		return err
	})
}

func cloneParams(params map[string]string) map[string]string {
	if params == nil {
		return nil
	}
	out := make(map[string]string, len(params))
	maps.Copy(out, params)
	return out
}
