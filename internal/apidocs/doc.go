// Package apidocs renders an OpenAPI description as one HTML page that needs no
// network and no script, so that a strict Content-Security-Policy can hold.
//
// It reads what openapi.yaml uses of OpenAPI 3.0 and keeps its order.
package apidocs
