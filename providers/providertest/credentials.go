package providertest

import (
	"encoding/json"
	"testing"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// CredentialsCase describes a provider to [Credentials]. Make hashes cheap: the
// suite makes hundreds of calls.
type CredentialsCase struct {
	// New creates a provider. Every group of checks gets a new one.
	New func(tb testing.TB) providers.Credentials
	// Good is a request that signs in, after it has registered. Wrong claims the
	// same subject with a wrong secret, Unknown an unregistered subject.
	Good, Wrong, Unknown providers.Input
	// Malformed are requests that Identify must refuse.
	Malformed []providers.Input
	// Same are other ways to write the subject of Good, such as with capitals.
	Same []providers.Input
	// Secrets are the secrets in all of these requests, of at least 8 bytes each.
	Secrets []string
	// Record is the stored record of the subject of Good, for providers that
	// cannot register users; nil lets the provider register Good.
	Record *providers.Record

	// Updated is Good with another secret, for an [providers.Updater], and
	// Unacceptable are requests that Update must refuse.
	Updated      providers.Input
	Unacceptable []providers.Input

	// Work returns the amount of costly work, such as a number of hashes, done so
	// far by all providers that New made. The suite uses it to check that refusals
	// cost the same whether or not the subject is known. It must be safe for
	// concurrent use.
	Work func() int64
}

// Credentials checks a [providers.Credentials] provider.
func Credentials(tb testing.TB, c CredentialsCase) {
	tb.Helper()
	if c.New == nil || len(c.Good.Body)+len(c.Good.Query) == 0 || len(c.Wrong.Body)+len(c.Wrong.Query) == 0 ||
		len(c.Unknown.Body)+len(c.Unknown.Query) == 0 {
		tb.Fatalf("the case must have New, Good, Wrong and Unknown")
	}
	checkSecrets(tb, c.Secrets)
	for _, group := range []struct {
		name  string
		check func(s *credentials)
	}{
		{"names", func(s *credentials) { checkNames(s.TB, s.p) }},
		{"the subject is stable and canonical", (*credentials).checkIdentify},
		{"malformed requests are refused", (*credentials).checkMalformed},
		{"a sign-in", (*credentials).checkSignIn},
		{"a refusal tells nothing", (*credentials).checkSameRefusal},
		{"refusals cost the same", (*credentials).checkWork},
		{"registering", (*credentials).checkRegister},
		{"updating", (*credentials).checkUpdate},
		{"hostile requests", (*credentials).checkHostile},
		{"strange records", (*credentials).checkRecords},
		{"at once", (*credentials).checkParallel},
		{"given up", (*credentials).checkCancelled},
	} {
		run(tb, group.name, func(tb testing.TB) {
			tb.Helper()
			s := &credentials{TB: tb, CredentialsCase: c, p: c.New(tb), hidden: newSecrets(c.Secrets...)}
			if s.p == nil {
				tb.Fatalf("New returns no provider")
			}
			group.check(s)
			checkFormatted(tb, s.p, s.hidden)
		})
	}
}

// credentials calls a provider. Every call must leave its arguments unchanged
// and return clean results.
type credentials struct {
	testing.TB
	CredentialsCase

	p      providers.Credentials
	hidden secrets
}

func (s *credentials) identify(what string, in providers.Input) (subject providers.Subject, err error) {
	s.Helper()
	given := cloneInput(in)
	what = "Identify of " + what
	err = safely(s, what, func() (err error) {
		subject, err = s.p.Identify(given)
		return err
	})
	s.checkCall(what, in, given, err)
	for _, text := range []string{subject.EntityID, subject.EntityKey} {
		if where := s.hidden.in(text); where != "" {
			s.Errorf("%s: the subject holds %s: it must be the name alone, because it is stored and shown", what, where)
		}
	}
	return subject, err
}

// decide calls Authenticate, Register or Update.
func (s *credentials) decide(
	what string, in providers.Input, rec *providers.Record,
	call func(in providers.Input, rec *providers.Record) (providers.Verdict, error),
) (verdict providers.Verdict, err error) {
	s.Helper()
	given, known := cloneInput(in), cloneRecord(rec)
	err = safely(s, what, func() (err error) {
		verdict, err = call(given, known)
		return err
	})
	s.checkCall(what, in, given, err)
	if !same(known, rec) {
		s.Errorf("%s changes the record that it was given: it must return new metadata in the verdict, because a call that fails must leave no trace", what)
	}
	checkMetadata(s, what+": the user metadata", verdict.UserMetadata, s.hidden)
	checkMetadata(s, what+": the provider metadata", verdict.ProviderMetadata, s.hidden)
	return verdict, err
}

func (s *credentials) checkCall(what string, in, given providers.Input, err error) {
	s.Helper()
	if !same(given, in) {
		s.Errorf("%s changes the request that it was given: it must not, because the call may be repeated with it", what)
	}
	checkError(s, what, err, s.hidden)
}

func (s *credentials) authenticate(what string, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	s.Helper()
	return s.decide("Authenticate of "+what, in, rec, func(in providers.Input, rec *providers.Record) (providers.Verdict, error) {
		return s.p.Authenticate(s.Context(), in, rec)
	})
}

func (s *credentials) register(what string, r providers.Registrar, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	s.Helper()
	return s.decide("Register of "+what, in, rec, func(in providers.Input, rec *providers.Record) (providers.Verdict, error) {
		return r.Register(s.Context(), in, rec)
	})
}

func (s *credentials) update(what string, u providers.Updater, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	s.Helper()
	return s.decide("Update with "+what, in, rec, func(in providers.Input, rec *providers.Record) (providers.Verdict, error) {
		return u.Update(s.Context(), in, *rec)
	})
}

// record is the stored record of the subject of Good.
func (s *credentials) record() *providers.Record {
	s.Helper()
	if s.Record != nil {
		return s.stored(s.Record.EntityID, providers.Verdict{UserMetadata: s.Record.UserMetadata, ProviderMetadata: s.Record.ProviderMetadata}, s.Record.Linked)
	}
	r, ok := s.p.(providers.Registrar)
	if !ok {
		s.Fatalf("the provider is no providers.Registrar, so the case must have a Record")
	}
	subject, err := s.identify("Good", s.Good)
	if err != nil {
		s.Fatalf("Identify refuses Good: %s", shown(err))
	}
	verdict, err := s.register("Good", r, s.Good, nil)
	if err != nil {
		s.Fatalf("Register refuses Good, which is not registered yet: %s", shown(err))
	}
	return s.stored(subject.EntityID, verdict, false)
}

// stored is a record as the store returns it: the metadata have been JSON.
func (s *credentials) stored(entityID string, v providers.Verdict, linked bool) *providers.Record {
	s.Helper()
	return &providers.Record{
		EntityID: entityID, UserMetadata: s.asJSON(v.UserMetadata), ProviderMetadata: s.asJSON(v.ProviderMetadata), Linked: linked,
	}
}

func (s *credentials) asJSON(metadata everlatch.Metadata) (out everlatch.Metadata) {
	s.Helper()
	text, err := json.Marshal(metadata)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		s.Fatalf("metadata must survive JSON, because they are stored so: %v", err)
	}
	return out
}
