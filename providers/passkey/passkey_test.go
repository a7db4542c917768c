package passkey_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
)

const origin = "https://www.shop.example"

func options() passkey.Options {
	return passkey.Options{
		RPID: "shop.example", RPName: "Shop", Origins: []string{origin, "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"},
		RelatedOrigins: []string{"https://shop.test"}, Now: func() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) },
	}
}

func newProvider(t *testing.T, change ...func(*passkey.Options)) *passkey.Provider {
	t.Helper()
	o := options()
	for _, c := range change {
		c(&o)
	}
	p, err := passkey.New(o)
	require.NoError(t, err)
	return p
}

func newChallenge() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// registered is a device with a passkey of one identity, and what is stored of it.
func registered(t *testing.T, p *passkey.Provider, d *passkeytest.Device) providers.PasskeyRecord {
	t.Helper()
	challenge, handle := newChallenge(), providers.PasskeyHandle("authid_1")
	raw, err := p.Create(challenge, providers.PasskeyUser{Handle: handle, Name: "ada@example.com"})
	require.NoError(t, err)
	answer, err := d.Create(raw)
	require.NoError(t, err)
	rec, err := p.Register(answer, challenge, handle)
	require.NoError(t, err)
	return rec
}

// signs answers a challenge for the first key, and verifies the answer.
func signs(t *testing.T, p *passkey.Provider, d *passkeytest.Device, rec *providers.PasskeyRecord) (providers.PasskeyUse, error) {
	t.Helper()
	challenge := newChallenge()
	raw, err := p.Request(challenge)
	require.NoError(t, err)
	answer, err := d.Get(raw)
	require.NoError(t, err)
	claim, err := p.Read(answer)
	require.NoError(t, err)
	require.Equal(t, base64.RawURLEncoding.EncodeToString(d.Keys[len(d.Keys)-1].ID), claim.ID)
	return p.Verify(answer, challenge, rec)
}

func requireReason(t *testing.T, err error, reason everlatch.Reason) {
	t.Helper()
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: reason})
}

func TestPasskeySignsIn(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	d := &passkeytest.Device{Origin: origin, Verifies: true, Counts: true}
	rec := registered(t, p, d)
	require.Equal(t, "ada@example.com", d.Keys[0].Name)
	require.NotContains(t, string(d.Keys[0].Handle), "authid", "the handle tells nothing")
	require.Zero(t, rec.Counter)

	use, err := signs(t, p, d, &rec)
	require.NoError(t, err)
	require.EqualValues(t, 1, use.Counter)
	require.True(t, use.UserVerified)
	require.False(t, use.Synced)

	d.Verifies = false
	rec.Counter, rec.Data = use.Counter, use.Data
	use, err = signs(t, p, d, &rec)
	require.NoError(t, err, "preferred is not required")
	require.False(t, use.UserVerified)
	d.Origin = "https://shop.test"
	rec.Counter = use.Counter
	_, err = signs(t, p, d, &rec)
	require.NoError(t, err, "a related origin")
}

func TestSyncedPasskey(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	d := &passkeytest.Device{Origin: origin, Verifies: true, Synced: true}
	rec := registered(t, p, d)
	for range 2 {
		use, err := signs(t, p, d, &rec)
		require.NoError(t, err)
		require.Zero(t, use.Counter, "synced passkeys count nothing")
		require.True(t, use.Synced)
		require.EqualValues(t, 0x1d, use.Data["flags"], "present, verified, may be and is backed up")
		rec.Data = use.Data
	}
	d.Synced = false
	_, err := signs(t, p, d, &rec)
	requireReason(t, err, everlatch.ReasonPasskeyRefused) // whether it may be backed up never changes
}

// Everything that an attacker can bend is refused, with one answer.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*passkeytest.Device){
		"another site":             func(d *passkeytest.Device) { d.Origin = "https://evil.example" },
		"a site of a like name":    func(d *passkeytest.Device) { d.Origin = "https://www.shop.example.evil.example" },
		"no https":                 func(d *passkeytest.Device) { d.Origin = "http://www.shop.example" },
		"another port":             func(d *passkeytest.Device) { d.Origin = origin + ":8443" },
		"another domain":           func(d *passkeytest.Device) { d.RPID = "evil.example" },
		"another challenge":        func(d *passkeytest.Device) { d.Challenge = newChallenge() },
		"an answer of creation":    func(d *passkeytest.Device) { d.Type = "webauthn.create" },
		"no user handle":           func(d *passkeytest.Device) { d.Handle = "-" },
		"the handle of another":    func(d *passkeytest.Device) { d.Handle = string(providers.PasskeyHandle("authid_2")) },
		"no one was there":         func(d *passkeytest.Device) { d.Absent = true },
		"a key of the same id":     func(d *passkeytest.Device) { forge(t, d) },
		"the key of another id":    func(d *passkeytest.Device) { d.Keys[0].ID = make([]byte, 32) },
		"a device without any PIN": func(d *passkeytest.Device) { d.Verifies = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, func(o *passkey.Options) { o.UserVerification = "required" })
			d := &passkeytest.Device{Origin: origin, Verifies: true}
			rec := registered(t, p, d)
			_, err := signs(t, p, d, &rec)
			require.NoError(t, err)
			lie(d)
			_, err = signs(t, p, d, &rec)
			requireReason(t, err, everlatch.ReasonPasskeyRefused)
			require.Equal(t, "passkey_refused", err.Error())
		})
	}

	t.Run("an unknown passkey", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		d := &passkeytest.Device{Origin: origin}
		registered(t, p, d)
		_, err := signs(t, p, d, nil)
		requireReason(t, err, everlatch.ReasonPasskeyRefused)
	})
	for name, lie := range map[string]func(*passkeytest.Device){
		"another site":      func(d *passkeytest.Device) { d.Origin = "https://evil.example" },
		"another domain":    func(d *passkeytest.Device) { d.RPID = "evil.example" },
		"another challenge": func(d *passkeytest.Device) { d.Challenge = newChallenge() },
		"a sign-in":         func(d *passkeytest.Device) { d.Type = "webauthn.get" },
		"no one was there":  func(d *passkeytest.Device) { d.Absent = true },
	} {
		t.Run("registered with "+name, func(t *testing.T) {
			t.Parallel()
			p, d := newProvider(t), &passkeytest.Device{Origin: origin}
			lie(d)
			challenge, handle := newChallenge(), providers.PasskeyHandle("authid_1")
			raw, err := p.Create(challenge, providers.PasskeyUser{Handle: handle})
			require.NoError(t, err)
			answer, err := d.Create(raw)
			require.NoError(t, err)
			_, err = p.Register(answer, challenge, handle)
			requireReason(t, err, everlatch.ReasonPasskeyRefused)
		})
	}
}

// forge gives the device another key under the id of its first one.
func forge(t *testing.T, d *passkeytest.Device) {
	t.Helper()
	id := d.Keys[0].ID
	other := &passkeytest.Device{Origin: d.Origin, Verifies: true}
	registered(t, newProvider(t), other)
	d.Keys[0] = other.Keys[0]
	d.Keys[0].ID = id
}

func TestClonedPasskey(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	d := &passkeytest.Device{Origin: origin, Counts: true}
	rec := registered(t, p, d)
	clone := &passkeytest.Device{Origin: origin, Counts: true, Keys: []*passkeytest.Key{d.Keys[0].Clone()}}
	for range 3 {
		use, err := signs(t, p, d, &rec)
		require.NoError(t, err)
		rec.Counter, rec.Data = use.Counter, use.Data
	}
	_, err := signs(t, p, clone, &rec)
	requireReason(t, err, everlatch.ReasonPasskeyCloned)
	clone.Counts = false
	_, err = signs(t, p, clone, &rec)
	requireReason(t, err, everlatch.ReasonPasskeyCloned) // nor does it help not to count
	forge(t, clone)
	_, err = signs(t, p, clone, &rec)
	requireReason(t, err, everlatch.ReasonPasskeyRefused) // without the key it tells nothing
}

func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for _, text := range []string{
		"", "null", "7", `{}`, `{"id":"x","response":{"clientDataJSON":"!!"}}`, `{"id":"x","response":{"clientDataJSON":"e30"}}`,
		strings.Repeat("[", 5000), `{"id":"` + strings.Repeat("A", passkey.MaxAnswer) + `"}`,
	} {
		_, err := p.Read([]byte(text))
		requireReason(t, err, everlatch.ReasonPasskeyRefused)
		_, err = p.Verify([]byte(text), newChallenge(), nil)
		requireReason(t, err, everlatch.ReasonPasskeyRefused)
		_, err = p.Register([]byte(text), newChallenge(), []byte("handle"))
		requireReason(t, err, everlatch.ReasonPasskeyRefused)
	}
}

// What browsers get is what PublicKeyCredential.parse…OptionsFromJSON takes.
func TestOptionsForBrowsers(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(o *passkey.Options) { o.Timeout = 90 * time.Second })
	challenge := newChallenge()
	raw, err := p.Request(challenge)
	require.NoError(t, err)
	require.JSONEq(t, `{"challenge":"`+challenge+`","timeout":90000,"rpId":"shop.example","userVerification":"preferred"}`, string(raw))

	raw, err = p.Create(challenge, providers.PasskeyUser{Handle: []byte("handle"), Existing: []string{"AAEC"}})
	require.NoError(t, err)
	var created map[string]any
	require.NoError(t, json.Unmarshal(raw, &created))
	require.Equal(t, map[string]any{"id": "shop.example", "name": "Shop"}, created["rp"])
	require.Equal(t, map[string]any{"id": "aGFuZGxl", "name": "Shop", "displayName": "Shop"}, created["user"])
	require.Equal(t, challenge, created["challenge"])
	require.Equal(t, []any{map[string]any{"type": "public-key", "id": "AAEC"}}, created["excludeCredentials"])
	require.Equal(t, map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "preferred"}, created["authenticatorSelection"])
	require.Equal(t, "none", created["attestation"])
	require.Contains(t, created["pubKeyCredParams"], map[string]any{"type": "public-key", "alg": float64(-7)})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*passkey.Options)
		want   string
	}{
		"an address":               {func(o *passkey.Options) { o.RPID = "127.0.0.1" }, "rp_id: \"127.0.0.1\" is not a domain"},
		"no domain":                {func(o *passkey.Options) { o.RPID = "https://shop.example" }, "is not a domain"},
		"no origins":               {func(o *passkey.Options) { o.Origins = nil }, "origins: list the origins"},
		"another domain":           {func(o *passkey.Options) { o.Origins = []string{"https://shop.test"} }, "neither on shop.example nor on a subdomain"},
		"http":                     {func(o *passkey.Options) { o.Origins = []string{"http://shop.example"} }, "is not https"},
		"a page":                   {func(o *passkey.Options) { o.Origins = []string{"https://shop.example/login"} }, "is not an origin"},
		"related, but its own":     {func(o *passkey.Options) { o.RelatedOrigins = []string{origin} }, "list it in origins"},
		"too many related domains": {func(o *passkey.Options) { o.RelatedOrigins = many() }, "related_origins: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options()
			tt.change(&o)
			_, err := passkey.New(o)
			require.ErrorContains(t, err, tt.want)
		})
	}
	o := options()
	o.RPID, o.Origins, o.RelatedOrigins = "localhost", []string{"http://localhost:8000"}, nil
	p, err := passkey.New(o)
	require.NoError(t, err)
	require.Equal(t, passkey.DefaultTimeout, p.Timeout())
	require.Empty(t, p.RelatedOrigins())
}

func many() (out []string) {
	for _, label := range []string{"a", "b", "c", "d", "e", "f"} {
		out = append(out, "https://"+label+".test")
	}
	return out
}
