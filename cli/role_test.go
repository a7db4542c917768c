package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

type roleAnswer struct {
	Role  everlatch.Role   `json:"role"`
	Users []everlatch.User `json:"users"`
}

func (r roleAnswer) permits() string {
	var keys []string
	for _, p := range r.Role.Policies {
		keys = append(keys, p.Key)
	}
	return strings.Join(keys, " ")
}

type userAnswer struct {
	User  everlatch.User `json:"user"`
	Roles []string       `json:"roles"`
}

// execute runs a command where roles are switched on.
func (x tool) execute(args ...string) (stdout, stderr string) {
	x.t.Helper()
	stdout, stderr, err := execute(x.t, []string{"EVERLATCH_RBAC_ENABLED=true"}, "", append(args, "--data", x.folder)...)
	require.NoError(x.t, err, "%s", args)
	return stdout, stderr
}

func TestRoleCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("migrate", "up")
	x.fails("roles are not in use: switch rbac.enabled on", "role", "list")
	x.fails("roles are not in use: switch rbac.enabled on", "user", "create", "-e", "a@example.com", "-p", "correct horse", "--role", "x")
	_, stderr := x.execute("user", "create", "-e", "root@example.com", "-p", "correct horse battery")
	require.Contains(t, stderr, "root@example.com is a super admin.", "the first one")
	_, stderr = x.execute("user", "create", "-e", "ada@example.com", "-p", "correct horse battery")
	require.Contains(t, stderr, "ada@example.com has no role and so no permissions yet", "no administrator is promoted silently")

	var role roleAnswer
	x.json(&role, "role", "create", "reader", "--policy", "user:read,invite:read", "--description", "Looks on")
	require.Equal(t, "invite:read user:read", role.permits())
	x.json(&role, "role", "create", "editor", "--parent", "reader", "--policy", "user:update")
	require.Equal(t, "invite:read user:read user:update", role.permits())
	x.json(&role, "role", "grant", "editor", "ada@example.com")
	require.Equal(t, "ada@example.com", role.Users[0].Email)
	var user userAnswer
	x.json(&user, "user", "show", "ada@example.com")
	require.Equal(t, []string{role.Role.ID}, user.Roles)
	x.json(&role, "role", "deny", "reader", "invite:read")
	x.json(&role, "role", "allow", "editor", "customer:read")
	require.Equal(t, "customer:read user:read user:update", role.permits())
	x.json(&role, "role", "update", "editor", "--name", "clerk", "--parent", "", "--description", "d")
	require.Equal(t, "customer:read user:update", role.permits())
	require.Equal(t, "clerk", role.Role.Name)
	require.Contains(t, x.run("role", "show", "clerk"), "ada@example.com")
	require.Contains(t, x.run("role", "list", "--q", "super"), "role_super_admin  Super Admin")
	require.Contains(t, x.run("role", "policies"), "rbac_role:update")
	x.json(&role, "role", "revoke", "clerk", "ada@example.com")
	require.Empty(t, role.Users)
	x.run("role", "delete", "clerk")

	x.execute("user", "create", "-e", "bo@example.com", "-p", "correct horse battery", "--role", "reader")
	x.json(&role, "role", "show", "reader")
	require.Equal(t, "bo@example.com", role.Users[0].Email)
	x.run("invite", "create", "-e", "new@example.com", "--role", "reader")

	x.fails("there is no role unknown, none", "user", "create", "-e", "c@example.com", "-p", "correct horse battery", "--role", "unknown", "--role", "none")
	x.fails("there is no role unknown", "invite", "create", "-e", "c@example.com", "--role", "unknown")
	x.fails("there is no policy x:y", "role", "allow", "reader", "x:y")
	x.fails("The last super admin has to stay one.", "role", "revoke", "role_super_admin", "root@example.com")
	x.fails("The last super admin has to stay one.", "user", "delete", "root@example.com", "--yes")
	x.fails("The role of the super admin cannot be changed.", "role", "delete", "Super Admin")

	var key struct {
		Key everlatch.APIKey `json:"api_key"`
	}
	x.json(&key, "key", "create", "--title", "k", "--type", "secret", "--user", "bo@example.com")
	require.Equal(t, role.Users[0].ID, key.Key.CreatedBy)
}
