// Package wire makes an Echo router behave on the wire like Express, which the
// contract's clients were written for: how paths match, how bodies, forms and
// malformed JSON are read, CORS and preflights, session cookies, entity tags and
// the page for an unknown path. It knows no route and no resource.
//
// [Router] finds the route of a request and hands it to Echo; the middlewares of
// this package then work on its [Request].
package wire
