package config

// RBAC is what administrators may do (contract 4.8).
type RBAC struct {
	Enabled bool `koanf:"enabled" default:"false" doc:"Roles: an administrator may do what the policies of their roles permit, from one request to the next. The first start with it makes everybody who is an administrator then a super admin; who comes later has the roles that somebody gives them. Secret API keys may do what the administrator who created them may."`
}
