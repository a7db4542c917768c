package totp_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/totp"
)

// rfcSecret is the one of RFC 6238, appendix B: "12345678901234567890".
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func provider(t *testing.T, at int64, change func(*totp.Options)) *totp.Provider {
	t.Helper()
	o := totp.Options{Now: func() time.Time { return time.Unix(at, 0) }}
	if change != nil {
		change(&o)
	}
	p, err := totp.New(o)
	require.NoError(t, err)
	return p
}

func eight(o *totp.Options)      { o.Digits = new(8) }
func exact(o *totp.Options)      { o.Window = new(0) }
func exactEight(o *totp.Options) { eight(o); exact(o) }

func answer(secret, code string, counter int64) providers.FactorAnswer {
	return providers.FactorAnswer{Code: code, Factor: providers.FactorRecord{Secret: []byte(secret), Counter: counter}}
}

// TestVectors are those of RFC 6238, appendix B, and their last six digits, which are
// what a shorter code is.
func TestVectors(t *testing.T) {
	t.Parallel()

	for at, code := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		verdict, err := provider(t, at, exactEight).Verify(t.Context(), answer(rfcSecret, code, 0))
		require.NoError(t, err, code)
		require.Equal(t, at/30, verdict.Counter)
		_, err = provider(t, at, exact).Verify(t.Context(), answer(rfcSecret, code[2:], 0))
		require.NoError(t, err, code[2:])
		_, err = provider(t, at+30, exactEight).Verify(t.Context(), answer(rfcSecret, code, 0))
		require.ErrorIs(t, err, everlatch.ErrNotAllowed, "a period later")
	}
}

// TestWindow: codes of the steps beside the current one are accepted, in any order
// never one twice, and none that is older than one that was used.
func TestWindow(t *testing.T) {
	t.Parallel()

	const at, step = 1234567890, int64(1234567890 / 30)
	codes := map[int64]string{}
	for offset := int64(-3); offset <= 3; offset++ {
		code, err := totp.Code(rfcSecret, time.Unix(at+30*offset, 0))
		require.NoError(t, err)
		codes[offset] = code
	}
	for offset, code := range codes {
		for window := range 4 {
			p := provider(t, at, func(o *totp.Options) { o.Window = &window })
			verdict, err := p.Verify(t.Context(), answer(rfcSecret, code, 0))
			if max(offset, -offset) > int64(window) {
				require.EqualError(t, err, "Invalid TOTP code")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, step+offset, verdict.Counter)
			_, err = p.Verify(t.Context(), answer(rfcSecret, code, verdict.Counter))
			require.EqualError(t, err, "Invalid TOTP code", "a used step")
			_, err = p.Verify(t.Context(), answer(rfcSecret, code, verdict.Counter+1))
			require.EqualError(t, err, "Invalid TOTP code", "a step before a used one")
			_, err = p.Verify(t.Context(), answer(rfcSecret, code, verdict.Counter-1))
			require.NoError(t, err)
		}
	}
}

// TestCodes: digits only, and exactly as many as there have to be.
func TestCodes(t *testing.T) {
	t.Parallel()

	p := provider(t, 1111111111, nil) // 050471
	for _, code := range []string{"", "50471", "0050471", "050471 ", " 050471", "050 471", "+50471", "05047x", "٠٥٠٤٧١", "14050471"} {
		_, err := p.Verify(t.Context(), answer(rfcSecret, code, 0))
		require.EqualError(t, err, "Invalid TOTP code", "%q", code)
	}
	_, err := p.Verify(t.Context(), answer(rfcSecret, "050471", 0))
	require.NoError(t, err)
	_, err = p.Verify(t.Context(), answer(strings.ToLower(rfcSecret)+"====", "050471", 0))
	require.NoError(t, err, "as other programs write Base32")
	_, err = totp.Code("!", time.Time{})
	require.Error(t, err)
	for _, secret := range []string{"", "!", "{", `{"base32":"A","digits":1,"period":30}`} {
		_, err = p.Verify(t.Context(), answer(secret, "050471", 0))
		require.Error(t, err)
		require.NotErrorIs(t, err, everlatch.ErrNotAllowed, "a damaged record is an outage, and no wrong code")
	}
}

// TestEnroll: a new secret each time, and the link of docs/contract.md#s10-1.
func TestEnroll(t *testing.T) {
	t.Parallel()

	p := provider(t, 1234567890, nil)
	seen := map[string]bool{}
	links := map[[2]string]string{
		{"My Phone", ""}:               "otpauth://totp/Medusa:My%20Phone?secret=S&issuer=Medusa",
		{"", "Other: Issuer & co"}:     "otpauth://totp/Other:%20Issuer%20%26%20co:authid_1?secret=S&issuer=Other%3A%20Issuer%20%26%20co",
		{"a@b.co+x/y?z", "Ärger (!*)"}: "otpauth://totp/%C3%84rger%20(!*):a%40b.co%2Bx%2Fy%3Fz?secret=S&issuer=%C3%84rger%20(!*)",
	}
	for in, want := range links {
		out, err := p.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1", Label: in[0], Issuer: in[1]})
		require.NoError(t, err)
		secret, _ := out.Public["secret"].(string)
		require.Regexp(t, `^[A-Z2-7]{32}$`, secret)
		require.False(t, seen[secret])
		seen[secret] = true
		link, _ := out.Public["otpauth_url"].(string)
		require.Equal(t, strings.ReplaceAll(want, "secret=S", "secret="+secret), link)
		parsed, err := url.Parse(link)
		require.NoError(t, err)
		require.Equal(t, secret, parsed.Query().Get("secret"))
	}
	longer := provider(t, 1234567890, func(o *totp.Options) { o.Digits, o.Period, o.Issuer = new(8), new(60), "Acme" })
	out, err := longer.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1"})
	require.NoError(t, err)
	require.Regexp(t, `^otpauth://totp/Acme:authid_1\?secret=[A-Z2-7]{32}&issuer=Acme&digits=8&period=60$`, out.Public["otpauth_url"])
	_, err = p.Enroll(t.Context(), providers.FactorEnrollment{Label: "a\nb"})
	require.ErrorIs(t, err, everlatch.ErrInvalidData)
}

// TestShapeStays: a factor keeps the shape of its codes when the options change.
func TestShapeStays(t *testing.T) {
	t.Parallel()

	raw := `{"base32":"` + rfcSecret + `","digits":8,"period":30}`
	_, err := provider(t, 59, nil).Verify(t.Context(), answer(raw, "94287082", 0))
	require.NoError(t, err)
	_, err = provider(t, 59, nil).Verify(t.Context(), answer(raw, "287082", 0))
	require.Error(t, err)
}

func TestOptions(t *testing.T) {
	t.Parallel()

	for want, o := range map[string]totp.Options{
		"TOTP digits must be 6, 7, or 8":                  {Digits: new(5)},
		"TOTP period must be a positive integer":          {Period: new(0)},
		"TOTP period must be at most 3600":                {Period: new(3601)},
		"TOTP window must be a non-negative integer":      {Window: new(-1)},
		"TOTP window must be at most 10":                  {Window: new(11)},
		"TOTP issuer must not contain control characters": {Issuer: "a\tb"},
	} {
		_, err := totp.New(o)
		require.EqualError(t, err, want)
	}
	_, err := totp.New(totp.Options{Digits: new(9), Period: new(-1)})
	require.EqualError(t, err, "TOTP digits must be 6, 7, or 8\nTOTP period must be a positive integer")
}
