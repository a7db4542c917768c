package providertest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

// careless is a method whose answers can be chosen. Its right code is "right".
type careless struct {
	name   string
	enroll func() (providers.EnrolledFactor, error)
	verify func(in providers.FactorAnswer) (providers.FactorVerdict, error)
}

func (c careless) Method() string    { return c.name }
func (careless) DisplayName() string { return "Careless" }

func (c careless) Enroll(context.Context, providers.FactorEnrollment) (providers.EnrolledFactor, error) {
	return c.enroll()
}

func (c careless) Verify(_ context.Context, in providers.FactorAnswer) (providers.FactorVerdict, error) {
	return c.verify(in)
}

// TestFactorSuite: the suite complains about each kind of carelessness.
func TestFactorSuite(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "no"}
	for want, change := range map[string]func(c *careless){
		"Enroll gives two factors the same secret": func(c *careless) {
			c.enroll = func() (providers.EnrolledFactor, error) { return providers.EnrolledFactor{Secret: []byte("same")}, nil }
		},
		"the method cannot be registered": func(c *careless) { c.name = "a/b" },
		"Verify accepts a wrong first code": func(c *careless) {
			c.verify = func(providers.FactorAnswer) (providers.FactorVerdict, error) {
				return providers.FactorVerdict{Counter: 1}, nil
			}
		},
		"no prompt makes the code single use": func(c *careless) {
			c.verify = func(in providers.FactorAnswer) (providers.FactorVerdict, error) {
				if in.Code != "right" {
					return providers.FactorVerdict{}, refused
				}
				return providers.FactorVerdict{}, nil
			}
		},
		"everything else is an outage": func(c *careless) {
			c.verify = func(in providers.FactorAnswer) (providers.FactorVerdict, error) {
				if in.Code != "right" {
					return providers.FactorVerdict{}, errors.New("wrong")
				}
				return providers.FactorVerdict{Counter: in.Factor.Counter + 1}, nil
			}
		},
		"Verify panics": func(c *careless) {
			c.verify = func(providers.FactorAnswer) (providers.FactorVerdict, error) { panic("out of range") }
		},
	} {
		c := careless{
			name:   "careless",
			enroll: func() (providers.EnrolledFactor, error) { return providers.EnrolledFactor{}, nil },
			verify: func(in providers.FactorAnswer) (providers.FactorVerdict, error) {
				if in.Code != "right" {
					return providers.FactorVerdict{}, refused
				}
				return providers.FactorVerdict{Counter: in.Factor.Counter + 1}, nil
			},
		}
		change(&c)
		got := failures(t, providertest.SecondFactor, providertest.FactorCase{
			New:    func(testing.TB) providers.SecondFactor { return c },
			Answer: func(testing.TB, *providers.EnrolledFactor, *providers.FactorPrompt) string { return "right" },
		})
		require.Contains(t, strings.Join(got, "\n"), want)
	}
}
