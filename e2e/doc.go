// Package e2e tells stories over HTTP against the real program: processes that
// are started, killed and started again. It holds tests only.
package e2e
