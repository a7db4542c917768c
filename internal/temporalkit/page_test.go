package temporalkit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// asked runs the functions of the page on what this test has sealed, and back. The keys of a
// ring are bytes; JSON has them as base64.
const asked = `
import base64, json, sys
b = base64.b64decode
given = json.load(sys.stdin)
ring = {name: b(key) for name, key in given["ring"].items()}
metadata = {name: b(value) for name, value in given["metadata"].items()}
opened = unseal(ring, metadata, b(given["data"]))
refused = 0
for faulty in ({**metadata, "encoding": b"json/plain"}, {**metadata, "key": b"other"}):
    try:
        unseal(ring, faulty, b(given["data"]))
    except Exception:
        refused += 1
text = lambda raw: base64.b64encode(raw).decode()
json.dump({
    "opened": text(opened), "sealed": text(seal(ring, "k1", opened)), "refused": refused,
    "stored": text(stored(ring, "k1", b(given["stored"]), given["ring_id"])),
}, sys.stdout)
`

// TestCodecPage runs the Python of docs/codec.md: it opens what we seal, we open what it
// seals, and it opens a key of the database as it is stored.
func TestCodecPage(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.CommandContext(t.Context(), python, "-c", "import cryptography").Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" needs python3 with the package cryptography.")
		t.Skip("python3 with the package cryptography is not installed")
	}
	page, err := os.ReadFile("../../docs/codec.md")
	require.NoError(t, err)
	_, code, found := strings.Cut(string(page), "```python\n")
	require.True(t, found)
	code, _, found = strings.Cut(code, "```")
	require.True(t, found)
	script := filepath.Join(t.TempDir(), "page.py")
	require.NoError(t, os.WriteFile(script, []byte(code+asked), 0o600))

	configured := ring(t, key("k1", 7), key("other", 8))
	codec := temporalkit.NewCodec(temporalkit.Sealing{Ring: configured.Derive("temporal")})
	payload := &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain")}, Data: []byte(`"Ada"`)}
	sealed, err := codec.Encode([]*commonpb.Payload{payload})
	require.NoError(t, err)
	_, stored := configured.Derive("rings").Seal([]byte("the key itself"), []byte("ring key codec/2f6vq0t3r5xa"))
	in, err := json.Marshal(map[string]any{
		"ring":     map[string][]byte{"k1": bytes.Repeat([]byte{7}, vault.KeyBytes), "other": bytes.Repeat([]byte{8}, vault.KeyBytes)},
		"metadata": sealed[0].GetMetadata(), "data": sealed[0].GetData(), "stored": stored, "ring_id": "codec/2f6vq0t3r5xa",
	})
	require.NoError(t, err)

	cmd := exec.CommandContext(t.Context(), python, script)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	text, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)
	var out struct {
		Opened  []byte `json:"opened"`
		Sealed  []byte `json:"sealed"`
		Stored  []byte `json:"stored"`
		Refused int    `json:"refused"`
	}
	require.NoError(t, json.Unmarshal(text, &out))
	var got commonpb.Payload
	require.NoError(t, proto.Unmarshal(out.Opened, &got))
	require.True(t, proto.Equal(payload, &got))
	require.Equal(t, 2, out.Refused, "what is not sealed, and what is sealed with another key")
	require.Equal(t, "the key itself", string(out.Stored))
	back, err := codec.Decode([]*commonpb.Payload{{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/everlatch-sealed"), "key": []byte("k1")}, Data: out.Sealed,
	}})
	require.NoError(t, err)
	require.True(t, proto.Equal(payload, back[0]))
}
