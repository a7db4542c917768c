// Package pages serves Everlatch's own pages: sign-in, sign-up, recovery and the
// account for end users, and whatever areas are added to them, such as the console.
//
// A page is a client of the API in the same process: it calls the documented routes in
// the visitor's name and renders the answer. So limits, permissions and flows are those
// of the API, and there is no second path to any of them.
//
// Pages work without JavaScript. Every unsafe method is checked for its origin, no page
// loads anything from elsewhere, and no secret is ever in a URL: what a sign-in keeps
// between two pages waits in a cookie, see [Pending].
//
// A [Site] consists of areas; docs/contributing/pages.md says how to add one.
package pages
