package everlatch

import _ "embed" // openapi.yaml

//go:embed openapi.yaml
var openAPI string

// OpenAPI returns the description of the HTTP API in YAML, as the service publishes
// it at /openapi.yaml.
func OpenAPI() string { return openAPI }
