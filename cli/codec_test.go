package cli_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func codecEnviron() []string {
	return []string{
		"EVERLATCH_ENCRYPTION_KEYS=k1:" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")),
		"TEMPORAL_CODEC_TOKEN=a token of the tests",
	}
}

func TestCodecCommand(t *testing.T) {
	t.Parallel()
	p := begin(t, codecEnviron(), "codec", "--listen", "127.0.0.1:0")
	url := p.stdout.await(t, p.ended, `The codec is at (http://\S+)`)
	for token, status := range map[string]int{"a token of the tests": http.StatusOK, "another": http.StatusUnauthorized} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/encode", strings.NewReader(`{"payloads":[]}`))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := (&http.Client{Timeout: time.Minute}).Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, status, res.StatusCode)
	}
}

func TestCodecCommandRefusesWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"open to a network":    {codecEnviron(), []string{"--open", "--listen", "0.0.0.0:0"}, "it needs a loopback address"},
		"no answer to who":     {codecEnviron()[:1], nil, "say who may use the codec"},
		"no keys and no data":  {nil, []string{"--open", "--data", t.TempDir() + "/none"}, "none"},
		"an origin that is no": {codecEnviron(), []string{"--origin", "*"}, `the origin "*"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := execute(t, tt.environ, "", append([]string{"codec", "--listen", "127.0.0.1:0"}, tt.args...)...)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
