// Package render writes records as JSON, field by field. The contract fixes which
// fields a route shows and in which order, and reading a record is the hot path,
// so encoding/json is not used.
package render
