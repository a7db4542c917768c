package e2e_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/workflows"
)

// TestNoSecretIsKept runs every workflow, then reads every byte that the process
// left: Temporal's databases with their histories, the store, the vault's rows, the
// logs; and what it told, its metrics and traces. No password, token or key that was
// used may be in any of them, as plain text, base64 or URL-encoded. Afterwards the decrypted histories are searched as
// well: encryption must not be what hides a secret.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	traces := newCollector(t)
	env := append(traces.env(), "EVERLATCH_LOG_LEVEL=debug", "EVERLATCH_ENCRYPTION_KEYS="+encryptionKeys)
	p := startDev(t, devOptions{config: secretsConfig(socialConfig(g)), env: env})
	secrets := everyWorkflow(t, p)
	elsewhere(t, p, g, secrets)
	for name, history := range fromAnotherNamespace(t, p, secrets).histories(t) {
		requireClean(t, secrets, "history of the caller "+name, history)
	}
	throughService(t, p, secrets)
	hashes := map[string]string{"imported hash": importedHash(t, p), "hash of a program": hashOfService}
	histories := decodedHistories(t, p, workflowNames(t))
	requireNoAddress(t, p)
	metrics := p.call(t, "GET", "/metrics", nil).raw
	p.stop(t)
	for where, text := range map[string]string{"traces": traces.text(), "metrics": string(metrics)} {
		requireClean(t, secrets, where, []byte(text))
		require.NotContains(t, text, "example.com", "%s hold an address", where)
		for _, name := range workflowNames(t) {
			require.Contains(t, text, name, "every workflow is in the %s", where)
		}
	}

	require.NotEmpty(t, histories)
	for name, history := range histories {
		requireClean(t, secrets, "decoded history of "+name, history)
		requireClean(t, hashes, "decoded history of "+name, history)
	}
	all := bytes.Join(slices.Collect(maps.Values(histories)), nil)
	for _, name := range workflowNames(t) {
		require.Contains(t, string(all), `"workflowType":{"name":"`+name+`"}`, "every workflow was run")
	}

	requireCleanFiles(t, p, secrets)
	requireClean(t, hashes, "log", []byte(p.logText()))
	requireClean(t, hashes, "traces", []byte(traces.text()))
}

// importedHash imports an account with a password hash, which the store keeps and no
// history does.
func importedHash(t *testing.T, p *process) string {
	t.Helper()
	const hash = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"
	file := filepath.Join(t.TempDir(), "accounts.ndjson")
	require.NoError(t, os.WriteFile(file, []byte(`{"type":"customer","version":1,"id":"cus_moved","email":"moved@example.com","has_account":true}
{"type":"identity","version":1,"id":"authid_moved","provider_identities":[{"provider":"emailpass","entity_id":"moved@example.com",`+
		`"provider_metadata":{"password":"`+hash+`"}}],"actors":[{"actor_type":"customer","actor_id":"cus_moved"}]}
`), 0o600))
	out := p.command(t, "import", "everlatch", file)
	require.Regexp(t, `created\s+2\n`, out)
	return hash
}

// requireCleanFiles reads every byte that a process left.
func requireCleanFiles(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		requireClean(t, secrets, path, raw)
		return nil
	}))
	require.GreaterOrEqual(t, files, 3, "the store, Temporal's databases and the logs")
	requireClean(t, secrets, "log", []byte(p.logText()))
}

// everyWorkflow runs each workflow, with success and refusal, and returns the
// secrets that it used.
func everyWorkflow(t *testing.T, p *process) map[string]string {
	t.Helper()
	const (
		first = "first-Secret-of-ada-9c1f"
		wrong = "wrong-Secret-of-ada-71ab"
		weak  = "qqSecret"
		admin = "admin-Secret-of-root-55d0"
	)
	secrets := map[string]string{"password": first, "wrong password": wrong, "refused password": weak, "admin's password": admin}

	registered := p.register(t, "ada@example.com", first)
	secrets["registration token"] = registered
	p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": "ada@example.com", "password": wrong})
	p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": "not an address", "password": weak})
	p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": 5, "password": weak})
	p.call(t, "POST", "/auth/customer/emailpass/register",
		object{"email": "key@example.com", "password": first}, "Idempotency-Key", "k")
	once := p.call(t, "POST", "/auth/customer/emailpass/register",
		object{"email": "once@example.com", "password": first, "actor": object{"email": "once@example.com"}})
	require.Equal(t, 200, once.status, "%s", once.raw)
	secrets["token of a sign-up"] = once.str(t, "token")
	p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": wrong})
	p.call(t, "POST", "/auth/customer/nope", object{"email": "ada@example.com", "password": wrong})
	a := p.call(t, "POST", "/store/customers", object{"email": "ada@example.com"}, bearer(registered)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	token := p.login(t, "ada@example.com", first)
	secrets["token"] = token
	session := p.call(t, "POST", "/auth/session", nil, bearer(token)...)
	cookie := cookieValue(session)
	require.NotEmpty(t, cookie)
	secrets["session cookie"] = cookie
	plain, err := url.QueryUnescape(cookie)
	require.NoError(t, err)
	secrets["session id"] = strings.Split(strings.TrimPrefix(plain, "s:"), ".")[0]

	const changed = "changed-Secret-of-ada-e3b0"
	secrets["new password"], secrets["refused new password"] = changed, "xxSecret"[:7]
	p.forgot(t, "customer", "ada@example.com")
	reset := p.resetToken(t, "ada@example.com", 1)
	secrets["reset token"] = reset
	p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": secrets["refused new password"]}, bearer(reset)...)
	a = p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": changed}, bearer(reset)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	p.mailTo(t, "ada@example.com", "auth.password_changed", 1)

	p.command(t, "user", "create", "-e", "root@example.com", "-p", admin)
	a = p.call(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": admin})
	require.Equal(t, 200, a.status, "%s", a.raw)
	adminToken := a.str(t, "token")
	secrets["admin's token"] = adminToken
	key := p.call(t, "POST", "/admin/api-keys", object{"title": "k", "type": "secret"}, bearer(adminToken)...)
	require.Equal(t, 200, key.status, "%s", key.raw)
	secrets["secret API key"] = key.str(t, "api_key.token")
	second := p.command(t, "user", "create", "-e", "second@example.com", "-p", admin)
	id := regexp.MustCompile(`user_[0-9A-Z]{26}`).FindString(second)
	require.Equal(t, 200, p.call(t, "DELETE", "/admin/users/"+id, nil, bearer(adminToken)...).status)
	someInvites(t, p, adminToken, admin, secrets)
	leaving := p.becomes(t, "leaving@example.com")
	require.Equal(t, 202, p.deleteMe(t, leaving).status)
	secrets["token that asked to be forgotten"] = leaving
	secrets["token that came back"] = p.login(t, "leaving@example.com", password)
	token = someEmailChanges(t, p, p.login(t, "ada@example.com", changed), changed, secrets)
	startWithoutRoute(t, p, token)
	secondFactors(t, p, secrets)
	someVerifications(t, p, secrets)
	somePasskeys(t, p, secrets)
	someMailedSignIns(t, p, secrets)
	someControl(t, p, adminToken, secrets)
	p.call(t, "GET", "/admin/users", nil, "Authorization",
		"Basic "+base64.StdEncoding.EncodeToString([]byte(secrets["secret API key"]+":")))
	return secrets
}

// someEmailChanges are proved, undone and left open. It returns a token that
// still signs in.
func someEmailChanges(t *testing.T, p *process, token, pass string, secrets map[string]string) string {
	t.Helper()
	p.askEmail(t, token, "ada@new.example")
	secrets["token that proves an e-mail"] = p.mailedToken(t, "ada@new.example", askedByMail, 1)
	a := p.call(t, "POST", ownEmail+"/confirm", object{"token": secrets["token that proves an e-mail"]}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token after an e-mail change"] = a.str(t, "token")
	secrets["token that undoes an e-mail change"] = p.mailedToken(t, "ada@example.com", changedByMail, 1)
	a = p.call(t, "POST", ownEmail+"/undo", object{"token": secrets["token that undoes an e-mail change"]})
	require.Equal(t, 200, a.status, "%s", a.raw)
	p.mailTo(t, "ada@example.com", "auth.email_change_undone", 1)
	token = p.login(t, "ada@example.com", pass)
	p.askEmail(t, token, "ada@other.example")
	secrets["token that waits to prove an e-mail"] = p.mailedToken(t, "ada@other.example", askedByMail, 1)
	return token
}

// someInvites are accepted, sent again and revoked.
func someInvites(t *testing.T, p *process, root, pass string, secrets map[string]string) {
	t.Helper()
	id, token := p.invite(t, root, "invited@example.com")
	secrets["invite token"] = token
	resent := p.call(t, "POST", "/admin/invites/"+id+"/resend", nil, bearer(root)...)
	require.Equal(t, 200, resent.status, "%s", resent.raw)
	secrets["resent invite token"] = resent.str(t, "invite.token")
	p.mailTo(t, "invited@example.com", "invite.resent", 1)
	a := p.call(t, "POST", "/auth/user/emailpass/register", object{"email": "invited@example.com", "password": pass})
	require.Equal(t, 200, a.status, "%s", a.raw)
	newcomer := a.str(t, "token")
	require.Equal(t, 401, p.accept(t, newcomer, token, object{}).status)
	require.Equal(t, 200, p.accept(t, newcomer, secrets["resent invite token"], object{}).status)
	a = p.call(t, "POST", "/admin/invites", object{"email": "revoked@example.com"}, append(bearer(root), "Idempotency-Key", "invite")...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["revoked invite token"] = a.str(t, "invite.token")
	require.Equal(t, 200, p.call(t, "DELETE", "/admin/invites/"+a.str(t, "invite.id"), nil, bearer(root)...).status)
}

// elsewhere signs in with GitHub, which keeps tokens, and is refused once.
func elsewhere(t *testing.T, p *process, g *githubtest.Server, secrets map[string]string) {
	t.Helper()
	person := githubtest.Ada()
	person.Emails = []githubtest.Email{{Email: "linked@example.com", Primary: true, Verified: true}} // so that a password may be added
	g.SetPerson(person)
	params, cookie := p.away(t, g)
	secrets["state"] = params.Get("state")
	secrets["browser's cookie"] = strings.TrimPrefix(cookie, "everlatch.browser=")
	a := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, "Cookie", cookie)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token after GitHub"] = a.str(t, "token")
	secrets["linked password"] = "linked-Secret-of-ada-88c2"
	link := object{"email": "linked@example.com", "password": secrets["linked password"]}
	require.Equal(t, 200, p.call(t, "POST", "/auth/identities/link/emailpass", link, bearer(a.str(t, "token"))...).status)
	byPassword := p.login(t, "linked@example.com", secrets["linked password"])
	unlinked := p.call(t, "DELETE", "/auth/identities/"+p.ways(t, byPassword)["github"], nil, bearer(byPassword)...)
	require.Equal(t, 200, unlinked.status, "%s", unlinked.raw)
	secrets["token before unlinking"], secrets["token after unlinking"] = byPassword, unlinked.str(t, "token")
	params = p.linkGithub(t, g, secrets["token after unlinking"])
	secrets["state of linking"], secrets["code of linking"] = params.Get("state"), params.Get("code")
	linked := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, bearer(secrets["token after unlinking"])...)
	require.Equal(t, 200, linked.status, "%s", linked.raw)
	secrets["token after linking"] = linked.str(t, "token")
	params, _ = p.away(t, g, namesItself...)
	params.Set("code", "forged-code-17aa")
	secrets["forged code"] = params.Get("code")
	require.Equal(t, 401, p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, namesItself...).status)
	for i, secret := range g.Secrets() { // codes, verifiers, tokens, the client secret
		secrets[fmt.Sprint("GitHub's secret ", i)] = secret
	}
}

func requireClean(t *testing.T, secrets map[string]string, where string, raw []byte) {
	t.Helper()
	for name, secret := range secrets {
		if secret == "" {
			t.Fatalf("no %s was used", name)
		}
		for form, text := range map[string]string{
			"clear":  secret,
			"base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
			"URL":    url.QueryEscape(secret),
		} {
			if bytes.Contains(raw, []byte(text)) {
				t.Errorf("%s holds the %s (%s form)", where, name, form)
			}
		}
	}
}

// workflowNames are the names of all workflows that a worker can run.
func workflowNames(t *testing.T) []string {
	t.Helper()
	golden, err := os.ReadFile("../worker/testdata/names.golden")
	require.NoError(t, err)
	var out []string
	for line := range strings.Lines(string(golden)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "workflow "); ok {
			out = append(out, name)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// startWithoutRoute runs the workflows that no route starts, as custom code would.
func startWithoutRoute(t *testing.T, p *process, token string) {
	t.Helper()
	c := p.temporalClient(t)
	identity, _ := claims(t, token)["auth_identity_id"].(string)
	customer, _ := claims(t, token)["actor_id"].(string)
	require.NotEmpty(t, customer)
	for i, d := range []struct{ workflow, input any }{
		{workflows.SetAuthAppMetadata, workflows.SetAuthAppMetadataInput{AuthIdentityID: identity, ActorType: "vendor", ActorID: new("vendor_1")}},
		{workflows.SetAuthAppMetadata, workflows.SetAuthAppMetadataInput{AuthIdentityID: identity, ActorType: "vendor"}},
		// Of a type that is not defined here; TestNoSecretOfManagersIsKept has one.
		{workflows.CreateActorAccount, workflows.CreateActorAccountInput{AuthIdentityID: identity, Actor: everlatch.ActorRecord{ID: "mana_1", ActorType: "manager"}}},
		{workflows.UpdateActor, workflows.UpdateActorInput{ActorType: "manager", ActorID: "mana_1"}},
		{workflows.RemoveActorAccount, everlatch.ActorRef{ActorType: "manager", ActorID: "mana_1"}},
		{workflows.UpdateProvider, workflows.UpdateProviderInput{Provider: "emailpass", Request: "sec_01M8M3HPNC46WTK1TNFPZP3D4P", ActorType: "customer"}},
		{workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: customer}},
		{workflows.DeleteAuthIdentity, workflows.DeleteAuthIdentityInput{AuthIdentityID: identity}},
	} {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: fmt.Sprint("secrets-scan/", i), TaskQueue: "everlatch",
		}, d.workflow, d.input)
		require.NoError(t, err)
		require.NoError(t, run.Get(t.Context(), nil))
	}
	triggerAll(t, c)
}

// triggerAll starts every scheduled job of the namespace, whose ids name the installation.
func triggerAll(t *testing.T, c client.Client) {
	t.Helper()
	triggered := 0
	it, err := c.ScheduleClient().List(t.Context(), client.ScheduleListOptions{})
	require.NoError(t, err)
	for it.HasNext() {
		job, err := it.Next()
		require.NoError(t, err)
		require.NoError(t, c.ScheduleClient().GetHandle(t.Context(), job.ID).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
		triggered++
	}
	require.Equal(t, 6, triggered, "clean-up, remove-orphans, tend-events, report-dead-letters, tend-deletions, reseal")
}

// cookieValue returns the value of the cookie that an answer sets.
func cookieValue(a answer) string {
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	return strings.TrimPrefix(cookie, "connect.sid=")
}
