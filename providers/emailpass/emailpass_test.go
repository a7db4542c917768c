package emailpass_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// docs/contract.md#s3-3: the password is complained about first; recorded in
// register.json (missing-password, missing-both, password-null) and login.json
// (email-array).
func TestTypeChecks(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		in   providers.Input
		want string
	}{
		"nothing":            {providers.Input{}, "Password should be a string"},
		"password missing":   {providers.Input{Body: map[string]any{"email": "a@b.c"}}, "Password should be a string"},
		"password null":      {input("a@b.c", nil), "Password should be a string"},
		"password a number":  {input("a@b.c", 12345678.0), "Password should be a string"},
		"password empty":     {input("a@b.c", ""), "Password should be a string"},
		"both wrong":         {input(1.0, 2.0), "Password should be a string"},
		"email missing":      {providers.Input{Body: map[string]any{"password": "supersecret"}}, "Email should be a string"},
		"email a list":       {input([]any{"a@b.c"}, "supersecret"), "Email should be a string"},
		"email empty":        {input("", "supersecret"), "Email should be a string"},
		"only in the query":  {providers.Input{Query: map[string]string{"email": "a@b.c", "password": "supersecret"}}, "Password should be a string"},
		"email an empty map": {input(map[string]any{}, "supersecret"), "Email should be a string"},
	}
	p, done := setup(t, emailpass.Options{})
	//nolint:paralleltest // one counter of hashes for all
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := p.Identify(tt.in)
			requireRefusal(t, err, everlatch.CodeUnauthorized, tt.want)
			_, err = p.Authenticate(t.Context(), tt.in, nil)
			requireRefusal(t, err, everlatch.CodeUnauthorized, tt.want)
			_, err = p.Register(t.Context(), tt.in, nil)
			requireRefusal(t, err, everlatch.CodeUnauthorized, tt.want)
			require.Empty(t, done.take(), "no work for a malformed request")
		})
	}
}

// docs/weak-spots.md#w22: what is stored is what was typed, what is compared is canonical.
func TestIdentify(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, emailpass.Options{})
	subject, err := p.Identify(input(" Ada.L@EXAMPLE.com ", "supersecret"))
	require.NoError(t, err)
	require.Equal(t, providers.Subject{EntityID: "Ada.L@EXAMPLE.com", EntityKey: "ada.l@example.com"}, subject)

	subject, err = p.Identify(input(strings.Repeat("e", 10_000)+"@example.com", "supersecret"))
	require.NoError(t, err, "too long is just unknown at login")
	require.Empty(t, subject.EntityKey)
}

func TestRegisterThenAuthenticate(t *testing.T) {
	t.Parallel()

	// "supersecret" and a password of characters that no keyboard has together
	// are among the recorded exchanges.
	for _, password := range []string{"supersecret", "пароль🔑🔑", " eight ch", strings.Repeat("p", 256), strings.Repeat("🔑", 256)} {
		t.Run(password[:8], func(t *testing.T) {
			t.Parallel()

			p, done := setup(t, emailpass.Options{})
			verdict, err := p.Register(t.Context(), input("ada@example.com", password), nil)
			require.NoError(t, err)
			require.Nil(t, verdict.UserMetadata)
			require.Len(t, verdict.ProviderMetadata, 1)
			hash := verdict.ProviderMetadata["password"]
			require.Regexp(t, `^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash)
			require.Equal(t, []string{"argon2id"}, done.take())

			rec := &providers.Record{ProviderMetadata: verdict.ProviderMetadata}
			verdict, err = p.Authenticate(t.Context(), input("ada@example.com", password), rec)
			require.NoError(t, err)
			require.Equal(t, providers.Verdict{}, verdict, "nothing to renew")

			for _, other := range []string{password + " ", strings.ToUpper(password), password[1:], "x"} {
				if other == password {
					continue
				}
				_, err = p.Authenticate(t.Context(), input("ada@example.com", other), rec)
				requireWrong(t, err)
			}
		})
	}
}

func TestEveryHashHasItsOwnSalt(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, emailpass.Options{})
	first, second := registered(t, p, "supersecret"), registered(t, p, "supersecret")
	require.NotEqual(t, first.ProviderMetadata["password"], second.ProviderMetadata["password"])
}

func TestDefaultParameters(t *testing.T) {
	t.Parallel()

	p, err := emailpass.New(emailpass.Options{})
	require.NoError(t, err)
	require.Contains(t, registered(t, p, "supersecret").ProviderMetadata["password"], "$argon2id$v=19$m=19456,t=2,p=1$")
}

// docs/contract.md#s3-3 and register.json: again-same-password-before-actor,
// duplicate-email-other-password, duplicate-after-customer-created-….
// docs/weak-spots.md#w19: what is checked before a mail is sent costs no hash.
func TestCheckRegistration(t *testing.T) {
	t.Parallel()
	p, done := setup(t, emailpass.Options{})

	subject, err := p.CheckRegistration(input(" Ada@Example.com", "supersecret"))
	require.NoError(t, err)
	require.Equal(t, providers.Subject{EntityID: "Ada@Example.com", EntityKey: "ada@example.com"}, subject)

	for email, password := range map[string]string{"ada@example.com": "short", "ada": "supersecret", "": "supersecret", "bob@example.com": ""} {
		_, refusal := p.CheckRegistration(input(email, password))
		_, want := p.Register(t.Context(), input(email, password), nil)
		require.Error(t, want)
		require.Equal(t, want, refusal, "what Register refuses")
	}
	require.Empty(t, done.take())
}

func TestRegisterAgain(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		password string
		linked   bool
		hash     string // "" for one of our own
		accepted bool
	}{
		"the same password, not linked": {password: "supersecret", accepted: true},
		"another password":              {password: "different"},
		"a password against the policy": {password: "zzz"},
		"the same password, but linked": {password: "supersecret", linked: true},
		"an imported hash":              {password: "supersecret", hash: recordedHash, accepted: true},
		"a hash that cannot be read":    {password: "supersecret", hash: "???"},
		"a password too long to hash":   {password: strings.Repeat("x", 5000)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, done := setup(t, emailpass.Options{})
			rec := registered(t, p, "supersecret")
			if tt.hash != "" {
				rec = record(tt.hash)
			}
			rec.Linked = tt.linked
			done.take()

			verdict, err := p.Register(t.Context(), input("ada@example.com", tt.password), rec)
			require.Equal(t, providers.Verdict{}, verdict)
			if len(tt.password) <= 4096 {
				require.Len(t, done.take(), 1, "taken and free addresses cost the same")
			}
			if tt.accepted {
				require.NoError(t, err)
				return
			}
			requireRefusal(t, err, everlatch.CodeUnauthorized, "Identity with email already exists")
		})
	}
}

// docs/weak-spots.md#w22: an address that is none is refused when it is registered, and only then.
func TestRegisterNeedsAnAddress(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{})
	for _, email := range []string{"foo", "@", "a b@example.com", strings.Repeat("e", 10_000) + "@example.com", "a@b\x00.c"} {
		_, err := p.Register(t.Context(), input(email, "supersecret"), nil)
		requireRefusal(t, err, everlatch.CodeInvalidData, "Email should be a valid email address")
		require.Empty(t, done.take())

		_, err = p.Authenticate(t.Context(), input(email, "supersecret"), nil)
		requireWrong(t, err)
		require.Equal(t, []string{"argon2id"}, done.take(), "at login it costs the same as any other")
	}
}

// docs/weak-spots.md#w19: whatever is behind an address, a refusal has the same words and costs
// the same hash.
func TestRefusedLoginsCostTheSame(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{})
	own := registered(t, p, "supersecret")
	linked := *own
	linked.Linked = true
	done.take()
	records := map[string]*providers.Record{
		"unknown":                       nil,
		"wrong password":                own,
		"wrong password, linked":        &linked,
		"no hash":                       record(""),
		"no metadata":                   {},
		"hash is not text":              {ProviderMetadata: everlatch.Metadata{"password": 7}},
		"hash cannot be read":           record("$argon2id$what"),
		"hash is too expensive to read": record("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
	}
	//nolint:paralleltest // one counter of hashes for all
	for name, rec := range records {
		t.Run(name, func(t *testing.T) {
			verdict, err := p.Authenticate(t.Context(), input("ada@example.com", "not the password"), rec)
			requireWrong(t, err)
			require.Equal(t, providers.Verdict{}, verdict)
			require.Equal(t, []string{"argon2id"}, done.take())
		})
	}
}

// docs/weak-spots.md#w19: the dummy has the parameters of new hashes, whatever they are, so one
// record of ours and no record are one and the same work.
func TestDummyFollowsTheParameters(t *testing.T) {
	t.Parallel()

	for name, argon := range map[string]emailpass.Argon2{
		"cheap": cheap, "other": {MemoryKiB: 128, Time: 3, Parallelism: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, done := setup(t, emailpass.Options{Argon2: argon})
			for _, rec := range []*providers.Record{nil, registered(t, p, "supersecret")} {
				done.take()
				_, err := p.Authenticate(t.Context(), input("ada@example.com", "wrong"), rec)
				requireWrong(t, err)
				require.Equal(t, []string{"argon2id"}, done.take())
			}
		})
	}
}

// docs/weak-spots.md#w19: while hashes of Medusa remain, every refusal can be made to cost both.
func TestMedusaHashesEvenOut(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{MedusaHashes: true})
	own := registered(t, p, "supersecret")
	done.take()
	//nolint:paralleltest // one counter of hashes for all
	for name, rec := range map[string]*providers.Record{"unknown": nil, "ours": own, "Medusa's": record(recordedHash), "no hash": record("")} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Authenticate(t.Context(), input("ada@example.com", "wrong"), rec)
			requireWrong(t, err)
			require.Equal(t, []string{"argon2id", "medusa-scrypt"}, done.take())
		})
	}
	t.Run("a login that succeeds pays once", func(t *testing.T) {
		_, err := p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), own)
		require.NoError(t, err)
		require.Equal(t, []string{"argon2id"}, done.take())
	})
}

// docs/weak-spots.md#w21: 100 kB of password cost nothing and tell nothing.
func TestHugePasswordsAreNotHashed(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{MaxLength: emailpass.Off})
	own := registered(t, p, "supersecret")
	done.take()
	huge := strings.Repeat("x", 100_000)
	for _, rec := range []*providers.Record{nil, own, record(recordedHash)} {
		_, err := p.Authenticate(t.Context(), input("ada@example.com", huge), rec)
		requireWrong(t, err)
	}
	_, err := p.Register(t.Context(), input("ada@example.com", huge), nil)
	requireRefusal(t, err, everlatch.CodeInvalidData, "Password must have at most 4096 bytes.")
	require.Empty(t, done.take())
}

func TestErrorsHoldNoPasswordAndNoHash(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, emailpass.Options{})
	for _, stored := range []string{"plain text password", recordedHash + "x", "$argon2id$v=19$m=1$salt$key", "$2b$99$" + strings.Repeat("a", 53)} {
		_, err := p.Authenticate(t.Context(), input("ada@example.com", "hunter2hunter2"), record(stored))
		requireWrong(t, err)
		e, ok := err.(*everlatch.Error) //nolint:errorlint // the outermost error is what is shown
		require.True(t, ok)
		require.NotContains(t, e.Err.Error(), "hunter2")
		require.NotContains(t, e.Err.Error(), stored)
	}
}
