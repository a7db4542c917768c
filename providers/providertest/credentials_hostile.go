package providertest

import (
	"fmt"

	"github.com/everlatch/everlatch/providers"
)

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

// checkRecords passes records that the provider did not write itself: from an
// older version, from an import, or edited by hand.
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

// checkCancelled cancels calls. A quick call may still succeed, but a shutdown of
// the server must never be reported to the user as a wrong password.
func (s *credentials) checkCancelled() {
	s.Helper()
	rec, ctx := s.record(), endedContext(s)
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
