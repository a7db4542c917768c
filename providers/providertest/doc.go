// Package providertest checks that an auth provider keeps the promises on which
// the service relies. Call [Credentials] or [Redirect] from a test of your own
// provider, and run it with the race detector:
//
//	func TestProvider(t *testing.T) {
//		providertest.Credentials(t, providertest.CredentialsCase{
//			New:  func(tb testing.TB) providers.Credentials { … },
//			Good: …, Wrong: …, Unknown: …, Secrets: []string{"the password"},
//		})
//	}
//
// What is checked, in short: nothing panics, whatever people send; arguments
// stay as they are; a refusal is an [everlatch.Error] with a code and a message,
// and everything else an outage after which the same call may be made again; no
// error, address or record holds a secret; and calls may run at once, again, and
// be given up.
//
// A suite can look for secrets and count work. It cannot tell a good hash from a
// bad one, or measure time on a busy machine: that remains with you.
package providertest
