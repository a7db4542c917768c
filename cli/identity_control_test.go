package cli_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers/totp"
)

// helped is a dev service with a customer whom commands help.
type helped struct {
	tool
	url string
	// id is the identity of ada@example.com.
	id string
}

func newHelped(t *testing.T) helped {
	t.Helper()
	h := helped{tool: tool{t, filepath.Join(t.TempDir(), "data")}}
	_, h.url = beginDev(t, "--data", h.folder)
	h.register("ada@example.com", map[string]any{"first_name": "Ada"})
	var shown identityAnswer
	h.json(&shown, "identity", "show", "ada@example.com")
	h.id = shown.Identity.ID
	return h
}

// register makes an identity, with a customer unless actor is nil.
func (h helped) register(email string, actor map[string]any) {
	h.t.Helper()
	body := map[string]any{"email": email, "password": password}
	if actor != nil {
		body["actor"] = actor
	}
	registered := post(h.t, h.url+"/auth/customer/emailpass/register", body)
	require.Equal(h.t, http.StatusOK, registered.status, registered.body)
}

func (h helped) signIn(email, password string) answer {
	h.t.Helper()
	return post(h.t, h.url+"/auth/customer/emailpass", map[string]any{"email": email, "password": password})
}

// token signs ada@example.com in.
func (h helped) token() string {
	h.t.Helper()
	signedIn := h.signIn("ada@example.com", password)
	require.Equal(h.t, http.StatusOK, signedIn.status, signedIn.body)
	token, _ := signedIn.body["token"].(string)
	return token
}

func (h helped) accepts(token string) bool {
	h.t.Helper()
	status := get(h.t, h.url+"/store/customers/me", token).status
	require.Contains(h.t, []int{http.StatusOK, http.StatusUnauthorized}, status)
	return status == http.StatusOK
}

// events are what happened by a name.
func (h helped) events(name string) []everlatch.Event {
	h.t.Helper()
	var listed struct{ Events []everlatch.Event }
	h.json(&listed, "event", "list", "--name", name)
	return listed.Events
}

// audit are the entries of a command, the latest first.
func (h helped) audit(command string) []everlatch.AuditEntry {
	h.t.Helper()
	var listed struct{ Entries []everlatch.AuditEntry }
	h.json(&listed, "audit", "list", "--action", command)
	for _, e := range listed.Entries {
		require.Equal(h.t, []string{"cli", "CLI"}, []string{e.ActorType, e.Method})
		require.NotEmpty(h.t, e.ActorID, "the account that ran the command")
	}
	return listed.Entries
}

// byCommandLine is who did it, in events.
var byCommandLine = map[string]any{"actor_type": "everlatch-cli", "actor_id": ""}

func TestEndSession(t *testing.T) {
	t.Parallel()

	h := newHelped(t)
	lost, kept := h.token(), h.token()
	session := ""
	listed, _ := get(t, h.url+"/auth/sessions", lost).body["sessions"].([]any)
	for _, one := range listed {
		if of, _ := one.(map[string]any); of["current"] == true {
			session, _ = of["id"].(string)
		}
	}
	require.NotEmpty(t, session)

	require.Equal(t, "Ended session "+session+" of "+h.id+"\n",
		h.run("identity", "end-session", "ada@example.com", session, "--reason", "lost phone"))
	require.False(t, h.accepts(lost))
	require.True(t, h.accepts(kept), "the others go on")
	require.Equal(t, "Session "+session+" of "+h.id+" has ended already\n", h.run("identity", "end-session", h.id, session))
	require.JSONEq(t, `{"id":"`+session+`","object":"session","deleted":true}`, h.run("identity", "end-session", h.id, session, "--json"))
	ended := h.events(everlatch.EventSignInEnded)
	require.Len(t, ended, 1, "to repeat it is safe")
	require.Equal(t, byCommandLine, ended[0].Data["ended_by"])
	require.Equal(t, "lost phone", ended[0].Data["note"])

	h.register("bob@example.com", map[string]any{})
	h.fails("Session with id: "+session+" was not found; see everlatch identity show authid_", "identity", "end-session", "bob@example.com", session)
	h.fails("Session with id: nope was not found", "identity", "end-session", h.id, "nope")
	h.fails("no identity signs in with eve@example.com", "identity", "end-session", "eve@example.com", session)
	h.fails("and the id of a session and nothing else", "identity", "end-session", h.id)
	entries := h.audit("identity end-session")
	require.Equal(t, []string{h.id, session, "done"}, last(entries), "what was typed was an address")
	require.Equal(t, []string{"", session, "failed"}, first(entries))
}

// first and last are the target, the part and the outcome of an entry.
func first(entries []everlatch.AuditEntry) []string {
	return []string{entries[0].TargetID, entries[0].PartID, entries[0].Outcome}
}

func last(entries []everlatch.AuditEntry) []string { return first(entries[len(entries)-1:]) }

func TestResetPassword(t *testing.T) {
	t.Parallel()

	h := newHelped(t)
	before := h.token()
	require.Equal(t, "A link for a new password goes to ada@example.com ("+h.id+")\n", h.run("identity", "reset-password", "ada@example.com"))
	require.JSONEq(t, `{"success":true}`, h.run("identity", "reset-password", h.id, "--actor-type", "customer", "--json"))
	link, err := url.Parse(mailedLink(t, h.url, "ada@example.com", "/reset-password?token="))
	require.NoError(t, err)
	require.Equal(t, "/ui/customer/reset-password", link.Path)
	require.True(t, h.accepts(before), "the current password and its sessions work until then")

	changed := send(t, http.MethodPost, h.url+"/auth/customer/emailpass/update", link.Query().Get("token"),
		strings.NewReader(`{"password":"another good horse"}`))
	require.Equal(t, http.StatusOK, changed.status, changed.body)
	require.Len(t, h.events(everlatch.EventPasswordReset), 1, "to repeat it is safe: one mail for both")
	require.False(t, h.accepts(before))
	require.Equal(t, http.StatusUnauthorized, h.signIn("ada@example.com", password).status)
	require.Equal(t, http.StatusOK, h.signIn("ada@example.com", "another good horse").status)

	h.fails("The identity has no account of the type user.", "identity", "reset-password", h.id, "--actor-type", "user")
	h.register("free@example.com", nil)
	h.fails("The identity has no account", "identity", "reset-password", "free@example.com")
	h.run("identity", "disable", h.id, "--reason", "stolen")
	h.fails("The identity is disabled. Enable it first", "identity", "reset-password", h.id)
	h.fails("was not found", "identity", "reset-password", "authid_x")
	require.Len(t, h.events(everlatch.EventPasswordReset), 1)
	entries := h.audit("identity reset-password")
	require.Equal(t, []string{h.id, "", "done"}, last(entries))
	require.Equal(t, []string{"authid_x", "", "refused"}, first(entries))

	// One sign-in, two accounts: the link leads to the pages of the one that is meant.
	h.run("user", "create", "-e", "root@example.com", "-p", password)
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(h.folder, "everlatch.db"), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	identities, _, err := s.AuthIdentities(t.Context(), store.IdentityFilter{IdentitySearch: store.IdentitySearch{ActorTypes: []string{"user"}}}, store.Page{})
	require.NoError(t, err)
	require.NoError(t, s.LinkActor(t.Context(), store.Link{IdentityID: identities[0].ID, ActorType: "customer", ActorID: "cus_1"}))
	h.fails("has accounts of several types: choose one with --actor-type: customer, user", "identity", "reset-password", "root@example.com")
	h.run("identity", "reset-password", "root@example.com", "--actor-type", "user")
	require.Contains(t, mailedLink(t, h.url, "root@example.com", "/reset-password?token="), "/ui/user/reset-password")
}

func TestRemoveFactor(t *testing.T) {
	t.Parallel()

	h := newHelped(t)
	token := h.token()
	enrolled := send(t, http.MethodPost, h.url+"/auth/mfa/factors", token, strings.NewReader(`{"provider":"totp"}`))
	require.Equal(t, http.StatusOK, enrolled.status, enrolled.body)
	of, _ := enrolled.body["mfa_factor"].(map[string]any)
	factor, _ := of["id"].(string)
	secret, _ := enrolled.body["secret"].(string)
	code, err := totp.Code(secret, time.Now())
	require.NoError(t, err)
	enabled := send(t, http.MethodPost, h.url+"/auth/mfa/factors/"+factor+"/verify", token, strings.NewReader(`{"code":"`+code+`"}`))
	require.Equal(t, http.StatusOK, enabled.status, enabled.body)
	require.Equal(t, true, h.signIn("ada@example.com", password).body["mfa_required"])

	h.fails("needs --reason", "identity", "remove-factor", h.id, factor)
	h.fails("was not found; see everlatch identity show "+h.id, "identity", "remove-factor", h.id, "authmfa_x", "--reason", "lost")
	h.register("bob@example.com", map[string]any{})
	h.fails("was not found", "identity", "remove-factor", "bob@example.com", factor, "--reason", "of another user")
	require.Equal(t, true, h.signIn("ada@example.com", password).body["mfa_required"], "nothing was removed")

	require.Equal(t, "Removed factor "+factor+" (totp) of "+h.id+"\n",
		h.run("identity", "remove-factor", "ada@example.com", factor, "--reason", "lost phone"))
	signedIn := h.signIn("ada@example.com", password)
	require.Nil(t, signedIn.body["mfa_required"], "the password is enough")
	after, _ := signedIn.body["token"].(string)
	require.True(t, h.accepts(after))
	require.Equal(t, "Factor "+factor+" of "+h.id+" is removed already\n", h.run("identity", "remove-factor", h.id, factor, "--reason", "again"))
	require.JSONEq(t, `{"id":"`+factor+`","object":"mfa_factor","deleted":true}`,
		h.run("identity", "remove-factor", h.id, factor, "--reason", "again", "--json"))
	removed := h.events(everlatch.EventMFADisabled)
	require.Len(t, removed, 1, "to repeat it is safe")
	require.Equal(t, byCommandLine, removed[0].Data["disabled_by"])
	require.Equal(t, "lost phone", removed[0].Data["reason"])
	require.Equal(t, "ada@example.com", removed[0].Data["email"], "who is told by mail")
	require.NotContains(t, h.run("identity", "show", h.id), factor)

	entries := h.audit("identity remove-factor")
	i := slices.IndexFunc(entries, func(e everlatch.AuditEntry) bool { return e.Outcome == everlatch.AuditDone })
	require.Equal(t, []string{h.id, factor, "done"}, first(entries[i:]))
	require.Equal(t, []string{h.id, "authmfa_x", "refused"}, last(entries))
}

func TestDeleteIdentity(t *testing.T) {
	t.Parallel()

	h := newHelped(t)
	h.fails("This identity signs in to an account. Remove the account, and the identity goes with it.", "identity", "delete", "ada@example.com")
	require.Equal(t, http.StatusOK, h.signIn("ada@example.com", password).status)

	h.register("free@example.com", nil)
	var shown identityAnswer
	h.json(&shown, "identity", "show", "free@example.com")
	id := shown.Identity.ID
	require.Equal(t, "Deleted identity "+id+"\n", h.run("identity", "delete", "free@example.com", "--reason", "spam"))
	require.Equal(t, http.StatusUnauthorized, h.signIn("free@example.com", password).status)
	h.fails("AuthIdentity with id: "+id+" was not found", "identity", "delete", id)
	h.fails("no identity signs in with free@example.com", "identity", "delete", "free@example.com")
	gone := h.events(everlatch.EventIdentityDeleted)
	require.Len(t, gone, 1)
	require.Equal(t, everlatch.Metadata{"id": id, "reason": "spam", "deleted_by": byCommandLine}, gone[0].Data)
	entries := h.audit("identity delete")
	require.Equal(t, []string{h.id, "", "refused"}, last(entries))
	require.Equal(t, []string{id, "", "done"}, first(entries[len(entries)-2:]))

	h.register("free@example.com", nil) // the address is free again
	h.json(&shown, "identity", "show", "free@example.com")
	require.JSONEq(t, `{"id":"`+shown.Identity.ID+`","object":"auth_identity","deleted":true}`, h.run("identity", "delete", "free@example.com", "--json"))
}
