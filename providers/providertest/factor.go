package providertest

import (
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// FactorCase describes a method of second factors to [SecondFactor].
type FactorCase struct {
	// New creates a method. Every group of checks gets a new one.
	New func(tb testing.TB) providers.SecondFactor
	// Metadata are those of a request that enrols a factor, such as a phone number.
	Metadata everlatch.Metadata
	// Refused are metadata that Enroll must refuse.
	Refused []everlatch.Metadata
	// Answer returns the right code for a factor, as its user would read it from their
	// device. enrolled is set for the answer that enables the factor, and prompt for a
	// challenge of a [providers.Prompter]. A second call for the same factor is later in
	// time: a code that was used is not right again.
	Answer func(tb testing.TB, enrolled *providers.EnrolledFactor, prompt *providers.FactorPrompt) string
	// Wrong are codes that are never right, besides those that the suite tries.
	Wrong []string
}

// SecondFactor checks a [providers.SecondFactor], and a [providers.Prompter]:
//
//	func TestProvider(t *testing.T) {
//		providertest.SecondFactor(t, providertest.FactorCase{New: …, Answer: …})
//	}
func SecondFactor(tb testing.TB, c FactorCase) {
	tb.Helper()
	if c.New == nil || c.Answer == nil {
		tb.Fatalf("the case must have New and Answer")
	}
	for _, group := range []struct {
		name  string
		check func(f *factors)
	}{
		{"names", (*factors).checkNames},
		{"enrolling", (*factors).checkEnroll},
		{"setup", (*factors).checkSetup},
		{"a challenge", (*factors).checkChallenge},
		{"wrong codes", (*factors).checkWrong},
		{"a damaged record", (*factors).checkDamaged},
		{"at once", (*factors).checkParallel},
		{"given up", (*factors).checkCancelled},
	} {
		run(tb, group.name, func(tb testing.TB) {
			tb.Helper()
			f := &factors{TB: tb, FactorCase: c, p: c.New(tb)}
			if f.p == nil {
				tb.Fatalf("New returns no method")
			}
			group.check(f)
		})
	}
}

// factors calls a method as the service does.
type factors struct {
	testing.TB
	FactorCase

	p    providers.SecondFactor
	made atomic.Int32
}

// enrolled is a factor in the making.
type enrolled struct {
	record providers.FactorRecord
	shown  providers.EnrolledFactor
}

func (f *factors) enroll(metadata everlatch.Metadata) (out enrolled, err error) {
	id := "authmfa_" + strings.Repeat("x", int(f.made.Add(1)))
	err = safely(f.TB, "Enroll", func() (err error) {
		out.shown, err = f.p.Enroll(f.Context(), providers.FactorEnrollment{
			AuthIdentityID: "authid_1", FactorID: id, Label: "My device", Metadata: metadata,
		})
		return err
	})
	out.record = providers.FactorRecord{Secret: out.shown.Secret, Factor: everlatch.Factor{
		ID: id, AuthIdentityID: "authid_1", Provider: f.p.Method(), Status: everlatch.FactorPending, Metadata: metadata,
	}}
	return out, err
}

// pending is a factor that waits for its first code.
func (f *factors) pending() enrolled {
	f.Helper()
	out, err := f.enroll(f.Metadata)
	if err != nil {
		f.Fatalf("Enroll refuses the metadata of the case: %v", err)
	}
	return out
}

func (f *factors) verify(record providers.FactorRecord, code string, prompt []byte) (out providers.FactorVerdict, err error) {
	err = safely(f.TB, "Verify", func() (err error) {
		out, err = f.p.Verify(f.Context(), providers.FactorAnswer{
			Factor: record, Code: code, Setup: record.Status == everlatch.FactorPending, Prompt: prompt,
		})
		return err
	})
	return out, err
}

// keep stores a verdict as the service does.
func keep(record providers.FactorRecord, v providers.FactorVerdict) providers.FactorRecord {
	if v.Secret != nil {
		record.Secret = v.Secret
	}
	if v.Handle != "" {
		record.Handle = v.Handle
	}
	record.Counter, record.Status = v.Counter, everlatch.FactorEnabled
	return record
}

// enabled is a factor that its first code has enabled.
func (f *factors) enabled() (providers.FactorRecord, string) {
	f.Helper()
	made := f.pending()
	code := f.Answer(f.TB, &made.shown, nil)
	verdict, err := f.verify(made.record, code, nil)
	if err != nil {
		f.Fatalf("Verify refuses the right first code: %v", err)
	}
	return keep(made.record, verdict), code
}

func (f *factors) checkNames() {
	f.Helper()
	if err := providers.NewFactors().Add(f.p); err != nil {
		f.Errorf("the method cannot be registered: %v", err)
	}
	if f.p.DisplayName() == "" {
		f.Errorf("DisplayName is empty: messages call the method by it")
	}
	if first := f.p.Method(); f.p.Method() != first {
		f.Errorf("Method changes: factors are stored under it")
	}
}

func (f *factors) checkEnroll() {
	f.Helper()
	first, second := f.pending(), f.pending()
	if len(first.shown.Secret) > 0 && string(first.shown.Secret) == string(second.shown.Secret) {
		f.Errorf("Enroll gives two factors the same secret: what proves one would prove the other")
	}
	if _, err := json.Marshal(first.shown.Public); err != nil {
		f.Errorf("Enroll shows the user something that is not JSON: %v", err)
	}
	for i, metadata := range f.Refused {
		if _, err := f.enroll(metadata); !isRefusal(err) {
			f.Errorf("Enroll answers metadata %d of Refused with %v: a refusal is an *everlatch.Error with a code of the caller's", i+1, err)
		}
	}
}

func (f *factors) checkSetup() {
	f.Helper()
	made := f.pending()
	f.requireRefused("a wrong first code", made.record, "wrong", nil)
	verdict, err := f.verify(made.record, f.Answer(f.TB, &made.shown, nil), nil)
	if err != nil {
		f.Fatalf("Verify refuses the right first code, after a wrong one: %v", err)
	}
	if verdict.Counter < 0 {
		f.Errorf("the counter of a verdict is negative")
	}
}

// checkChallenge passes two challenges, and none with a code that was used.
func (f *factors) checkChallenge() {
	f.Helper()
	record, first := f.enabled()
	for range 2 {
		prompt := f.prompt(record)
		f.requireRefused("the code that enabled the factor", record, first, kept(prompt))
		code := f.Answer(f.TB, nil, prompt)
		verdict, err := f.verify(record, code, kept(prompt))
		if err != nil {
			f.Fatalf("Verify refuses the right code of a challenge: %v", err)
		}
		switch {
		case verdict.Counter == 0 && prompt == nil:
			f.Errorf("the counter of a verdict is 0, and no prompt makes the code single use: it would be good again")
		case verdict.Counter != 0 && verdict.Counter <= record.Counter:
			f.Errorf("the counter of a verdict does not grow: the service takes the code for one that was used")
		}
		record, first = keep(record, verdict), code
		if prompt == nil {
			f.requireRefused("a used code", record, code, nil)
		}
	}
}

// prompt asks the method to act, nil if it needs not.
func (f *factors) prompt(record providers.FactorRecord) *providers.FactorPrompt {
	f.Helper()
	prompter, ok := f.p.(providers.Prompter)
	if !ok {
		return nil
	}
	var out providers.FactorPrompt
	if err := safely(f.TB, "Prompt", func() (err error) {
		out, err = prompter.Prompt(f.Context(), []providers.FactorRecord{record})
		return err
	}); err != nil {
		f.Fatalf("Prompt fails: %v", err)
	}
	text, err := json.Marshal(out.Public)
	if err != nil {
		f.Errorf("Prompt tells the user something that is not JSON: %v", err)
	}
	if len(out.Secret) >= minSecret && find(string(text), string(out.Secret)) != "" {
		f.Errorf("Prompt tells the caller what it keeps: someone who knows the password could answer")
	}
	return &out
}

func kept(p *providers.FactorPrompt) []byte {
	if p == nil {
		return nil
	}
	return p.Secret
}

func (f *factors) checkWrong() {
	f.Helper()
	record, _ := f.enabled()
	prompt := f.prompt(record)
	for _, code := range append([]string{"", " ", "wrong", "000000 ", "\x00", "\xff", "{}", "[]", strings.Repeat("9", 1<<16), "٠٠٠٠٠٠"}, f.Wrong...) {
		f.requireRefused(brief(code), record, code, kept(prompt))
	}
	if _, prompts := f.p.(providers.Prompter); prompts {
		f.requireRefused("a code without a prompt", record, f.Answer(f.TB, nil, prompt), nil)
	}
}

func (f *factors) requireRefused(what string, record providers.FactorRecord, code string, prompt []byte) {
	f.Helper()
	_, err := f.verify(record, code, prompt)
	switch {
	case err == nil:
		f.Errorf("Verify accepts %s", what)
	case !isRefusal(err):
		f.Errorf("Verify answers %s with %v: a refusal is an *everlatch.Error with a code of the caller's, everything else is an outage", what, err)
	}
}

// isRefusal reports an answer to the caller, as opposed to an outage.
func isRefusal(err error) bool {
	var e *everlatch.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code != everlatch.CodeUnavailable && e.Code != everlatch.CodeInternal && (e.Message != "" || e.Reason != "")
}

// checkDamaged: a record that cannot be read proves nothing.
func (f *factors) checkDamaged() {
	f.Helper()
	for _, secret := range []string{"", "{", "null", `{"a":1}`, "\x00\xff"} {
		record, _ := f.enabled()
		prompt := f.prompt(record)
		code := f.Answer(f.TB, nil, prompt)
		record.Secret = []byte(secret)
		if prompt == nil {
			if _, err := f.verify(record, code, nil); err == nil {
				f.Errorf("Verify accepts a code for the stored secret %s", brief(secret))
			}
		}
		_, _ = f.verify(record, code, []byte(secret)) // must not panic
	}
}

func (f *factors) checkParallel() {
	f.Helper()
	record, _ := f.enabled()
	prompt := f.prompt(record)
	code := f.Answer(f.TB, nil, prompt)
	atOnce(func(i int) {
		if i%2 == 0 {
			if _, err := f.verify(record, code, kept(prompt)); err != nil {
				f.Errorf("Verify at once: %v", err)
			}
			return
		}
		if _, err := f.enroll(f.Metadata); err != nil {
			f.Errorf("Enroll at once: %v", err)
		}
	})
}

func (f *factors) checkCancelled() {
	f.Helper()
	record, _ := f.enabled()
	ctx := endedContext(f.TB)
	_, _ = ends(f.TB, "Verify", func() error {
		_, err := f.p.Verify(ctx, providers.FactorAnswer{Factor: record, Code: "wrong"})
		return err
	})
	_, _ = ends(f.TB, "Enroll", func() error {
		_, err := f.p.Enroll(ctx, providers.FactorEnrollment{AuthIdentityID: "authid_1", FactorID: "authmfa_y", Metadata: f.Metadata})
		return err
	})
}
