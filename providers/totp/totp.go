package totp

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238; authenticator apps understand no other hash
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Method names the method in routes and records.
const Method = "totp"

// secretBytes is the length of a secret: that of the hash (RFC 4226, section 4).
const secretBytes = 20

// Provider is the method. It is safe for concurrent use.
type Provider struct {
	issuer string
	shape  shape
	window int64
	now    func() time.Time
}

var _ providers.SecondFactor = (*Provider)(nil)

// New returns the method, or an error that names everything that is wrong.
func New(o Options) (*Provider, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // unless a program or a test brings its own
	}
	return &Provider{
		issuer: cmp.Or(o.Issuer, defaultIssuer), window: int64(or(o.Window, defaultWindow)), now: o.Now,
		shape: shape{digits: or(o.Digits, defaultDigits), period: or(o.Period, defaultPeriod)},
	}, nil
}

// Method implements [providers.SecondFactor].
func (p *Provider) Method() string { return Method }

// AMR implements [providers.MethodReferrer].
func (p *Provider) AMR() []string { return []string{"otp"} }

// DisplayName implements [providers.SecondFactor].
func (p *Provider) DisplayName() string { return "TOTP" }

var errIssuer = &everlatch.Error{
	Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonFactorText, Message: "Label and issuer must not contain control characters.",
}

// Enroll makes a secret. The user reads it as text or as a link, which the page shows as
// a QR code.
func (p *Provider) Enroll(_ context.Context, in providers.FactorEnrollment) (out providers.EnrolledFactor, err error) {
	issuer, label := cmp.Or(in.Issuer, p.issuer), cmp.Or(in.Label, in.AuthIdentityID)
	if strings.ContainsFunc(issuer+label, isControl) {
		return out, errIssuer
	}
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
	if out.Secret, err = json.Marshal(stored{Base32: secret, Digits: p.shape.digits, Period: p.shape.period}); err != nil {
		return out, err
	}
	out.Public = everlatch.Metadata{"secret": secret, "otpauth_url": p.link(issuer, label, secret)}
	return out, nil
}

// link is the address that authenticator apps read (docs/contract.md#s10-1). A colon stays
// one in the path.
func (p *Provider) link(issuer, label, secret string) string {
	path := strings.ReplaceAll(escaped(issuer)+":"+escaped(label), "%3A", ":")
	link := "otpauth://totp/" + path + "?secret=" + secret + "&issuer=" + escaped(issuer)
	if p.shape.digits != defaultDigits {
		link += "&digits=" + strconv.Itoa(p.shape.digits)
	}
	if p.shape.period != defaultPeriod {
		link += "&period=" + strconv.Itoa(p.shape.period)
	}
	return link
}

// unescaped are the characters that encodeURIComponent leaves as they are, and
// [url.QueryEscape] does not.
var unescaped = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")

// escaped is encodeURIComponent, by which Medusa writes these links.
func escaped(text string) string { return unescaped.Replace(url.QueryEscape(text)) }

// stored is the secret of a factor. Medusa stored the Base32 text alone.
type stored struct {
	Base32 string `json:"base32"`
	Digits int    `json:"digits"`
	Period int    `json:"period"`
}

var errSecret = errors.New("totp: the stored secret is not one")

// read reads the secret of a factor. One that came from Medusa has the shape of the
// options.
func (p *Provider) read(secret []byte) (key []byte, s shape, err error) {
	text, s := string(secret), p.shape
	if strings.HasPrefix(text, "{") {
		var in stored
		if json.Unmarshal(secret, &in) != nil || in.Digits < 6 || in.Digits > 8 || in.Period < 1 {
			return nil, s, errSecret
		}
		text, s = in.Base32, shape{digits: in.Digits, period: in.Period}
	}
	key, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(text), "="))
	if err != nil || len(key) == 0 {
		return nil, s, errSecret
	}
	return key, s, nil
}

// Code returns the code that an authenticator app shows at a time, for a secret as
// [Provider.Enroll] hands it out, and the default options. It is for tests.
func Code(secret string, at time.Time) (string, error) {
	p := &Provider{shape: shape{digits: defaultDigits, period: defaultPeriod}}
	key, s, err := p.read([]byte(secret))
	if err != nil {
		return "", err
	}
	return s.code(key, at.Unix()/int64(s.period)), nil
}

var errCode = &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorCode, Message: "Invalid TOTP code"}

// Verify implements [providers.SecondFactor]. The counter of its verdict is the time
// step of the code; a step that was used, and one before it, is refused.
func (p *Provider) Verify(_ context.Context, in providers.FactorAnswer) (out providers.FactorVerdict, err error) {
	key, s, err := p.read(in.Factor.Secret)
	if err != nil {
		return out, err
	}
	if !s.isCode(in.Code) {
		return out, errCode
	}
	current := p.now().Unix() / int64(s.period)
	for step := max(current-p.window, in.Factor.Counter+1, 1); step <= current+p.window; step++ {
		if subtle.ConstantTimeCompare([]byte(s.code(key, step)), []byte(in.Code)) == 1 {
			return providers.FactorVerdict{Counter: step}, nil
		}
	}
	return out, errCode
}

// isCode reports that a text is made of the right number of digits and nothing else.
func (s shape) isCode(text string) bool {
	return len(text) == s.digits && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// code is the one-time password of a time step (RFC 4226, section 5.3).
func (s shape) code(key []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // steps are positive
	mac := hmac.New(sha1.New, key)
	_, _ = mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:offset+4]) & 0x7fffffff
	modulus := uint32(1)
	for range s.digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", s.digits, number%modulus)
}
