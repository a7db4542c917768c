package app_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
)

const codecToken = "a token of the tests, long enough"

// codecKeys are those of docs/codec.md.
func codecKeys(t *testing.T) config.Config {
	t.Helper()
	cfg := settings(t)
	cfg.Database.URL = "" // with the keys of the configuration alone
	cfg.Encryption.Keys = config.Secret("k1:" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")))
	return cfg
}

func codecServer(t *testing.T, o app.CodecOptions) *httptest.Server {
	t.Helper()
	handler, err := app.NewCodec(codecKeys(t), o)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func remoteCodec(url, token string) converter.PayloadCodec {
	return converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
		Endpoint: url, ModifyRequest: func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		},
	})
}

func payload(text string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(text)}
}

// Another program reads and writes payloads by the SDK's client of the protocol.
func TestCodecEndpoint(t *testing.T) {
	t.Parallel()
	server := codecServer(t, app.CodecOptions{Token: codecToken})
	codec := remoteCodec(server.URL, codecToken)
	sealed, err := codec.Encode([]*commonpb.Payload{payload(`"secret words"`)})
	require.NoError(t, err)
	require.Equal(t, "binary/everlatch-sealed", string(sealed[0].Metadata["encoding"]))
	require.NotContains(t, string(sealed[0].Data), "secret words")
	opened, err := codec.Decode(sealed)
	require.NoError(t, err)
	require.True(t, proto.Equal(payload(`"secret words"`), opened[0]))
	_, err = codec.Decode([]*commonpb.Payload{payload(`"in clear"`)})
	require.Error(t, err)
	_, err = remoteCodec(server.URL, "another token").Decode(sealed)
	require.Error(t, err)
}

func TestCodecAsksTheServiceForAdministrators(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/admin/users/me" || r.Header.Get("Authorization") != "Bearer an administrator's" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(service.Close)
	server := codecServer(t, app.CodecOptions{Service: service.URL + "/"})

	for range 3 {
		_, err := remoteCodec(server.URL, "an administrator's").Encode([]*commonpb.Payload{payload("1")})
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, asked.Load(), "a token is good for a while")
	_, err := remoteCodec(server.URL, "a customer's").Encode([]*commonpb.Payload{payload("1")})
	require.Error(t, err)
}

// With a database, the codec seals with the key in use, and opens what previous ones have
// sealed. Without an answer of the database it does neither: it would use old keys.
func TestCodecFollowsTheRing(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	handler, err := app.NewCodec(cfg, app.CodecOptions{Token: codecToken})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	codec := remoteCodec(server.URL, codecToken)
	_, err = codec.Encode([]*commonpb.Payload{payload("1")})
	require.ErrorContains(t, err, "Service Unavailable")

	a, err := app.New(t.Context(), cfg, app.WithParts(0), app.WithMigrations())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	before, err := codec.Encode([]*commonpb.Payload{payload("1")})
	require.NoError(t, err)
	added, err := a.Keys().Rotate(t.Context(), keys.Codec, false)
	require.NoError(t, err)
	s, err := store.Open(t.Context(), cfg.Database.URL.Reveal(), time.Now)
	require.NoError(t, err)
	require.NoError(t, s.ActivateRingKey(t.Context(), keys.Codec, added.ID, time.Now()))
	require.NoError(t, s.Close())
	require.Eventually(t, func() bool { // it reads the ring at most once a second
		sealed, err := codec.Encode([]*commonpb.Payload{payload("1")})
		return err == nil && string(sealed[0].Metadata["key"]) == added.ID
	}, 30*time.Second, 100*time.Millisecond)
	opened, err := codec.Decode(before)
	require.NoError(t, err)
	require.True(t, proto.Equal(payload("1"), opened[0]))
}

// A web page uses the codec only from an origin that is allowed, and with a token.
func TestCodecOrigins(t *testing.T) {
	t.Parallel()
	const ui = "http://localhost:8233"
	server := codecServer(t, app.CodecOptions{Token: codecToken, Origins: []string{ui}})
	for name, tt := range map[string]struct {
		method, origin, token string
		status                int
	}{
		"a preflight":               {http.MethodOptions, ui, "", http.StatusNoContent},
		"a preflight from anywhere": {http.MethodOptions, "https://evil.example", "", http.StatusForbidden},
		"the UI":                    {http.MethodPost, ui, codecToken, http.StatusOK},
		"another page":              {http.MethodPost, "https://evil.example", codecToken, http.StatusForbidden},
		"a page without an origin":  {http.MethodPost, "null", codecToken, http.StatusForbidden},
		"no token":                  {http.MethodPost, ui, "", http.StatusUnauthorized},
		"no browser":                {http.MethodPost, "", codecToken, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+"/encode", strings.NewReader(`{"payloads":[]}`))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if tt.token != "" {
				r.Header.Set("Authorization", "Bearer "+tt.token)
			}
			res, err := (&http.Client{Timeout: time.Minute}).Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, tt.status, res.StatusCode)
			if tt.origin == ui {
				require.Equal(t, ui, res.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

func TestCodecOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]app.CodecOptions{
		"say who may use the codec":               {},
		"is shorter than 16 characters":           {Token: "short"},
		"is not of the form https://auth":         {Service: "auth.example.com"},
		`the origin "*" is not of the form https`: {Open: true, Origins: []string{"*"}},
	} {
		_, err := app.NewCodec(codecKeys(t), o)
		require.ErrorContains(t, err, want)
	}
	without := codecKeys(t)
	without.Encryption.Keys = ""
	_, err := app.NewCodec(without, app.CodecOptions{Open: true})
	require.ErrorContains(t, err, "encryption.keys")
}

// The program of docs/codec.md opens what the service has sealed, where Python and its
// package cryptography are installed.
func TestThePythonOfTheDocs(t *testing.T) {
	t.Parallel()
	if exec.CommandContext(t.Context(), "python3", "-c", "import cryptography").Run() != nil {
		t.Skip("python3 with cryptography is not installed")
	}
	page, err := os.ReadFile("../docs/codec.md")
	require.NoError(t, err)
	program := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, program)
	server := codecServer(t, app.CodecOptions{Open: true})
	sealed, err := remoteCodec(server.URL, "").Encode([]*commonpb.Payload{payload(`{"provider":"emailpass"}`)})
	require.NoError(t, err)
	test := fmt.Sprintf("%s\nimport base64\nring = {'k1': b'0123456789abcdef0123456789abcdef'}\n"+
		"opened = unseal(ring, {'encoding': b'binary/everlatch-sealed', 'key': b'k1'}, base64.b64decode('%s'))\n"+
		"assert b'{\"provider\":\"emailpass\"}' in opened\nprint(base64.b64encode(seal(ring, 'k1', opened)).decode())\n",
		program[1], base64.StdEncoding.EncodeToString(sealed[0].Data))
	out, err := exec.CommandContext(t.Context(), "python3", "-c", test).CombinedOutput()
	require.NoError(t, err, string(out))
	again, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	opened, err := remoteCodec(server.URL, "").Decode([]*commonpb.Payload{{Metadata: sealed[0].Metadata, Data: again}})
	require.NoError(t, err)
	require.True(t, proto.Equal(payload(`{"provider":"emailpass"}`), opened[0]))
}
