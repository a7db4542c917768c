package everlatch

import (
	"slices"
	"strings"
	"time"
)

// Wildcard stands for every resource, or for every operation, in a
// [Permission].
const Wildcard = "*"

// The role with all permissions, and its one policy. Both always exist and can't
// be changed or deleted (docs/contract.md#s4-8).
const (
	RoleSuperAdmin   = "role_super_admin"
	PolicySuperAdmin = "rpol_super_admin"
)

// Permission is an operation on a kind of record, written "user:read".
type Permission struct {
	Resource  string `json:"resource"`
	Operation string `json:"operation"`
}

// ParsePermission is the inverse of [Permission.String].
func ParsePermission(text string) Permission {
	resource, operation, _ := strings.Cut(text, ":")
	return Permission{Resource: resource, Operation: operation}
}

// String returns the key of a policy for this permission.
func (p Permission) String() string { return p.Resource + ":" + p.Operation }

// covers reports whether p includes need. Only a wildcard covers a wildcard.
func (p Permission) covers(need Permission) bool {
	return (p.Resource == need.Resource || p.Resource == Wildcard) &&
		(p.Operation == need.Operation || p.Operation == Wildcard)
}

// Access is what an administrator may do now. The zero value has no
// permissions.
type Access struct {
	// Roles are the ids of the administrator's roles, without inherited ones.
	Roles []string
	// Permissions are those of all roles, including inherited ones.
	Permissions []Permission
}

// Allows reports whether all the permissions are held. It is true for an empty
// list.
func (a Access) Allows(needs ...Permission) bool {
	for _, need := range needs {
		if !slices.ContainsFunc(a.Permissions, func(p Permission) bool { return p.covers(need) }) {
			return false
		}
	}
	return true
}

// Role is a set of policies that administrators are assigned together
// (docs/contract.md#s4-8).
type Role struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// ParentID is the role that this one inherits policies from; nil for none.
	ParentID    *string    `json:"parent_id"`
	Description *string    `json:"description"`
	Metadata    Metadata   `json:"metadata"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	DeletedAt   *time.Time `json:"deleted_at"`
	// Policies is nil unless the read says that it loads them. It includes
	// inherited ones.
	Policies []Policy `json:"policies,omitempty"`
}

// Policy is a permission that roles can have.
type Policy struct {
	ID string `json:"id"`
	// Key is "<resource>:<operation>".
	Key         string     `json:"key"`
	Resource    string     `json:"resource"`
	Operation   string     `json:"operation"`
	Name        *string    `json:"name"`
	Description *string    `json:"description"`
	Metadata    Metadata   `json:"metadata"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	DeletedAt   *time.Time `json:"deleted_at"`
	// BuiltIn is a policy that routes require; it can't be changed or deleted.
	BuiltIn bool `json:"built_in"`
	// InheritedFrom is, within a role, the id of the role that the policy comes
	// from; nil if the role has it itself.
	InheritedFrom *string `json:"inherited_from_role_id,omitempty"`
}

// Permission returns what the policy permits.
func (p Policy) Permission() Permission {
	return Permission{Resource: p.Resource, Operation: p.Operation}
}

// RolePolicy says that a role has a policy.
type RolePolicy struct {
	ID        string     `json:"id"`
	RoleID    string     `json:"role_id"`
	PolicyID  string     `json:"policy_id"`
	Policy    Policy     `json:"policy"`
	Metadata  Metadata   `json:"metadata"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at"`
}
