package providertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// CredentialsCase describes a provider to [Credentials]. Make hashes cheap: the
// suite makes some hundred calls.
type CredentialsCase struct {
	// New makes a provider. Every group of checks has one of its own.
	New func(tb testing.TB) providers.Credentials
	// Good is a request that signs in, after it has registered. Wrong claims the
	// same subject with a wrong secret, Unknown a subject that nobody has.
	Good, Wrong, Unknown providers.Input
	// Malformed are requests that Identify must refuse.
	Malformed []providers.Input
	// Same are other ways to write the subject of Good, such as with capitals.
	Same []providers.Input
	// Secrets are the secrets in all of these requests, of at least 8 bytes each.
	Secrets []string
	// Record is what is stored of the subject of Good, for providers that cannot
	// register anybody; nil lets the provider register Good.
	Record *providers.Record

	// Updated is Good with another secret, for an [providers.Updater], and
	// Unacceptable are requests that Update must refuse.
	Updated      providers.Input
	Unacceptable []providers.Input

	// Work returns how much costly work was done so far by all providers that New
	// made, such as a number of hashes. With it the suite checks that refusals
	// cost the same whether or not somebody is known. It must be safe for
	// concurrent use.
	Work func() int64
}

// Credentials checks a provider that decides by what a request carries.
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

// credentials calls a provider. Whatever is called, arguments must stay as they
// are and results must be clean.
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

// record is what the store has of the subject of Good.
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
		s.Fatalf("Register refuses Good, of whom nobody knows: %s", shown(err))
	}
	return s.stored(subject.EntityID, verdict, false)
}

// stored is a record as the store gives it back: metadata were JSON meanwhile.
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
		s.Errorf("Identify of Good differs from call to call: it must depend on the request alone, or nobody is found again")
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
			s.Errorf("Subject of the %s of Good gives the key %s, not %s: it must find whom Identify finds, or nobody can reset a password", name,
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

// attempts are those that must be refused alike.
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
			s.Errorf("Authenticate of %s costs %d and of Wrong with a record %d: a refusal must cost the same whether or not somebody is known, "+
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
			s.Errorf("Register of Wrong with a record is accepted: a repetition must prove the secret, or whoever registers a taken name is given its identity")
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

func (s *credentials) checkHostile() {
	s.Helper()
	rec := s.record()
	r, registers := s.p.(providers.Registrar)
	u, updates := s.p.(providers.Updater)
	refusedOr := func(what string, err error) {
		s.Helper()
		if err != nil {
			wantRefusal(s, what, err)
		}
	}
	for what, in := range hostile(s.Good) {
		_, err := s.identify(what, in)
		refusedOr("Identify of "+what, err)
		_, err = s.authenticate(what, in, nil)
		wantRefusal(s, "Authenticate without a record of "+what, err)
		_, err = s.authenticate(what, in, rec)
		refusedOr("Authenticate of "+what, err)
		if registers {
			_, err = s.register(what, r, in, nil)
			refusedOr("Register of "+what, err)
			_, err = s.register(what, r, in, rec)
			refusedOr("Register with a record of "+what, err)
		}
		if updates {
			_, err = s.update(what, u, in, rec)
			refusedOr("Update with "+what, err)
		}
	}
}

// checkRecords gives a provider records that it did not write like this: of an
// older version of itself, from an import, or edited by hand.
func (s *credentials) checkRecords() {
	s.Helper()
	rec := s.record()
	records := map[string]*providers.Record{"an empty record": {}, "a record without metadata": {EntityID: rec.EntityID}}
	for key := range rec.ProviderMetadata {
		for i, value := range strange() {
			changed := cloneRecord(rec)
			changed.ProviderMetadata[key] = value
			records[fmt.Sprintf("a record with strange value %d for %q", i, key)] = changed
		}
	}
	r, registers := s.p.(providers.Registrar)
	u, updates := s.p.(providers.Updater)
	for what, changed := range records {
		_, err := s.authenticate("Wrong with "+what, s.Wrong, changed)
		if err == nil {
			s.Errorf("Authenticate of Wrong with %s is accepted: what cannot be verified must not be believed", what)
		}
		_, _ = s.authenticate("Good with "+what, s.Good, changed)
		if registers {
			_, _ = s.register("Good with "+what, r, s.Good, changed)
		}
		if updates {
			_, _ = s.update("Updated and "+what, u, s.Updated, changed)
		}
	}
}

func (s *credentials) checkParallel() {
	s.Helper()
	rec := s.record()
	atOnce(func(i int) {
		s.Helper()
		_, err := s.identify("Good, at once", s.Good)
		wantSuccess(s, "Identify of Good, at once,", err)
		switch i % 3 {
		case 0:
			_, err = s.authenticate("Good, at once", s.Good, rec)
			wantSuccess(s, "Authenticate of Good, while other calls run,", err)
		case 1:
			_, err = s.authenticate("Wrong, at once", s.Wrong, rec)
			wantRefusal(s, "Authenticate of Wrong, while other calls run,", err)
		default:
			_, err = s.authenticate("Unknown, at once", s.Unknown, nil)
			wantRefusal(s, "Authenticate of Unknown, while other calls run,", err)
		}
	})
}

// checkCancelled gives up calls. They may succeed if they are quick, but nobody
// may be told that their password is wrong because a server stops.
func (s *credentials) checkCancelled() {
	s.Helper()
	rec, ctx := s.record(), over(s)
	calls := map[string]func() error{
		"Authenticate of Good": func() error {
			_, err := s.p.Authenticate(ctx, cloneInput(s.Good), cloneRecord(rec))
			return err
		},
	}
	if r, ok := s.p.(providers.Registrar); ok {
		calls["Register of Good"] = func() error {
			_, err := r.Register(ctx, cloneInput(s.Good), nil)
			return err
		}
	}
	if u, ok := s.p.(providers.Updater); ok {
		calls["Update with Updated"] = func() error {
			_, err := u.Update(ctx, cloneInput(s.Updated), *cloneRecord(rec))
			return err
		}
	}
	for what, call := range calls {
		what += ", with a context that has ended,"
		err, ended := ends(s, what, func() error { return safely(s, what, call) })
		if !ended {
			continue
		}
		checkError(s, what, err, s.hidden)
		if err != nil {
			wantOutage(s, what, err)
		}
	}
	_, err := s.p.Authenticate(ctx, cloneInput(s.Wrong), cloneRecord(rec))
	if err == nil {
		s.Errorf("Authenticate of Wrong, with a context that has ended, is accepted: what was not verified must not be believed")
	}
}
