// Package returnto decides which pages a browser may be sent to after it signed in on
// the hosted pages. Whatever is sent there carries a code that becomes a token, so
// that the rules are strict: an address is parsed once, compared part by part, and
// refused when two programs could read it in two ways.
package returnto
