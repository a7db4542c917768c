package config

// RBAC is what administrators may do (docs/contract.md#s4-8).
type RBAC struct {
	Enabled bool `koanf:"enabled" default:"false" doc:"Whether roles are in use. Administrators then have the permissions of their roles, and a secret API key has those of the administrator who created it. The first start with roles makes all existing administrators super admins."`
}
