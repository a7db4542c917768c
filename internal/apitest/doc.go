// Package apitest holds tests to the API's description: its [Transport] checks
// every exchange that passes through it against openapi.yaml, so no test has
// to ask for it.
package apitest
