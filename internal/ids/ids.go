// Package ids generates identifiers: a prefix (docs/contract.md#s1) and a ULID.
// Package flows derives the ids of workflows.
package ids

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/oklog/ulid/v2"
)

// Prefixes of the contract (docs/contract.md#s1), and others in the same form.
const (
	AuthIdentity = "authid_"
	Customer     = "cus_"
	// CustomerGroup is abbreviated in the contract.
	CustomerGroup = "cusgroup_"
	Address       = "cuaddr_"
	User          = "user_"
	APIKey        = "apk_"
	Session       = "ses_"
	Event         = "evt_"
	Invite        = "invite_"
	Role          = "role_"
	Policy        = "rpol_"
	RolePolicy    = "rlpl_"
	Factor        = "authmfa_"
	RecoveryCode  = "authmfarec_"
	Challenge     = "authmfachal_"
	Verification  = "authver_"
	Import        = "import_"
	Audit         = "audit_"
	// ProviderIdentity has no prefix in the contract.
	ProviderIdentity = ""
)

// Derived returns prefix and the ULID for the given time that belongs to a seed: the
// same for the same two. A seed that is secret, or a keyed hash, makes it unguessable.
func Derived(prefix string, at time.Time, seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return prefix + ulid.MustNew(ulid.Timestamp(at), bytes.NewReader(sum[:])).String()
}

// New returns prefix and a new ULID for the given time. Ids of the same
// millisecond are not ordered.
func New(prefix string, at time.Time) string {
	return prefix + ulid.MustNew(ulid.Timestamp(at), rand.Reader).String()
}
