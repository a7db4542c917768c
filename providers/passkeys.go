package providers

import (
	"crypto/sha256"
	"time"

	"github.com/everlatch/everlatch"
)

// Passkeys is a provider whose users sign in with a key that their device keeps (W3C Web
// Authentication). It keeps no state: challenges, their single use and their expiry
// are the flow's, and the stored passkey is passed in.
//
// A refusal is an [*everlatch.Error]: [everlatch.ReasonPasskeyCloned] for an answer that is
// signed by the passkey and has an old counter, [everlatch.ReasonPasskeyRefused] for
// every other one, so that no answer tells which passkeys exist.
type Passkeys interface {
	Provider
	// Timeout is how long users have for a ceremony.
	Timeout() time.Duration
	// Request returns the JSON of the options for navigator.credentials.get: any passkey
	// that the device has for this site.
	Request(challenge string) ([]byte, error)
	// Create returns the JSON of the options for navigator.credentials.create.
	Create(challenge string, user PasskeyUser) ([]byte, error)
	// Read returns what an answer of either kind claims, and refuses malformed ones. The
	// claim is not verified.
	Read(answer []byte) (PasskeyClaim, error)
	// Register verifies the answer to Create, for the same challenge and handle.
	Register(answer []byte, challenge string, handle []byte) (PasskeyRecord, error)
	// Verify verifies the answer to Request against the passkey that it claims, which
	// is nil if there is none.
	Verify(answer []byte, challenge string, rec *PasskeyRecord) (PasskeyUse, error)
}

// PasskeyUser is for whom a passkey is created. The device keeps all of it.
type PasskeyUser struct {
	// Handle is what the device returns with each sign-in, see [PasskeyHandle].
	Handle []byte
	// Name is how the device shows the account to its owner, "" for a general name.
	Name string
	// Existing are the ids of passkeys that the identity has: a device that holds one
	// creates no second one.
	Existing []string
}

// PasskeyHandle returns the user handle of an identity. It is the same for ever and tells
// nothing about the user.
func PasskeyHandle(identityID string) []byte {
	sum := sha256.Sum256([]byte("everlatch passkey " + identityID))
	return sum[:]
}

// PasskeyClaim is what an answer says about itself.
type PasskeyClaim struct {
	// ID is that of the passkey, in base64url.
	ID string
	// Challenge is the one that was answered.
	Challenge string
	// Handle is the user handle of a sign-in.
	Handle []byte
}

// PasskeyRecord is a stored passkey.
type PasskeyRecord struct {
	ID string
	// Counter is the signature counter of the last accepted answer. Synced passkeys
	// have none, which is always 0.
	Counter int64
	// Data is the provider's: public key, user handle, flags.
	Data everlatch.Metadata
}

// PasskeyUse is an accepted answer.
type PasskeyUse struct {
	Counter int64
	// Data replaces that of the record: whether a passkey is backed up may change.
	Data everlatch.Metadata
	// UserVerified says that the device has verified its user, by PIN or biometrics,
	// which makes the answer two factors. Otherwise someone was there, and that is all.
	UserVerified bool
	// Synced says that copies of the key may exist on other devices of its owner.
	Synced bool
}
