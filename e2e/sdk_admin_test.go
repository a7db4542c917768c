package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// isUser is what one administrator does with others, and with their own account.
func (m sdkMode) isUser(t *testing.T) {
	t.Helper()
	root := m.root(t, "root")
	me := at[object](t, root.gets(t, "admin.user.me"), "user")
	require.Equal(t, "root@example.com", me["email"])
	id := at[string](t, me, "id")
	require.Equal(t, id, at[any](t, root.gets(t, "admin.user.retrieve", id, object{"fields": "id"}), "user.id"))
	changed := at[object](t, root.gets(t, "admin.user.update", id, object{"first_name": "Root", "metadata": object{"mode": m.name}}), "user")
	require.Equal(t, []any{"Root", object{"mode": m.name}}, []any{changed["first_name"], changed["metadata"]})
	list := root.gets(t, "admin.user.list", object{"email": "root@example.com", "limit": 5, "fields": "id,email"})
	require.Equal(t, []any{object{"id": id, "email": "root@example.com"}}, list["users"])
	require.Equal(t, []any{1.0, 5.0, 0.0}, []any{list["count"], list["limit"], list["offset"]})
	require.Equal(t, []any{"emailpass"}, root.gets(t, "admin.user.listAuthProviders", id)["providers"])
	root.refused(t, 404, "User with id: user_unknown was not found", "admin.user.retrieve", "user_unknown")
	root.refused(t, 400, "A user cannot delete itself", "admin.user.delete", id)
	root.must(t, "auth.logout")
	root.refused(t, 401, "Unauthorized", "admin.user.me")
}

// root is the SDK of the first administrator.
func (m sdkMode) root(t *testing.T, who string) sdk {
	t.Helper()
	s := m.user(t, who)
	s.token(t, "auth.login", "user", "emailpass", object{"email": "root@example.com", "password": password})
	return s
}

// invites makes colleagues, and ends what was asked of others.
func (m sdkMode) invites(t *testing.T) {
	t.Helper()
	root, grace, email := m.root(t, "root"), m.user(t, "newcomer"), m.email("newcomer")
	invite := at[object](t, root.gets(t, "admin.invite.create", object{"email": email, "metadata": object{"desk": 4}}), "invite")
	id := at[string](t, invite, "id")
	require.Equal(t, []any{email, false, object{"desk": 4.0}}, []any{invite["email"], invite["accepted"], invite["metadata"]})
	require.Equal(t, email, at[any](t, root.gets(t, "admin.invite.retrieve", id), "invite.email"))
	list := root.gets(t, "admin.invite.list", object{"q": email})
	require.Len(t, list["invites"], 1)
	require.Equal(t, id, at[string](t, list, "invites.0.id"))
	resent := at[object](t, root.gets(t, "admin.invite.resend", id), "invite")
	require.NotEqual(t, invite["token"], resent["token"])
	root.refused(t, 400, "Invite with email: "+email+", already exists.", "admin.invite.create", object{"email": email})

	registration := grace.token(t, "auth.register", "user", "emailpass", object{"email": email, "password": password})
	accept := func(token any) []any {
		return []any{object{"invite_token": token, "first_name": "Grace"}, object{}, with(registration)}
	}
	grace.refused(t, 401, "The invite token is invalid", "admin.invite.accept", accept(invite["token"])...)
	user := at[object](t, grace.gets(t, "admin.invite.accept", accept(resent["token"])...), "user")
	grace.token(t, "auth.login", "user", "emailpass", object{"email": email, "password": password})
	require.Equal(t, user, grace.gets(t, "admin.user.me")["user"])

	other := at[object](t, root.gets(t, "admin.invite.create", object{"email": m.email("other")}), "invite")
	gone := root.gets(t, "admin.invite.delete", other["id"])
	require.Equal(t, object{"id": other["id"], "object": "invite", "deleted": true}, gone)
	root.refused(t, 404, "Invite with id: "+at[string](t, other, "id")+" was not found", "admin.invite.retrieve", other["id"])

	reset := at[string](t, root.gets(t, "admin.user.generateResetPasswordToken", user["id"]), "token")
	grace.must(t, "auth.updateProvider", "user", "emailpass", object{"password": "nanoseconds of wire"}, reset)
	grace.refused(t, 401, "Unauthorized", "admin.user.me") // docs/weak-spots.md#w25
	gone = root.gets(t, "admin.user.delete", user["id"])
	require.Equal(t, object{"id": user["id"], "object": "user", "deleted": true}, gone)
}

// grantsRoles gives a colleague a role, and takes it back in both ways.
func (m sdkMode) grantsRoles(t *testing.T) {
	t.Helper()
	const role = "role_super_admin"
	root, email := m.root(t, "root"), m.email("colleague")
	invite := at[object](t, root.gets(t, "admin.invite.create", object{"email": email}), "invite")
	colleague := m.user(t, "colleague")
	registration := colleague.token(t, "auth.register", "user", "emailpass", object{"email": email, "password": password})
	user := at[object](t, colleague.gets(t, "admin.invite.accept", object{"invite_token": invite["token"]}, object{}, with(registration)), "user")
	held := func() (ids []any) {
		for _, r := range at[[]any](t, root.gets(t, "admin.user.listRoles", user["id"]), "roles") {
			ids = append(ids, at[any](t, r, "id"))
		}
		return ids
	}
	colleague.token(t, "auth.login", "user", "emailpass", object{"email": email, "password": password})
	for _, remove := range []func(){
		func() { root.must(t, "admin.user.removeRole", user["id"], role) },
		func() { root.must(t, "admin.user.removeRoles", user["id"], object{"roles": []string{role}}) },
	} {
		require.Empty(t, held())
		colleague.refused(t, 403, "Forbidden", "admin.user.list")
		root.must(t, "admin.user.addRoles", user["id"], object{"roles": []string{role}})
		require.Equal(t, []any{role}, held())
		require.NotEmpty(t, colleague.gets(t, "admin.user.list")["users"], "the next request")
		remove()
	}
	require.Empty(t, held())
}

// signsUpAsUser is how the dashboard makes administrators of people who sign in
// elsewhere (docs/weak-spots.md#w6: of those whose domain may).
func (m sdkMode) signsUpAsUser(t *testing.T) {
	t.Helper()
	lin, email := m.user(t, "lin"), m.email("github2")
	token := lin.fromGithub(t, "user", 2)
	require.Empty(t, claims(t, token)["actor_id"])
	made := at[object](t, lin.gets(t, "auth.createUser", "github", with(token)), "user")
	require.Equal(t, email, made["email"])
	full := at[string](t, lin.gets(t, "auth.refresh", with(token)), "token")
	require.Equal(t, made["id"], claims(t, full)["actor_id"])
	require.Equal(t, made["id"], at[any](t, lin.gets(t, "admin.user.me"), "user.id"))
}

// usesAPIKey is a program without a person.
func (m sdkMode) usesAPIKey(t *testing.T) {
	t.Helper()
	program := m.sdk(t, "a program", object{"apiKey": m.secret, "auth": m.admin})
	require.NotEmpty(t, program.gets(t, "admin.user.list")["users"])
	invite := at[object](t, program.gets(t, "admin.invite.create", object{"email": m.email("program")}), "invite")
	program.must(t, "admin.invite.delete", invite["id"])
	stranger := m.sdk(t, "a stranger", object{"apiKey": "sk_" + m.secret[4:] + "0", "auth": m.admin})
	stranger.refused(t, 401, "Unauthorized", "admin.user.list")
}
