package providertest_test

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

// plain is a small provider that does all as it should, so far as the suite can
// see: a real one needs a slow hash.
type plain struct {
	kind, name string
	work       *atomic.Int64
	faults     faults
	last       string
}

// faults are what a provider does wrong, beside what it does right.
type faults struct {
	identify     func(in providers.Input, s providers.Subject, err error) (providers.Subject, error)
	authenticate func(p *plain, ctx context.Context, in providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error)
	register     func(in providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error)
	update       func(p *plain, in providers.Input, rec providers.Record, v providers.Verdict, err error) (providers.Verdict, error)
	subject      func(identifier string) providers.Subject
}

func refuse(message string) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message}
}

func (p *plain) Identifier() string  { return p.kind }
func (p *plain) DisplayName() string { return p.name }

func (p *plain) hash(text string) string {
	p.work.Add(1)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func read(in providers.Input) (email, password string, err error) {
	email, _ = in.Body["email"].(string)
	password, _ = in.Body["password"].(string)
	if email == "" || password == "" || len(email)+len(password) > 1000 {
		return "", "", refuse("An address and a password are needed.")
	}
	return email, password, nil
}

func (p *plain) Subject(identifier string) providers.Subject {
	if p.faults.subject != nil {
		return p.faults.subject(identifier)
	}
	return providers.Subject{EntityID: strings.TrimSpace(identifier), EntityKey: strings.ToLower(strings.TrimSpace(identifier))}
}

func (p *plain) Identify(in providers.Input) (s providers.Subject, err error) {
	email, _, err := read(in)
	if err == nil {
		s = providers.Subject{EntityID: strings.TrimSpace(email), EntityKey: strings.ToLower(strings.TrimSpace(email))}
	}
	if p.faults.identify != nil {
		return p.faults.identify(in, s, err)
	}
	return s, err
}

func (p *plain) Authenticate(ctx context.Context, in providers.Input, rec *providers.Record) (v providers.Verdict, err error) {
	_, password, err := read(in)
	if err == nil {
		known := ""
		if rec != nil {
			known, _ = rec.ProviderMetadata["hash"].(string)
		}
		if subtle.ConstantTimeCompare([]byte(p.hash(password)), []byte(known)) != 1 {
			err = refuse("Wrong address or password.")
		}
	}
	if p.faults.authenticate != nil {
		return p.faults.authenticate(p, ctx, in, rec, v, err)
	}
	return v, err
}

func (p *plain) Register(ctx context.Context, in providers.Input, rec *providers.Record) (v providers.Verdict, err error) {
	_, password, err := read(in)
	switch {
	case err != nil:
	case rec != nil:
		_, err = (&plain{work: p.work}).Authenticate(ctx, in, rec)
	default:
		v = providers.Verdict{ProviderMetadata: everlatch.Metadata{"hash": p.hash(password)}}
	}
	if p.faults.register != nil {
		return p.faults.register(in, rec, v, err)
	}
	return v, err
}

func (p *plain) Update(_ context.Context, in providers.Input, rec providers.Record) (v providers.Verdict, err error) {
	_, password, err := read(in)
	if err == nil && len(password) < 8 {
		err = refuse("Too short.")
	}
	if err == nil {
		v.ProviderMetadata = everlatch.Metadata{}
		maps.Copy(v.ProviderMetadata, rec.ProviderMetadata)
		v.ProviderMetadata["hash"] = p.hash(password)
	}
	if p.faults.update != nil {
		return p.faults.update(p, in, rec, v, err)
	}
	return v, err
}

func plainCase(f faults) providertest.CredentialsCase {
	work := &atomic.Int64{}
	return providertest.CredentialsCase{
		New: func(testing.TB) providers.Credentials {
			return &plain{kind: "plain", name: "Plain", work: work, faults: f}
		},
		Good:         input("ada@example.com", password),
		Wrong:        input("ada@example.com", wrongPassword),
		Unknown:      input("bob@example.com", password),
		Malformed:    []providers.Input{{}, input(nil, password)},
		Same:         []providers.Input{input("ADA@example.com", password)},
		Secrets:      []string{password, wrongPassword, newPassword},
		Updated:      input("ada@example.com", newPassword),
		Unacceptable: []providers.Input{input("ada@example.com", "short")},
		Work:         work.Load,
	}
}

func TestPlainPasses(t *testing.T) {
	t.Parallel()

	providertest.Credentials(t, plainCase(faults{}))
	require.Empty(t, failures(t, providertest.Credentials, plainCase(faults{})))
}

// wrongly makes a fault of what a provider does instead when it refuses.
func wrongly(f func(in providers.Input, rec *providers.Record) error) faults {
	return faults{authenticate: func(_ *plain, _ context.Context, in providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
		if err != nil {
			return v, f(in, rec)
		}
		return v, nil
	}}
}

func TestBrokenCredentialsFail(t *testing.T) {
	t.Parallel()

	typed := func(in providers.Input) string { text, _ := in.Body["password"].(string); return text }
	tests := map[string]struct {
		faults faults
		want   string
	}{
		"panics at other types": {
			faults{identify: func(in providers.Input, s providers.Subject, err error) (providers.Subject, error) {
				_ = in.Body["email"].(string) //nolint:forcetypeassert // that is the fault
				return s, err
			}}, "panics",
		},
		"panics without a record": {
			faults{authenticate: func(_ *plain, _ context.Context, _ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				_ = rec.EntityID
				return v, err
			}}, "panics",
		},
		"capitals make two people": {
			faults{identify: func(_ providers.Input, s providers.Subject, err error) (providers.Subject, error) {
				s.EntityKey = s.EntityID
				return s, err
			}}, "must be canonical",
		},
		"everybody is the same": {
			faults{identify: func(_ providers.Input, s providers.Subject, err error) (providers.Subject, error) {
				if err == nil {
					s.EntityKey = "everybody"
				}
				return s, err
			}}, "different people must have different keys",
		},
		"the key depends on the password": {
			faults{identify: func(in providers.Input, s providers.Subject, err error) (providers.Subject, error) {
				s.EntityKey += fmt.Sprint(len(typed(in)))
				return s, err
			}}, "must not depend on the secret",
		},
		"a reset finds no user": {
			faults{subject: func(identifier string) providers.Subject { return providers.Subject{EntityKey: "x" + identifier} }},
			"must find whom Identify finds",
		},
		"malformed requests pass": {
			faults{identify: func(providers.Input, providers.Subject, error) (providers.Subject, error) {
				return providers.Subject{EntityID: "ada", EntityKey: "ada"}, nil
			}}, "Identify of Malformed[0] is accepted",
		},
		"changes the request": {
			faults{identify: func(in providers.Input, s providers.Subject, err error) (providers.Subject, error) {
				delete(in.Body, "password")
				return s, err
			}}, "changes the request",
		},
		"a refusal is no everlatch.Error": {
			wrongly(func(providers.Input, *providers.Record) error { return errors.New("wrong") }), "which is an outage",
		},
		"a refusal has no message": {
			wrongly(func(providers.Input, *providers.Record) error {
				return &everlatch.Error{Code: everlatch.CodeUnauthorized}
			}),
			"no Message",
		},
		"a refusal has a code of its own": {
			wrongly(func(providers.Input, *providers.Record) error {
				return &everlatch.Error{Code: "wrong", Message: "Wrong."}
			}),
			"none of everlatch's",
		},
		"an error repeats the password": {
			wrongly(func(in providers.Input, _ *providers.Record) error { return refuse("Wrong: " + typed(in)) }), "in clear",
		},
		"a cause repeats the password in base64": {
			wrongly(func(in providers.Input, _ *providers.Record) error {
				return &everlatch.Error{
					Code: everlatch.CodeUnauthorized, Message: "Wrong.",
					Err: errors.Join(errors.New("a"), errors.New(base64.StdEncoding.EncodeToString([]byte("user:"+typed(in))))),
				}
			}), "in base64",
		},
		"an error repeats what came in": {
			wrongly(func(in providers.Input, _ *providers.Record) error {
				return refuse("Wrong: " + fmt.Sprint(in.Body["email"]))
			}), "must not repeat what came in",
		},
		"tells who is known": {
			wrongly(func(_ providers.Input, rec *providers.Record) error {
				if rec == nil {
					return refuse("Unknown address.")
				}
				return refuse("Wrong password.")
			}), "strangers learn who has an account",
		},
		"is quick for unknown subjects": {
			faults{authenticate: func(p *plain, _ context.Context, _ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec == nil {
					p.work.Add(-1)
				}
				return v, err
			}}, "must cost the same",
		},
		"accepts the unknown": {
			faults{authenticate: func(_ *plain, _ context.Context, _ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec == nil {
					err = nil
				}
				return v, err
			}}, "Authenticate of Unknown without a record is accepted",
		},
		"accepts a record that cannot be verified": {
			faults{authenticate: func(_ *plain, _ context.Context, _ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec != nil && rec.ProviderMetadata["hash"] == nil {
					err = nil
				}
				return v, err
			}}, "what cannot be verified must not be believed",
		},
		"stores the password": {
			faults{register: func(in providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if v.ProviderMetadata != nil {
					v.ProviderMetadata["plain"] = typed(in)
				}
				return v, err
			}}, "store what verifies a secret",
		},
		"stores a password in claims": {
			faults{register: func(in providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec == nil && err == nil {
					v.UserMetadata = everlatch.Metadata{"hint": map[string]any{"is": []any{typed(in)}}}
				}
				return v, err
			}}, "the user metadata hold secret",
		},
		"metadata are no JSON": {
			faults{register: func(_ providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if v.ProviderMetadata != nil {
					v.ProviderMetadata["score"] = math.NaN()
				}
				return v, err
			}}, "must be JSON values",
		},
		"metadata lose digits": {
			faults{register: func(_ providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if v.ProviderMetadata != nil {
					v.ProviderMetadata["id"] = int64(math.MaxInt64)
				}
				return v, err
			}}, "do not survive JSON",
		},
		"metadata are another type after JSON": {
			faults{
				register: func(_ providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
					if v.ProviderMetadata != nil {
						v.ProviderMetadata["version"] = 1
					}
					return v, err
				},
				authenticate: func(_ *plain, _ context.Context, _ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
					if rec != nil && err == nil {
						if _, ok := rec.ProviderMetadata["version"].(int); !ok {
							err = refuse("Unknown version.")
						}
					}
					return v, err
				},
			}, "Authenticate of Good, with the metadata that Register returned,",
		},
		"gives away taken names": {
			faults{register: func(_ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec != nil {
					return providers.Verdict{}, nil
				}
				return v, err
			}}, "a repetition must prove the secret",
		},
		"a repetition is written": {
			faults{register: func(_ providers.Input, rec *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec != nil && err == nil {
					v.UserMetadata = everlatch.Metadata{}
				}
				return v, err
			}}, "empty verdict",
		},
		"an update changes the record": {
			faults{update: func(_ *plain, _ providers.Input, rec providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if rec.ProviderMetadata != nil {
					rec.ProviderMetadata["hash"] = ""
				}
				return v, err
			}}, "changes the record",
		},
		"an update drops the rest": {
			faults{update: func(_ *plain, _ providers.Input, _ providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if err == nil {
					v.ProviderMetadata = everlatch.Metadata{"hash": v.ProviderMetadata["hash"]}
				}
				return v, err
			}}, "whole new record",
		},
		"an update does nothing": {
			faults{update: func(_ *plain, _ providers.Input, rec providers.Record, _ providers.Verdict, err error) (providers.Verdict, error) {
				return providers.Verdict{ProviderMetadata: maps.Clone(rec.ProviderMetadata)}, err
			}}, "whose secret was replaced",
		},
		"an update accepts what it must refuse": {
			faults{update: func(_ *plain, _ providers.Input, _ providers.Record, v providers.Verdict, _ error) (providers.Verdict, error) {
				return v, nil
			}}, "Update with Unacceptable[0] is accepted",
		},
		"an update works before it refuses": {
			faults{update: func(p *plain, _ providers.Input, _ providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if err != nil {
					p.work.Add(1)
				}
				return v, err
			}}, "refused after costly work",
		},
		"keeps the last password": {
			faults{authenticate: func(p *plain, ctx context.Context, in providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if ctx.Err() != nil { // alone, so that it is no race
					p.last = typed(in)
				}
				return v, err
			}}, "must not keep what a request holds",
		},
		"a stop is a wrong password": {
			faults{authenticate: func(_ *plain, ctx context.Context, _ providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if ctx.Err() != nil {
					err = refuse("Wrong address or password.")
				}
				return v, err
			}}, "the person has done nothing wrong",
		},
		"a stop lets everybody in": {
			faults{authenticate: func(_ *plain, ctx context.Context, _ providers.Input, _ *providers.Record, v providers.Verdict, err error) (providers.Verdict, error) {
				if ctx.Err() != nil {
					err = nil
				}
				return v, err
			}}, "what was not verified must not be believed",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := failures(t, providertest.Credentials, plainCase(tt.faults))
			requireFailure(t, got, tt.want)
		})
	}
}

// named is a provider with other names.
type named struct {
	*plain

	kind, name string
}

func (n named) Identifier() string  { return n.kind }
func (n named) DisplayName() string { return n.name }

func TestBrokenNamesFail(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ kind, name, want string }{
		"a kind with blanks": {"Plain Text", "Plain", "Identifier() is"},
		"no kind":            {"", "Plain", "Identifier() is"},
		"no name":            {"plain", " ", "DisplayName() is"},
		"two lines":          {"plain", "Plain\nText", "DisplayName() is"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := plainCase(faults{})
			inner := c.New
			c.New = func(tb testing.TB) providers.Credentials {
				tb.Helper()
				p, _ := inner(tb).(*plain)
				return named{p, tt.kind, tt.name}
			}
			requireFailure(t, failures(t, providertest.Credentials, c), tt.want)
		})
	}
}

// A case that checks nothing is found out as well.
func TestPoorCasesFail(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(c *providertest.CredentialsCase)
		want   string
	}{
		"no requests":       {func(c *providertest.CredentialsCase) { c.Wrong = providers.Input{} }, "must have New"},
		"no secrets":        {func(c *providertest.CredentialsCase) { c.Secrets = nil }, "names no Secrets"},
		"a short secret":    {func(c *providertest.CredentialsCase) { c.Secrets = []string{"1234"} }, "shorter than 8"},
		"no update":         {func(c *providertest.CredentialsCase) { c.Updated = providers.Input{} }, "must have Updated"},
		"Wrong is not":      {func(c *providertest.CredentialsCase) { c.Wrong = c.Good }, "Authenticate of Wrong is accepted"},
		"Unknown is known":  {func(c *providertest.CredentialsCase) { c.Unknown = c.Good }, "different people"},
		"New returns nil":   {func(c *providertest.CredentialsCase) { c.New = func(testing.TB) providers.Credentials { return nil } }, "no provider"},
		"work is not told":  {func(c *providertest.CredentialsCase) { c.Work = func() int64 { return 0 } }, "costs no work"},
		"a record is wrong": {func(c *providertest.CredentialsCase) { c.Record = &providers.Record{EntityID: "ada"} }, "must be accepted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := plainCase(faults{})
			tt.change(&c)
			requireFailure(t, failures(t, providertest.Credentials, c), tt.want)
		})
	}
}
