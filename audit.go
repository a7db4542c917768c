package everlatch

import "time"

// AuditEntry is something that an administrator or operator did, or tried to do: who,
// what, to what, when and from where. It holds nothing that was sent.
type AuditEntry struct {
	ID string `json:"id"`
	// ActorType is user, api-key for a secret key without an owner, or cli.
	ActorType string `json:"actor_type"`
	// ActorID is the administrator, the key, or the account that ran the command.
	ActorID string `json:"actor_id"`
	// APIKeyID is the secret API key that the administrator used, "" for none.
	APIKeyID string `json:"api_key_id"`
	// Method is that of the request, or [AuditCommand].
	Method string `json:"method"`
	// Action is the template of the route, such as /admin/users/:id, or the command.
	Action string `json:"action"`
	// TargetID is the record that it was done to, "" for none or one that is not known,
	// and PartID what it was about within it, such as a factor.
	TargetID string `json:"target_id"`
	PartID   string `json:"part_id"`
	// Network is IPv4 /24 or IPv6 /48, or the host on which a command ran.
	Network   string    `json:"network"`
	RequestID string    `json:"request_id"`
	CreatedAt time.Time `json:"created_at"`
	// Status is the HTTP status of the answer, nil for commands and while it is not known.
	Status *int `json:"status"`
	// Outcome is one of the constants below.
	Outcome string `json:"outcome"`
	// FlowID is the workflow that made the change, "" for none.
	FlowID string `json:"flow_id"`
}

// AuditCommand is the method of what was done on the command line.
const AuditCommand = "CLI"

// The values of [AuditEntry.Outcome].
const (
	// AuditUnknown is what goes on, or was interrupted: the change may have been made.
	AuditUnknown = ""
	AuditDone    = "done"
	// AuditRefused changed nothing, and AuditFailed may have changed something.
	AuditRefused = "refused"
	AuditFailed  = "failed"
)
