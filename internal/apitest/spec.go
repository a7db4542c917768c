package apitest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// LoadSpec reads and checks openapi.yaml, which lies next to the go.mod above
// the working directory.
func LoadSpec() (*openapi3.T, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find openapi.yaml: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, fmt.Errorf("find openapi.yaml: no go.mod above the working directory")
		}
		dir = parent
	}
	loader := openapi3.NewLoader()
	spec, err := loader.LoadFromFile(filepath.Join(dir, "openapi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	if err := spec.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return spec, nil
}

// Operations lists "METHOD /path/{param}" of everything that the description
// holds, sorted.
func Operations(spec *openapi3.T) []string {
	var out []string
	for path, item := range spec.Paths.Map() {
		for method := range item.Operations() {
			out = append(out, method+" "+path)
		}
	}
	slices.Sort(out)
	return out
}
