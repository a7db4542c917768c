// Package providertest checks that an auth provider keeps the promises on which
// the service relies. Call [Credentials] or [Redirect] from a test of your
// provider, and run it with the race detector:
//
//	func TestProvider(t *testing.T) {
//		providertest.Credentials(t, providertest.CredentialsCase{
//			New:  func(tb testing.TB) providers.Credentials { … },
//			Good: …, Wrong: …, Unknown: …, Secrets: []string{"the password"},
//		})
//	}
//
// In short, it checks that no input causes a panic; that arguments stay
// unchanged; that a refusal is an [everlatch.Error] with a code and a message,
// and every other error an outage after which the same call may be repeated;
// that no error, address or record contains a secret; and that calls may be
// concurrent, repeated and cancelled.
//
// A suite can look for secrets and count work. It cannot tell a good hash from
// a bad one, or measure time on a busy machine: check those yourself.
package providertest
