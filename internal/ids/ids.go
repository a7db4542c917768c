// Package ids makes identifiers: a prefix of docs/contract.md#s1 and a
// ULID. Workflow ids are not made here but in package flows.
package ids

import (
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"
)

// Prefixes of docs/contract.md#s1, and ours in the same form.
const (
	AuthIdentity = "authid_"
	Customer     = "cus_"
	// CustomerGroup is short for itself in the contract.
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
	// ProviderIdentity has no prefix in the contract.
	ProviderIdentity = ""
)

// New returns prefix and a new ULID for the instant. Ids of one millisecond
// have no order among themselves.
func New(prefix string, at time.Time) string {
	return prefix + ulid.MustNew(ulid.Timestamp(at), rand.Reader).String()
}
