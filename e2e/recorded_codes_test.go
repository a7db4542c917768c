package e2e_test

import (
	"bytes"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// learnCode reads the live code for a recorded one out of the mail. Codes for other
// addresses than those of mails are not mailed, and no recording confirms one.
func (w *world) learnCode(t *testing.T, to, entityType, recorded string) {
	t.Helper()
	if entityType != "email" || recorded == "" {
		return
	}
	w.mailed["code "+to]++
	w.codes[recorded] = w.verificationCode(t, to, w.mailed["code "+to])
}

// verificationCode returns the code of the link in the n-th mail to an address.
func (p *process) verificationCode(t *testing.T, to string, n int) string {
	t.Helper()
	links, _ := p.mailTo(t, to, "auth.verification_requested", n)["links"].([]any)
	for _, link := range links {
		u, err := url.Parse(link.(string)) //nolint:forcetypeassert // a test
		require.NoError(t, err)
		if code := u.Query().Get("code"); code != "" {
			return code
		}
	}
	t.Fatal("no link in the mail")
	return ""
}

// withLiveCodes puts live codes into a body in the place of recorded ones.
func (w *world) withLiveCodes(body []byte) []byte {
	for recorded, live := range w.codes {
		body = bytes.ReplaceAll(body, []byte(recorded), []byte(live))
	}
	return body
}

// confirmCode does what the recordings leave out.
func (w *world) confirmCode(t *testing.T, recorded string) {
	t.Helper()
	a := w.call(t, "POST", "/auth/verification/confirm", object{"code": w.codes[recorded]})
	require.Equal(t, 200, a.status, "%s", a.raw)
}
