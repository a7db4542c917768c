package helm_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kubernetes is the release whose API the chart is checked against. Its source is a Go
// module; only the description of the API is read.
const kubernetes = "k8s.io/kubernetes@v1.37.2"

// strict makes a JSON schema of a part of Kubernetes's OpenAPI description: references lead
// to one file with all definitions, and fields that it doesn't name are errors.
func strict(part any) any {
	switch p := part.(type) {
	case []any:
		for i := range p {
			p[i] = strict(p[i])
		}
	case map[string]any:
		if ref, ok := p["$ref"].(string); ok {
			return map[string]any{"$ref": "_definitions.json" + ref}
		}
		for key := range p {
			p[key] = strict(p[key])
		}
		if p["format"] == "int-or-string" {
			return map[string]any{"type": []string{"integer", "string"}}
		}
		if _, named := p["properties"]; named && p["type"] == "object" {
			p["additionalProperties"] = false
		}
	}
	return part
}

// writeSchemas writes a schema for each kind into a folder, as kubeconform looks for them.
func writeSchemas(t *testing.T, folder string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", kubernetes)
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &module))
	raw, err := os.ReadFile(filepath.Join(module.Dir, "api", "openapi-spec", "swagger.json"))
	require.NoError(t, err)
	var api struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	require.NoError(t, json.Unmarshal(raw, &api))
	write := func(name string, content any) {
		encoded, err := json.Marshal(content)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".json"), encoded, 0o600))
	}
	for id, definition := range api.Definitions {
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		for _, kind := range kinds {
			k := kind.(map[string]any)
			name := strings.ToLower(k["kind"].(string))
			if group, _, _ := strings.Cut(k["group"].(string), "."); group != "" {
				name += "-" + group
			}
			write(name+"-"+k["version"].(string), map[string]any{"$ref": "_definitions.json#/definitions/" + id})
		}
		api.Definitions[id], _ = strict(definition).(map[string]any)
		if strings.HasSuffix(id, ".Quantity") {
			api.Definitions[id] = map[string]any{"type": []string{"string", "number"}}
		}
	}
	write("_definitions", api)
}

func conforms(t *testing.T, schemas string, rendered []byte) (report string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "tool", "kubeconform", "-strict", "-summary", "-skip", "ServiceMonitor",
		"-schema-location", schemas+"/{{ .ResourceKind }}{{ .KindSuffix }}.json", "-")
	cmd.Stdin = bytes.NewReader(rendered)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestKubeconform(t *testing.T) {
	t.Parallel()
	schemas := t.TempDir()
	writeSchemas(t, schemas)
	for name, args := range valueFiles(t) {
		report, err := conforms(t, schemas, render(t, args...))
		require.NoError(t, err, "%s: %s", name, report)
		require.Contains(t, report, "Invalid: 0, Errors: 0", name)
	}
	broken := bytes.Replace(render(t), []byte("    spec:\n"), []byte("    spec:\n      restart: 5\n"), 1)
	report, err := conforms(t, schemas, broken)
	require.Error(t, err, "the check fails where it should: %s", report)
}
