// Package oidctest runs a small OpenID provider for tests: discovery, an
// authorization endpoint that redirects back at once, a token endpoint, and
// keys.
//
//	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callback}})
//	idp.Login(oidctest.Person{"sub": "1", "email": "ada@example.com", "email_verified": true})
//	location, _ := provider.Begin(ctx, …) // a provider with Issuer: idp.URL()
//	params := idp.Follow(t, location)     // the parameters of the callback
//
// It is strict where a client could be careless: it compares redirect URIs byte
// for byte, checks PKCE, accepts a code once and only for a minute, and accepts
// credentials only in a form.
//
// [Provider.Once] and [Provider.Always] make it misbehave, and
// [Provider.Requests] and [Provider.Exchanged] count.
package oidctest
