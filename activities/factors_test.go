package activities_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/totp"
)

const (
	identityID = "authid_1"
	email      = "ada@example.com"
)

// bench is the set of activities with a real store and vault.
type bench struct {
	t     *testing.T
	store *store.Store
	vault *vault.Vault
	acts  *activities.Factors
	codes *codeMethod
	now   time.Time
	names atomic.Int32
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), codes: &codeMethod{}}
	clock := func() time.Time { return b.now }
	b.store = storetest.Open(t, clock)
	b.vault = vault.New(b.store, ring(t, "k1"), time.Hour, clock)
	methods := providers.NewFactors()
	method, err := totp.New(totp.Options{Now: clock})
	require.NoError(t, err)
	require.NoError(t, methods.Add(method))
	require.NoError(t, methods.Add(b.codes))
	b.acts = &activities.Factors{Store: b.store, Vault: b.vault, Methods: methods, Now: clock, Keys: vault.FactorKeys{Ring: b.vault.Ring(), Medusa: vault.NewSecret([]byte("of Medusa"))}}
	b.register(identityID, email)
	return b
}

func ring(t *testing.T, ids ...string) *vault.KeyRing {
	t.Helper()
	keys := make([]vault.Key, len(ids))
	for i, id := range ids {
		sum := sha256.Sum256([]byte(id))
		keys[i] = vault.Key{ID: id, Secret: vault.NewSecret(sum[:])}
	}
	out, err := vault.NewKeyRing(keys)
	require.NoError(t, err)
	return out
}

func (b *bench) register(id, address string) {
	b.t.Helper()
	_, err := b.store.RegisterIdentity(b.t.Context(), store.NewIdentity{
		ID: id, ProviderIdentityID: "p_" + id, Provider: "google", EntityID: address, EntityKey: address, VerifiedEmail: address,
	})
	require.NoError(b.t, err)
}

// run runs an activity as a worker does.
func run[I, O any](b *bench, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	value, err := env.ExecuteActivity(activity, in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

func (b *bench) ref(value any) vault.Ref {
	b.t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(b.t, err)
	ref, err := b.vault.Put(b.t.Context(), vault.NewSecret(raw))
	require.NoError(b.t, err)
	return ref
}

func (b *bench) name(prefix string) string { return fmt.Sprintf("%s_%d", prefix, b.names.Add(1)) }

// enroll creates a pending factor and returns it with what the user is shown.
func (b *bench) enroll(in activities.EnrollFactorInput) (everlatch.Factor, everlatch.Metadata) {
	b.t.Helper()
	out, err := run(b, b.acts.EnrollFactor, in)
	require.NoError(b.t, err)
	require.Nil(b.t, out.Refusal)
	sealed, err := b.vault.Get(b.t.Context(), in.Answer)
	require.NoError(b.t, err)
	public, err := activities.EnrolledPublic(sealed)
	require.NoError(b.t, err)
	return out.Factor, public
}

func (b *bench) enrolment(method string) activities.EnrollFactorInput {
	return activities.EnrollFactorInput{
		IdentityID: identityID, FactorID: b.name("authmfa"), Method: method, Label: "Phone",
		Metadata: everlatch.Metadata{"device": "pixel"}, Answer: b.vault.NewRef(), TTL: time.Hour,
	}
}

// verify answers for a factor; change may say more.
func (b *bench) verify(method, code string, change func(*activities.VerifyFactorInput)) activities.VerifyFactorOutput {
	b.t.Helper()
	in := activities.VerifyFactorInput{
		IdentityID: identityID, ActorType: everlatch.ActorCustomer, Method: method, Code: b.ref(code), EventID: b.name("evt"), GroupID: "flow",
	}
	if change != nil {
		change(&in)
	}
	out, err := run(b, b.acts.VerifyFactor, in)
	require.NoError(b.t, err)
	return out
}

func setup(factorID string) func(*activities.VerifyFactorInput) {
	return func(in *activities.VerifyFactorInput) { in.Setup, in.FactorID, in.SignInID = true, factorID, "sign_in" }
}

func (b *bench) code(secret any) string {
	b.t.Helper()
	text, _ := secret.(string)
	code, err := totp.Code(text, b.now)
	require.NoError(b.t, err)
	return code
}

// enabled returns an enabled TOTP factor and its secret.
func (b *bench) enabled() (factorID, secret string) {
	b.t.Helper()
	factor, public := b.enroll(b.enrolment(totp.Method))
	out := b.verify(totp.Method, b.code(public["secret"]), setup(factor.ID))
	require.Nil(b.t, out.Refusal)
	require.Equal(b.t, factor.ID, out.FactorID)
	b.now = b.now.Add(time.Minute)
	secret, _ = public["secret"].(string)
	return factor.ID, secret
}

func (b *bench) events(name string) (out []everlatch.Metadata) {
	b.t.Helper()
	found, _, err := b.store.Events(b.t.Context(), store.EventFilter{Name: name}, store.Page{Limit: 100})
	require.NoError(b.t, err)
	for _, e := range found {
		require.Equal(b.t, "flow", e.GroupID)
		require.Equal(b.t, identityID, e.AuthIdentityID)
		out = append(out, e.Data)
	}
	return out
}

// codeMethod is a method that leaves the machine and sends codes; its code is "right".
type codeMethod struct {
	enrolled, prompted atomic.Int32
	fail               error
}

func (m *codeMethod) Method() string      { return "codes" }
func (m *codeMethod) DisplayName() string { return "code" }
func (m *codeMethod) Several() bool       { return true }
func (m *codeMethod) Slow() bool          { return true }

func (m *codeMethod) Enroll(_ context.Context, in providers.FactorEnrollment) (providers.EnrolledFactor, error) {
	n := m.enrolled.Add(1)
	return providers.EnrolledFactor{
		Secret: fmt.Appendf(nil, "secret %d", n), Public: everlatch.Metadata{"sent": float64(n), "existing": float64(len(in.Existing))},
	}, m.fail
}

func (m *codeMethod) Prompt(_ context.Context, factors []providers.FactorRecord) (providers.FactorPrompt, error) {
	n := m.prompted.Add(1)
	return providers.FactorPrompt{
		Public: everlatch.Metadata{"sent": float64(n), "to": factors[0].ID}, Secret: fmt.Appendf(nil, "right %d", n),
	}, m.fail
}

func (m *codeMethod) Verify(_ context.Context, in providers.FactorAnswer) (out providers.FactorVerdict, err error) {
	if m.fail != nil {
		return out, m.fail
	}
	want := "right"
	if in.Prompt != nil {
		want = string(in.Prompt)
	}
	if in.Code != want {
		return out, &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "That is not the code.", Err: errors.New("a cause")}
	}
	if in.Setup {
		out.Handle, out.Secret = "handle of "+in.Factor.ID, []byte("kept")
	}
	return out, nil
}

// TestFactorSteps: a factor from its enrolment to its removal.
func TestFactorSteps(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	in := b.enrolment(totp.Method)
	factor, public := b.enroll(in)
	require.Equal(t, everlatch.FactorPending, factor.Status)
	require.Equal(t, everlatch.Metadata{"device": "pixel", "label": "Phone"}, factor.Metadata)
	again, samePublic := b.enroll(in)
	require.Equal(t, factor, again, "the step repeated")
	require.Equal(t, public, samePublic)

	out := b.verify(totp.Method, "000000", setup(factor.ID))
	require.True(t, out.Wrong)
	require.Equal(t, "Invalid TOTP code", out.Refusal.Message)
	require.Equal(t, everlatch.ReasonFactorCode, out.Refusal.Reason)
	out = b.verify(totp.Method, b.code(public["secret"]), nil)
	require.True(t, out.Wrong, "a pending factor passes no challenge")
	repeated := func(in *activities.VerifyFactorInput) { setup(factor.ID)(in); in.EventID = "evt_enabling" }
	for range 2 {
		out = b.verify(totp.Method, b.code(public["secret"]), repeated)
		require.Equal(t, activities.VerifyFactorOutput{FactorID: factor.ID}, out)
	}
	require.Equal(t, []everlatch.Metadata{{
		"auth_identity_id": identityID, "mfa_id": factor.ID, "provider": "totp", "email": email, "actor_type": everlatch.ActorCustomer,
	}}, b.events(everlatch.EventMFAEnabled))
	standing, err := b.store.Standing(t.Context(), identityID, everlatch.ActorCustomer, "")
	require.NoError(t, err)
	require.Equal(t, "sign_in", standing.MFAEnabledBy)

	refused, err := run(b, b.acts.EnrollFactor, b.enrolment(totp.Method))
	require.NoError(t, err)
	require.Equal(t, &everlatch.Refusal{
		Code: everlatch.CodeNotAllowed, Reason: store.FactorActive, Details: map[string]string{"provider": "TOTP"},
	}, refused.Refusal)

	require.True(t, b.verify(totp.Method, b.code(public["secret"]), nil).Wrong, "the code that enabled it")
	b.now = b.now.Add(30 * time.Second)
	use := func(in *activities.VerifyFactorInput) { in.EventID = "evt_use" }
	require.Nil(t, b.verify(totp.Method, b.code(public["secret"]), use).Refusal)
	require.Nil(t, b.verify(totp.Method, b.code(public["secret"]), use).Refusal, "the step repeated")
	require.True(t, b.verify(totp.Method, b.code(public["secret"]), nil).Wrong, "a used code")
	b.now = b.now.Add(30 * time.Second)
	require.Nil(t, b.verify(totp.Method, b.code(public["secret"]), setup(factor.ID)).Refusal, "an enabled factor stays enabled")
	require.Len(t, b.events(everlatch.EventMFAEnabled), 1)

	remove := activities.RemoveFactorInput{
		IdentityID: identityID, FactorID: factor.ID, ActorType: everlatch.ActorCustomer, EventID: "evt_removed", GroupID: "flow",
		RemovedBy: &everlatch.ActorRef{ActorType: everlatch.ActorUser, ActorID: "user_1"}, Reason: "lost phone",
	}
	for range 2 {
		removed, err := run(b, b.acts.RemoveFactor, remove)
		require.NoError(t, err)
		require.Equal(t, everlatch.FactorDisabled, removed.Factor.Status)
	}
	require.Equal(t, []everlatch.Metadata{{
		"auth_identity_id": identityID, "mfa_id": factor.ID, "provider": "totp", "email": email, "actor_type": everlatch.ActorCustomer,
		"disabled_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}, "reason": "lost phone",
	}}, b.events(everlatch.EventMFADisabled))
	require.Equal(t, everlatch.ReasonFactorDisabled, b.verify(totp.Method, "123456", setup(factor.ID)).Refusal.Reason)
	remove.FactorID = "authmfa_none"
	missing, err := run(b, b.acts.RemoveFactor, remove)
	require.NoError(t, err)
	require.Equal(t, store.FactorUnknown, missing.Refusal.Reason)
	require.Equal(t, store.FactorUnknown, b.verify(totp.Method, "123456", setup("authmfa_none")).Refusal.Reason)
}

// TestPendingFactors: replaced, expired or removed, and then never enabled; no one is
// told by mail.
func TestPendingFactors(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	first, public := b.enroll(b.enrolment(totp.Method))
	second, _ := b.enroll(b.enrolment(totp.Method))
	out := b.verify(totp.Method, b.code(public["secret"]), setup(first.ID))
	require.Equal(t, everlatch.ReasonFactorDisabled, out.Refusal.Reason)
	require.False(t, out.Wrong)
	_, err := run(b, b.acts.ExpireFactor, activities.ExpireFactorInput{IdentityID: identityID, FactorID: second.ID})
	require.NoError(t, err)
	require.Empty(t, b.events(everlatch.EventMFADisabled))

	third, _ := b.enroll(b.enrolment(totp.Method))
	_, err = run(b, b.acts.RemoveFactor, activities.RemoveFactorInput{
		IdentityID: identityID, FactorID: third.ID, ActorType: everlatch.ActorCustomer, EventID: "evt_removed", GroupID: "flow",
	})
	require.NoError(t, err)
	require.Equal(t, []everlatch.Metadata{{"auth_identity_id": identityID, "mfa_id": third.ID, "provider": "totp"}},
		b.events(everlatch.EventMFADisabled))
}

// TestSecretsAreBound: docs/weak-spots.md#w64. What is stored for one factor is nothing for
// another one, and is encrypted with the current key after its next use.
func TestSecretsAreBound(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	id, secret := b.enabled()
	stored, err := b.store.Factor(t.Context(), identityID, id)
	require.NoError(t, err)
	require.NotContains(t, stored.Secret, secret)

	b.register("authid_2", "eve@example.com")
	_, err = b.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_eve", IdentityID: "authid_2", Provider: totp.Method, Secret: stored.Secret})
	require.NoError(t, err)
	_, err = run(b, b.acts.VerifyFactor, activities.VerifyFactorInput{
		IdentityID: "authid_2", Method: totp.Method, FactorID: "authmfa_eve", Setup: true, Code: b.ref(b.code(secret)), EventID: "evt_eve",
	})
	require.Error(t, err, "a ciphertext was moved to another record")

	b.vault = vault.New(b.store, ring(t, "k2", "k1"), time.Hour, func() time.Time { return b.now })
	b.acts.Vault, b.acts.Keys.Ring = b.vault, b.vault.Ring()
	require.Nil(t, b.verify(totp.Method, b.code(secret), nil).Refusal)
	renewed, err := b.store.Factor(t.Context(), identityID, id)
	require.NoError(t, err)
	require.True(t, b.acts.Keys.IsCurrent(renewed.Secret))
	b.vault = vault.New(b.store, ring(t, "k2"), time.Hour, func() time.Time { return b.now })
	b.acts.Vault, b.acts.Keys.Ring = b.vault, b.vault.Ring()
	b.now = b.now.Add(time.Minute)
	require.Nil(t, b.verify(totp.Method, b.code(secret), nil).Refusal, "the previous key is gone")
}

// TestMedusaFactors: a secret that Medusa encrypted works, and is then encrypted as ours.
func TestMedusaFactors(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	id, _ := b.enabled()
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	counter := b.now.Unix()/30 - 10
	used, err := b.store.UseFactor(t.Context(), store.FactorUse{
		IdentityID: identityID, FactorID: id, Counter: counter, Secret: new(medusaSecret(t, "of Medusa", secret)),
	})
	require.NoError(t, err)
	require.False(t, used, "a counter never goes back")
	b.now = b.now.Add(time.Hour)
	_, err = b.store.UseFactor(t.Context(), store.FactorUse{
		IdentityID: identityID, FactorID: id, Counter: counter + 100, Secret: new(medusaSecret(t, "of Medusa", secret)),
	})
	require.NoError(t, err)
	require.True(t, b.verify(totp.Method, "000000", nil).Wrong)
	require.Nil(t, b.verify(totp.Method, b.code(secret), nil).Refusal)
	renewed, err := b.store.Factor(t.Context(), identityID, id)
	require.NoError(t, err)
	require.True(t, b.acts.Keys.IsCurrent(renewed.Secret))
}

// medusaSecret encrypts as docs/contract.md#s10-1 says.
func medusaSecret(t *testing.T, key, plaintext string) string {
	t.Helper()
	derived := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(derived[:])
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	iv := []byte("twelve bytes")
	sealed := aead.Seal(nil, iv, []byte(plaintext), nil)
	cut, encode := len(sealed)-16, base64.RawURLEncoding.EncodeToString
	return "v1:" + encode(iv) + ":" + encode(sealed[cut:]) + ":" + encode(sealed[:cut])
}

// TestCustomMethods: one that leaves the machine is asked only on the queue for that,
// several factors of one may be enabled, and what it sent is sent once.
func TestCustomMethods(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	in := b.enrolment("codes")
	slow, err := run(b, b.acts.EnrollFactor, in)
	require.NoError(t, err)
	require.Equal(t, activities.EnrollFactorOutput{Slow: true}, slow)
	require.True(t, b.verify("codes", "right", nil).Slow)
	asked := activities.PromptFactorInput{IdentityID: identityID, Method: "codes", Prompt: b.vault.NewRef(), TTL: time.Minute}
	prompted, err := run(b, b.acts.PromptFactor, asked)
	require.NoError(t, err)
	require.True(t, prompted.Slow)
	require.Zero(t, b.codes.enrolled.Load()+b.codes.prompted.Load())

	patient := func(change func(*activities.VerifyFactorInput)) func(*activities.VerifyFactorInput) {
		return func(in *activities.VerifyFactorInput) { in.Slow = true; change(in) }
	}
	asked.Slow = true
	prompted, err = run(b, b.acts.PromptFactor, asked)
	require.NoError(t, err)
	require.Equal(t, everlatch.ReasonFactorCode, prompted.Refusal.Reason, "without an enabled factor")
	var ids []string
	for i := range 2 {
		in := b.enrolment("codes")
		in.Slow = true
		factor, public := b.enroll(in)
		_, same := b.enroll(in)
		require.Equal(t, public, same, "the step repeated")
		require.EqualValues(t, i+1, b.codes.enrolled.Load())
		require.EqualValues(t, i, public["existing"])
		out := b.verify("codes", "wrong", patient(setup(factor.ID)))
		require.True(t, out.Wrong)
		require.Equal(t, "That is not the code.", out.Refusal.Message)
		require.Nil(t, b.verify("codes", "right", patient(setup(factor.ID))).Refusal)
		ids = append(ids, factor.ID)
	}
	for range 2 {
		prompted, err = run(b, b.acts.PromptFactor, asked)
		require.NoError(t, err)
		require.Equal(t, activities.PromptFactorOutput{Prompts: true, Public: everlatch.Metadata{"sent": float64(1), "to": ids[0]}}, prompted)
	}
	with := func(in *activities.VerifyFactorInput) { in.Prompt = asked.Prompt }
	require.True(t, b.verify("codes", "right", patient(with)).Wrong)
	require.Equal(t, ids[0], b.verify("codes", "right 1", patient(with)).FactorID)
	gone := func(in *activities.VerifyFactorInput) { in.Prompt = b.vault.NewRef() }
	out := b.verify("codes", "right 1", patient(gone))
	require.Equal(t, everlatch.ReasonSecretExpired, out.Refusal.Reason)
	require.False(t, out.Wrong, "an expired request is no wrong code")
	b.codes.fail = errors.New("the gateway is down")
	_, err = run(b, b.acts.VerifyFactor, activities.VerifyFactorInput{IdentityID: identityID, Method: "codes", Code: b.ref("right"), EventID: "e", Slow: true})
	require.Error(t, err, "an outage is no wrong code")

	nothing, err := run(b, b.acts.PromptFactor, activities.PromptFactorInput{IdentityID: identityID, Method: totp.Method})
	require.NoError(t, err)
	require.Equal(t, activities.PromptFactorOutput{}, nothing)
	for _, method := range []string{"", "sms", "recovery_code"} { // docs/weak-spots.md#w65
		in := b.enrolment(method)
		refused, err := run(b, b.acts.EnrollFactor, in)
		require.NoError(t, err)
		require.Equal(t, everlatch.CodeInvalidData, refused.Refusal.Code)
		prompted, err := run(b, b.acts.PromptFactor, activities.PromptFactorInput{Method: method})
		require.NoError(t, err)
		require.Equal(t, everlatch.ReasonMethodUnknown, prompted.Refusal.Reason)
	}
	require.Equal(t, everlatch.ReasonMethodUnknown, b.verify("sms", "1", nil).Refusal.Reason)
}

// TestRecoveryCodes: docs/contract.md#s10-4 and docs/weak-spots.md#w60.
func TestRecoveryCodes(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	in := activities.GenerateRecoveryCodesInput{
		IdentityID: identityID, ActorType: everlatch.ActorCustomer, Count: 3, Codes: b.vault.NewRef(), TTL: time.Hour, EventID: "evt_codes", GroupID: "flow",
	}
	refused, err := run(b, b.acts.GenerateRecoveryCodes, in)
	require.NoError(t, err)
	require.Equal(t, store.NoFactor, refused.Refusal.Reason)
	for _, count := range []int{0, 51} {
		in := in
		in.Count = count
		refused, err := run(b, b.acts.GenerateRecoveryCodes, in)
		require.NoError(t, err)
		require.Equal(t, everlatch.ReasonRecoveryCodeCount, refused.Refusal.Reason)
	}
	id, _ := b.enabled()
	var codes []string
	for range 2 {
		out, err := run(b, b.acts.GenerateRecoveryCodes, in)
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		sealed, err := b.vault.Get(t.Context(), in.Codes)
		require.NoError(t, err)
		var got []string
		require.NoError(t, json.Unmarshal(sealed.Reveal(), &got))
		require.True(t, codes == nil || codes[0] == got[0], "the step repeated")
		codes = got
	}
	require.Len(t, codes, 3)
	require.Regexp(t, `^[0-9a-f]{4}(-[0-9a-f]{4}){7}$`, codes[0])
	require.Equal(t, []everlatch.Metadata{{
		"auth_identity_id": identityID, "count": float64(3), "email": email, "actor_type": everlatch.ActorCustomer,
	}}, b.events(everlatch.EventRecoveryCodesGenerated))

	use := func(code string, change func(*activities.VerifyFactorInput)) activities.VerifyFactorOutput {
		return b.verify(everlatch.MethodRecoveryCode, code, change)
	}
	b.register("authid_2", "eve@example.com")
	require.True(t, use(codes[0], func(in *activities.VerifyFactorInput) { in.IdentityID = "authid_2" }).Wrong, "of another identity")
	repeated := func(in *activities.VerifyFactorInput) { in.EventID = "evt_used" }
	for range 2 {
		require.Equal(t, activities.VerifyFactorOutput{}, use("  "+upper(codes[0])+" ", repeated), "trimmed, in any case")
	}
	require.Equal(t, everlatch.ReasonRecoveryCode, use(codes[0], nil).Refusal.Reason, "used")
	require.True(t, use("", nil).Wrong)
	require.Equal(t, []everlatch.Metadata{{
		"auth_identity_id": identityID, "left": float64(2), "email": email, "actor_type": everlatch.ActorCustomer,
	}}, b.events(everlatch.EventRecoveryCodeUsed))

	b.vault = vault.New(b.store, ring(t, "k2", "k1"), time.Hour, func() time.Time { return b.now })
	b.acts.Vault, b.acts.Keys.Ring = b.vault, b.vault.Ring()
	require.Nil(t, use(codes[1], nil).Refusal, "after a rotation of the keys")

	_, err = run(b, b.acts.RemoveFactor, activities.RemoveFactorInput{IdentityID: identityID, FactorID: id, EventID: "evt_removed", GroupID: "flow"})
	require.NoError(t, err)
	require.True(t, use(codes[2], nil).Wrong, "they go with the last factor")
}

func upper(text string) string {
	out := []byte(text)
	for i, c := range out {
		if c >= 'a' && c <= 'f' {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}
