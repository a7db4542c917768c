package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARoleTellsItsPermissions(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.permit(all())
	p := w.Open("/console/roles/role_1")
	require.Contains(t, p.Text(), "customer:read")
	require.Regexp(t, `user:read Inherited`, p.Text(), "a description that repeats the key is left out")
	w.api.On("DELETE /admin/rbac/roles/role_1/policies/pol_1", http.StatusOK, `{}`)
	p.Submit("/console/roles/role_1/policies/remove", nil)
	require.Equal(t, "/admin/rbac/roles/role_1/policies/pol_1", changes(w.api.Calls())[0].Path, "by the id of the policy")
}

// The role that every installation has is English in the database.
func TestTheSuperAdminIsTranslated(t *testing.T) {
	t.Parallel()

	const super = `{"id":"role_super_admin","name":"Super Admin","description":"Super admin role with full access to all resources and operations"`
	w := newWorld(t)
	w.fill()
	w.permit(all())
	w.Header.Set("Accept-Language", "de")
	w.api.On("GET /admin/rbac/roles", http.StatusOK, `{"roles":[`+super+`}],"count":1}`)
	w.api.On("GET /admin/rbac/roles/assignable", http.StatusOK, `{"roles":[`+super+`}]}`)
	w.api.On("GET /admin/users/user_2/roles", http.StatusOK, `{"roles":[`+super+`}]}`)
	w.api.On("GET /admin/rbac/roles/role_super_admin", http.StatusOK, `{"role":`+super+`,"policies":[{"id":"rpol_super_admin","key":"*:*",
		"description":"Super admin policy with full access to all resources and operations"}]}}`)
	w.api.On("GET /admin/rbac/roles/role_super_admin/users", http.StatusOK, `{"users":[]}`)
	for _, path := range []string{"/console/roles", "/console/roles/role_super_admin", "/console/invites", "/console/people/user/user_2"} {
		text := w.Open(path).Text()
		require.Contains(t, text, "Super-Administrator", path)
		require.NotContains(t, text, "Super admin", path)
	}
	p := w.Open("/console/roles/role_super_admin")
	require.Contains(t, p.Text(), "*:*")
	require.Contains(t, p.Text(), "Darf alles.")
	for _, gone := range []string{"Entfernen", "Löschen", "Recht hinzufügen"} {
		require.NotContains(t, p.Text(), gone, "nothing can change it")
	}
}
