// Package auth is the authentication service as Go code calls it: what Medusa calls
// the main service of its Auth Module (docs/contract.md#s2).
//
// [Service] is the interface. In the process that runs Everlatch, app.App.Auth returns
// it; a service in another process has the same interface over HTTP. Its methods have
// the names of the contract in Go's form, and their errors are [*everlatch.Error]:
//
//	identities, err := service.ListAuthIdentities(ctx, auth.AuthIdentityFilter{
//		ProviderIdentities: &auth.ProviderIdentityFilter{EntityID: auth.ILike("%@example.com")},
//	}, auth.FindConfig{Take: 20})
//
// Whatever takes more than one step runs as the same workflow as the route for it:
// signing in and up, changing a password, removing an identity. Reads are plain reads.
//
// A caller of the service is trusted as the process itself is: it decides who may ask.
package auth
