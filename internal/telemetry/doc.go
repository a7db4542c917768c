// Package telemetry measures a process: metrics in the format of Prometheus, and
// traces that OpenTelemetry exports.
//
// The other packages know neither: each has a hook that says what happened, and
// package app connects the two. A label or an attribute has few values, which the
// code knows: a route's template, the name of a workflow, a status. It never holds
// anything that a caller wrote: no address, no identifier, no path, no secret.
package telemetry
