package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRenameFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token, id := w.withFactor("a@example.com")
	path := "/auth/mfa/factors/" + id
	renamed := w.do("POST", path, object{"label": "  Work phone "}, bearer(token))
	require.Equal(t, 200, renamed.StatusCode, renamed.body)
	require.Equal(t, object{"device": "pixel", "label": "Work phone"}, renamed.value(t, "mfa_factor.metadata"))
	require.Equal(t, "enabled", renamed.text(t, "mfa_factor.status"))
	listed := w.do("GET", "/auth/mfa/factors", nil, bearer(token))
	require.Equal(t, `{"mfa_factors":[`+strings.TrimSuffix(strings.TrimPrefix(renamed.body, `{"mfa_factor":`), "}")+`]}`, listed.body)

	longest := strings.Repeat("ä", 64) // characters, not bytes
	require.Equal(t, 200, w.do("POST", path, object{"label": longest}, bearer(token)).StatusCode)
	for body, want := range map[string]string{
		`{}`:                            "Field 'label' is required",
		`{"label":7}`:                   "Expected type: 'string' for field 'label', got: '7'",
		`{"label":"` + longest + `x"}`:  "Value for field 'label' too big, expected at most: '64'",
		`{"label":"x","status":"live"}`: "Unrecognized fields: 'status'",
	} {
		r := w.send(w.raw, "POST", path, body, bearer(token))
		require.Equal(t, 400, r.StatusCode, r.body)
		require.Contains(t, r.text(t, "message"), want)
	}
	other, _ := w.withFactor("b@example.com")
	pending := w.login("customer", "a@example.com") // waits for the second factor
	for _, tt := range []struct {
		token, path string
		status      int
	}{
		{other, path, 404},
		{token, "/auth/mfa/factors/authmfa_nope", 404},
		{"", path, 401},
		{pending, path, 401},
	} {
		require.Equal(t, tt.status, w.do("POST", tt.path, object{"label": "Mine"}, bearer(tt.token)).StatusCode)
	}
	require.Contains(t, w.do("GET", "/auth/mfa/factors", nil, bearer(token)).body, `"label":"`+longest+`"`)

	unnamed := w.do("POST", path, object{"label": nil}, bearer(token))
	require.Equal(t, object{"device": "pixel"}, unnamed.value(t, "mfa_factor.metadata"))
	require.Equal(t, 200, w.do("DELETE", path, nil, bearer(token)).StatusCode)
	gone := w.do("POST", path, object{"label": "Phone"}, bearer(token))
	require.Equal(t, 404, gone.StatusCode, "a disabled factor has no use for a name")
	require.Equal(t, `MFA factor with id "`+id+`" was not found`, gone.text(t, "message"))
}
