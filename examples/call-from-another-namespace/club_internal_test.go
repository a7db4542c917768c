package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/nexusauth"
)

// everlatchService is a stand-in for the Nexus service. It opens what is sealed for it.
type everlatchService struct {
	key *ecdsa.PrivateKey
	// refuses is the operation that it refuses.
	refuses string
	// existing says that the identity existed.
	existing bool
	called   []string
	link     nexusauth.Link
}

func sealer(t *testing.T, key *ecdsa.PrivateKey) *nexusauth.Sealer {
	t.Helper()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Use: "enc"}}})
	require.NoError(t, err)
	keys, err := nexusauth.ParseKeys(set)
	require.NoError(t, err)
	s, err := nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: "sk_club"})
	require.NoError(t, err)
	return s
}

func handle[I, O any](
	s *everlatchService, operation nexus.OperationReference[nexusauth.Sealed[I], O], do func(in I) O,
) nexus.RegisterableOperation {
	return nexus.NewSyncOperation(operation.Name(), func(_ context.Context, sealed nexusauth.Sealed[I], _ nexus.StartOperationOptions) (out O, err error) {
		object, err := jose.ParseEncryptedCompact(sealed.Sealed,
			[]jose.KeyAlgorithm{nexusauth.KeyAlgorithm}, []jose.ContentEncryption{nexusauth.ContentEncryption})
		if err != nil {
			return out, err
		}
		text, err := object.Decrypt(s.key)
		if err != nil {
			return out, err
		}
		var e nexusauth.Envelope
		var in I
		if err := json.Unmarshal(text, &e); err != nil {
			return out, err
		}
		if err := json.Unmarshal(e.Input, &in); err != nil {
			return out, err
		}
		s.called = append(s.called, e.Operation)
		if s.refuses == operation.Name() {
			refused := everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "Invalid email or password"}
			return out, &nexus.OperationError{
				State: nexus.OperationStateFailed,
				Cause: temporal.NewApplicationErrorWithOptions(refused.Message, string(refused.Code), temporal.ApplicationErrorOptions{
					NonRetryable: true, Details: []any{refused},
				}),
			}
		}
		return do(in), nil
	})
}

func (s *everlatchService) service(t *testing.T) *nexus.Service {
	t.Helper()
	out := nexus.NewService(nexusauth.Service)
	require.NoError(t, out.Register(
		handle(s, nexusauth.Register, func(nexusauth.Credentials) nexusauth.Authentication {
			return nexusauth.Authentication{AuthIdentityID: "authid_1", Created: !s.existing}
		}),
		handle(s, nexusauth.Authenticate, func(in nexusauth.Credentials) nexusauth.Authentication {
			return nexusauth.Authentication{AuthIdentityID: "authid_1", ActorType: in.ActorType, ActorID: "member_1"}
		}),
		handle(s, nexusauth.SetAppMetadata, func(in nexusauth.Link) nexusauth.Done {
			s.link = in
			return nexusauth.Done{}
		}),
		handle(s, nexusauth.DeleteAuthIdentity, func(nexusauth.Identity) nexusauth.Done { return nexusauth.Done{} }),
	))
	return out
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		name, refuses string
		existing      bool
		code          string
		called        []string
	}{
		"joins":                      {name: "Zoe", called: []string{"Register", "SetAppMetadata"}},
		"is refused":                 {name: "Zoe", refuses: "Register", code: "unauthorized", called: []string{"Register"}},
		"has no name":                {code: "full", called: []string{"Register", "DeleteAuthIdentity"}},
		"has no name, and was there": {existing: true, code: "full", called: []string{"Register"}},
		"can't be linked":            {name: "Zoe", refuses: "SetAppMetadata", code: "unauthorized", called: []string{"Register", "SetAppMetadata", "DeleteAuthIdentity"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			service := &everlatchService{key: key, refuses: tt.refuses, existing: tt.existing}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			desk := &Desk{Sealer: sealer(t, key)}
			env.RegisterActivity(desk)
			env.RegisterNexusService(service.service(t))
			credentials, err := nexusauth.Seal(desk.Sealer, nexusauth.Register, nexusauth.Credentials{ActorType: "member", Provider: "emailpass"})
			require.NoError(t, err)

			env.ExecuteWorkflow(Join, Application{Name: tt.name, Credentials: credentials})

			require.Equal(t, tt.called, service.called)
			if tt.code != "" {
				require.ErrorContains(t, env.GetWorkflowError(), tt.code)
				require.Empty(t, desk.members)
				return
			}
			require.NoError(t, env.GetWorkflowError())
			var member Member
			require.NoError(t, env.GetWorkflowResult(&member))
			require.Equal(t, nexusauth.Link{AuthIdentityID: "authid_1", ActorType: "member", ActorID: member.ID}, service.link)
			require.Len(t, desk.members, 1)
		})
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	credentials, err := nexusauth.Seal(sealer(t, key), nexusauth.Authenticate, nexusauth.Credentials{ActorType: "member", Provider: "emailpass"})
	require.NoError(t, err)
	for refuses, want := range map[string]string{"": "", "Authenticate": "unauthorized"} {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.RegisterNexusService((&everlatchService{key: key, refuses: refuses}).service(t))
		env.ExecuteWorkflow(SignIn, credentials)
		if want != "" {
			require.ErrorContains(t, env.GetWorkflowError(), want)
			continue
		}
		var member string
		require.NoError(t, env.GetWorkflowResult(&member))
		require.Equal(t, "member_1", member)
	}
}
