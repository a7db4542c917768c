package providertest

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

func (s *credentials) checkIdentify() {
	s.Helper()
	good, err := s.identify("Good", s.Good)
	if !wantSuccess(s, "Identify of Good", err) {
		return
	}
	if good.EntityKey == "" || good.EntityID == "" || !utf8.ValidString(good.EntityKey) || strings.ContainsFunc(good.EntityKey, unicode.IsControl) {
		s.Errorf("Identify of Good gives the id %s and the key %s: both must be printable text, because they are stored and the key finds the record",
			brief(good.EntityID), brief(good.EntityKey))
	}
	if again, err := s.identify("Good", s.Good); err != nil || again != good {
		s.Errorf("Identify of Good differs from call to call: it must depend on the request alone, or existing users cannot sign in again")
	}
	wrong, err := s.identify("Wrong", s.Wrong)
	if wantSuccess(s, "Identify of Wrong", err) && wrong.EntityKey != good.EntityKey {
		s.Errorf("Identify of Wrong gives another key than Good: the key must not depend on the secret (or the case is wrong)")
	}
	unknown, err := s.identify("Unknown", s.Unknown)
	if wantSuccess(s, "Identify of Unknown", err) && unknown.EntityKey == good.EntityKey {
		s.Errorf("Identify of Unknown gives the key of Good: different people must have different keys")
	}
	for i, in := range s.Same {
		subject, err := s.identify(fmt.Sprintf("Same[%d]", i), in)
		if wantSuccess(s, fmt.Sprintf("Identify of Same[%d]", i), err) && subject.EntityKey != good.EntityKey {
			s.Errorf("Identify of Same[%d] gives the key %s, not %s: EntityKey must be canonical, or one person becomes two", i,
				brief(subject.EntityKey), brief(good.EntityKey))
		}
	}
	u, ok := s.p.(providers.Updater)
	if !ok {
		return
	}
	for name, identifier := range map[string]string{"EntityID": good.EntityID, "EntityKey": good.EntityKey} {
		if key := u.Subject(identifier).EntityKey; key != good.EntityKey {
			s.Errorf("Subject of the %s of Good gives the key %s, not %s: it must find whom Identify finds, or users cannot reset their passwords", name,
				brief(key), brief(good.EntityKey))
		}
	}
}

func (s *credentials) checkMalformed() {
	s.Helper()
	for i, in := range s.Malformed {
		what := fmt.Sprintf("Malformed[%d]", i)
		_, err := s.identify(what, in)
		wantRefusal(s, "Identify of "+what, err)
		_, err = s.authenticate(what, in, nil)
		wantRefusal(s, "Authenticate of "+what, err)
	}
}

func (s *credentials) checkSignIn() {
	s.Helper()
	rec := s.record()
	for range 2 { // a step may run again
		verdict, err := s.authenticate("Good", s.Good, rec)
		if !wantSuccess(s, "Authenticate of Good, with the metadata that Register returned,", err) {
			return
		}
		if verdict.UserMetadata != nil {
			rec.UserMetadata = s.asJSON(verdict.UserMetadata)
		}
		if verdict.ProviderMetadata != nil {
			rec.ProviderMetadata = s.asJSON(verdict.ProviderMetadata)
		}
	}
	rec.Linked = true
	_, err := s.authenticate("Good", s.Good, rec)
	wantSuccess(s, "Authenticate of Good, of whom there is an actor,", err)
	_, err = s.authenticate("Wrong", s.Wrong, rec)
	wantRefusal(s, "Authenticate of Wrong", err)
}

// attempts must all be refused in the same way.
func (s *credentials) attempts(rec *providers.Record) map[string]func() error {
	s.Helper()
	attempt := func(what string, in providers.Input, rec *providers.Record) func() error {
		return func() error {
			_, err := s.authenticate(what, in, rec)
			return err
		}
	}
	return map[string]func() error{
		"Wrong with a record":      attempt("Wrong with a record", s.Wrong, rec),
		"Wrong without a record":   attempt("Wrong without a record", s.Wrong, nil),
		"Good without a record":    attempt("Good without a record", s.Good, nil),
		"Unknown without a record": attempt("Unknown without a record", s.Unknown, nil),
	}
}

func (s *credentials) checkSameRefusal() {
	s.Helper()
	rec := s.record()
	_, err := s.authenticate("Wrong", s.Wrong, rec)
	want := refusal(err)
	for what, attempt := range s.attempts(rec) {
		err := attempt()
		wantRefusal(s, "Authenticate of "+what, err)
		if got := refusal(err); got != nil && want != nil && (got.Code != want.Code || got.Message != want.Message) {
			s.Errorf("Authenticate of %s is refused with %q and of Wrong with %q: an unknown subject and a wrong secret must give the same code and message, "+
				"or strangers learn who has an account", what, got.Message, want.Message)
		}
	}
}

func (s *credentials) checkWork() {
	s.Helper()
	if s.Work == nil {
		s.Logf("the case has no Work: whether refusals cost the same was not checked")
		return
	}
	rec := s.record()
	work := func(attempt func() error) int64 {
		before := s.Work()
		_ = attempt()
		return s.Work() - before
	}
	attempts := s.attempts(rec)
	want := work(attempts["Wrong with a record"])
	if want == 0 {
		s.Errorf("Authenticate of Wrong costs no work: checking a secret must cost some, or it can be guessed")
	}
	for what, attempt := range attempts {
		if got := work(attempt); got != want {
			s.Errorf("Authenticate of %s costs %d and of Wrong with a record %d: a refusal must cost the same whether or not the subject is known, "+
				"or the time of an answer tells who has an account", what, got, want)
		}
	}
}

func (s *credentials) checkRegister() {
	s.Helper()
	r, ok := s.p.(providers.Registrar)
	if !ok {
		s.Logf("the provider is no providers.Registrar: registration is refused by the service")
		return
	}
	rec := s.record()
	_, err := s.register("Good a second time", r, s.Good, nil)
	wantSuccess(s, "Register of Good without a record, a second time,", err)
	for _, linked := range []bool{false, true} {
		rec.Linked = linked
		verdict, err := s.register("Good with a record", r, s.Good, rec)
		if err != nil {
			wantRefusal(s, "Register of Good with a record", err)
		} else if verdict.UserMetadata != nil || verdict.ProviderMetadata != nil {
			s.Errorf("Register of Good with a record returns metadata: a repetition must be refused or accepted with an empty verdict, because nothing is written")
		}
		_, err = s.register("Wrong with a record", r, s.Wrong, rec)
		if err == nil {
			s.Errorf("Register of Wrong with a record is accepted: a repetition must prove the secret, or anyone who registers a taken name gets its identity")
		} else {
			wantRefusal(s, "Register of Wrong with a record", err)
		}
	}
}

func (s *credentials) checkUpdate() {
	s.Helper()
	u, ok := s.p.(providers.Updater)
	if !ok {
		s.Logf("the provider is no providers.Updater: updates are refused by the service")
		return
	}
	if len(s.Updated.Body)+len(s.Updated.Query) == 0 {
		s.Fatalf("the provider is a providers.Updater, so the case must have Updated")
	}
	const mark = "providertest"
	rec := s.record()
	if rec.ProviderMetadata == nil {
		rec.ProviderMetadata = everlatch.Metadata{}
	}
	rec.ProviderMetadata[mark] = map[string]any{"kept": true}
	for i, in := range s.Unacceptable {
		what := fmt.Sprintf("Unacceptable[%d]", i)
		var before int64
		if s.Work != nil {
			before = s.Work()
		}
		_, err := s.update(what, u, in, rec)
		wantRefusal(s, "Update with "+what, err)
		if s.Work != nil && s.Work() != before {
			s.Errorf("Update with %s is refused after costly work: refuse first, because people may try again as often as they like", what)
		}
	}
	verdict, err := s.update("Updated", u, s.Updated, rec)
	if !wantSuccess(s, "Update with Updated", err) {
		return
	}
	if verdict.ProviderMetadata[mark] == nil {
		s.Errorf("Update drops what it does not know from the provider metadata: it must return the whole new record, because that replaces the stored one")
	}
	if verdict.UserMetadata == nil {
		verdict.UserMetadata = rec.UserMetadata
	}
	renewed := s.stored(rec.EntityID, verdict, false)
	_, err = s.authenticate("Updated after the update", s.Updated, renewed)
	wantSuccess(s, "Authenticate of Updated after the update", err)
	_, err = s.authenticate("Good after the update", s.Good, renewed)
	wantRefusal(s, "Authenticate of Good, whose secret was replaced,", err)
	_, err = s.authenticate("Good with the old record", s.Good, rec)
	wantSuccess(s, "Authenticate of Good with the record as it was before the update", err)
	for _, value := range strange() {
		if identifier, ok := value.(string); ok {
			_ = safely(s, "Subject", func() error { u.Subject(identifier); return nil })
		}
	}
}
