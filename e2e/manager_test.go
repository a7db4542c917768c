package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// startExample builds an example program and starts it, as in production: with
// its own database, on a Temporal server that runs elsewhere.
func startExample(t *testing.T, example string, more ...string) *process {
	t.Helper()
	dir := t.TempDir()
	path := buildExample(t, example)
	settings := filepath.Join(dir, "everlatch.yaml")
	require.NoError(t, os.WriteFile(settings, []byte(cheapHashes), 0o600))
	address := freeport.Addresses(t, 1)[0]
	temporal := temporalServer(t, filepath.Join(dir, "temporal"), "")
	p := &process{base: "http://" + address, temporal: temporal.Address(), dir: dir}
	p.env = append(production("sqlite://"+filepath.Join(dir, "everlatch.db"), temporal.Address()),
		"EVERLATCH_HTTP_ADDRESS="+address, "EVERLATCH_CONFIG="+settings, "AUTH_CORS="+shop)
	runToEnd(t, p.env, "migrate", "up")
	log, err := os.CreateTemp(dir, "program-*.log")
	require.NoError(t, err)
	p.log = log
	environ := append(append(os.Environ(), p.env...), more...)
	migrate := exec.CommandContext(t.Context(), path, "migrate", "up")
	migrate.Env = environ
	out, err := migrate.CombinedOutput()
	require.NoError(t, err, "%s", out)
	p.cmd = exec.CommandContext(context.Background(), path, "serve")
	p.cmd.Env = environ
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("log of %s:\n%s", example, p.logText())
		}
	})
	p.waitReady(t)
	return p
}

// shop is a web origin from which people may sign in.
const shop = "https://shop.example"

// registered registers the identity of a manager and returns its token.
func (p *process) registered(t *testing.T, email string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/manager/emailpass/register", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

func (p *process) signIn(t *testing.T, actorType, email string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/"+actorType+"/emailpass", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// administrator makes one with the tools, which find the program by its settings.
func (p *process) administrator(t *testing.T) string {
	t.Helper()
	runToEnd(t, p.env, "user", "create", "-e", "root@example.com", "-p", password)
	return p.signIn(t, "user", "root@example.com")
}

// TestManagers plays docs/guides/create-an-actor-type.md.
func TestManagers(t *testing.T) {
	t.Parallel()
	p := startExample(t, "manager")
	root := p.administrator(t)
	ada := object{"email": "ada@example.com", "name": "Ada"}

	registration := p.registered(t, "ada@example.com")
	a := p.call(t, "POST", "/manager", object{"email": "ada@example.com", "name": "Ada", "region": "abroad"}, bearer(registration)...)
	require.Equal(t, 400, a.status)
	require.Equal(t, "Choose at least one language for managers who work abroad.", a.str(t, "message"))
	a = p.call(t, "POST", "/manager", ada, append(bearer(registration), "Idempotency-Key", "one")...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	id := a.str(t, "manager.id")
	require.Regexp(t, `^mana_\w{26}$`, id)
	again := p.call(t, "POST", "/manager", ada, append(bearer(registration), "Idempotency-Key", "one")...)
	require.Equal(t, string(a.raw), string(again.raw), "the first answer")
	other := maps.Clone(ada)
	other["name"] = "Eve"
	require.Equal(t, 409, p.call(t, "POST", "/manager", other, append(bearer(registration), "Idempotency-Key", "one")...).status)

	token := p.signIn(t, "manager", "ada@example.com")
	require.Equal(t, id, claims(t, token)["actor_id"])
	me := p.call(t, "GET", "/manager/me", nil, bearer(token)...)
	require.Equal(t, string(a.raw), string(me.raw))
	session := p.call(t, "POST", "/auth/session", nil, bearer(token)...)
	cookie := "connect.sid=" + cookieValue(session)
	a = p.call(t, "POST", "/manager/me", object{"region": "abroad", "languages": []string{"pl"}}, "Cookie", cookie)
	require.Equal(t, 200, a.status, "%s", a.raw)
	a = p.call(t, "POST", "/manager/me", object{"languages": []string{}}, "Cookie", cookie)
	require.Equal(t, 400, a.status, "the whole record counts: %s", a.raw)

	a = p.call(t, "GET", "/manager/customers", nil, bearer(token)...)
	require.Equal(t, 403, a.status, "%s", a.raw)
	a = p.call(t, "GET", "/admin/managers?q=ada&fields=email,approved", nil, bearer(root)...)
	require.JSONEq(t, fmt.Sprintf(`{"managers":[{"id":%q,"email":"ada@example.com","approved":null}],"count":1,"offset":0,"limit":50}`, id), string(a.raw))
	a = p.call(t, "POST", "/admin/managers/"+id, object{"approved": true}, bearer(root)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	p.signUpAs(t, "shopper@example.com")
	a = p.call(t, "GET", "/manager/customers", nil, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Contains(t, string(a.raw), "shopper@example.com")

	a = p.call(t, "DELETE", "/manager/me", nil, bearer(token)...)
	require.JSONEq(t, fmt.Sprintf(`{"id":%q,"object":"manager","deleted":true}`, id), string(a.raw))
	require.Equal(t, 401, p.call(t, "GET", "/manager/me", nil, bearer(token)...).status)
	require.Equal(t, 401, p.call(t, "GET", "/manager/me", nil, "Cookie", cookie).status)
	a = p.call(t, "POST", "/auth/manager/emailpass", object{"email": "ada@example.com", "password": password})
	require.Equal(t, 401, a.status, "the identity is gone")
	for name, n := range map[string]int{
		"manager.created": 1, "manager.updated": 2, "manager.deleted": 1, "auth.account_deleted": 1, "auth.identity_deleted": 1,
	} {
		require.Equal(t, n, p.released(t, name, root), name)
	}
	a = p.call(t, "POST", "/manager", ada, bearer(p.registered(t, "ada@example.com"))...)
	require.Equal(t, 200, a.status, "her address is free: %s", a.raw)
}

// signUpAs makes a customer.
func (p *process) signUpAs(t *testing.T, email string) {
	t.Helper()
	a := p.call(t, "POST", "/store/customers", object{"email": email}, bearer(p.register(t, email, password))...)
	require.Equal(t, 200, a.status, "%s", a.raw)
}

func TestManagerRaces(t *testing.T) {
	t.Parallel()
	p := startExample(t, "manager")
	root := p.administrator(t)

	t.Run("50 creations with one token make one manager", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.registered(t, "one@example.com")
		answers := parallel(t, 50, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", "/manager", object{"email": fmt.Sprintf("one%d@example.com", i), "name": "One"}, bearer(token)...)
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
		require.Contains(t, string(p.call(t, "GET", "/admin/managers?with_deleted=true", nil, bearer(root)...).raw), `"count":1,`, "the others are undone")
	})

	t.Run("50 people with one unique value, one has it", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		var tokens []string
		for i := range 50 {
			tokens = append(tokens, p.registered(t, fmt.Sprintf("many%d@example.com", i)))
		}
		answers := parallel(t, 50, func(i int) (answer, error) {
			email := "wanted@example.com"
			if i%2 == 1 {
				email = "WANTED@Example.com" // docs/weak-spots.md#w22
			}
			return p.try(t.Context(), "POST", "/manager", object{"email": email, "name": "Many"}, bearer(tokens[i])...)
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
		require.Equal(t, 2, p.released(t, "manager.created", root))
		require.Equal(t, 2, p.released(t, "auth.actor_linked", root)-1, "and the administrator")
	})

	t.Run("50 repetitions under one Idempotency-Key get one answer", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.registered(t, "idem@example.com")
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", "/manager", object{"email": "idem@example.com", "name": "Idem"}, append(bearer(token), "Idempotency-Key", "k")...)
		})
		ids := map[string]bool{}
		for _, a := range answers {
			require.Equal(t, 200, a.status, "%s", a.raw)
			ids[a.str(t, "manager.id")] = true
		}
		require.Len(t, ids, 1)
	})

	t.Run("50 removals remove once", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.signIn(t, "manager", "idem@example.com")
		id, _ := claims(t, token)["actor_id"].(string)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "DELETE", "/admin/managers/"+id, nil, bearer(root)...)
		})
		require.Equal(t, 50, count(answers, 200), "%s", answers[0].raw)
		for _, name := range []string{"manager.deleted", "auth.account_deleted", "auth.identity_deleted"} {
			require.Equal(t, 1, p.released(t, name, root), name)
		}
	})
}

// TestCustomManagers runs docs/guides/extend-with-your-own-routes.md: the same
// manager, with the table, workflows and routes of the example.
func TestCustomManagers(t *testing.T) {
	t.Parallel()
	p := startExample(t, "manager/own", "MANAGERS_DB="+filepath.Join(t.TempDir(), "managers.db"))
	root := p.administrator(t)
	registration := p.registered(t, "ada@example.com")
	require.Equal(t, 401, p.call(t, "POST", "/manager", object{}).status)
	a := p.call(t, "POST", "/manager", object{"email": "ada@example.com"}, bearer(registration)...)
	require.Equal(t, "Invalid request: Field 'name' is required", a.str(t, "message"))

	answers := parallel(t, 50, func(i int) (answer, error) {
		return p.try(t.Context(), "POST", "/manager", object{"email": fmt.Sprintf("ada%d@example.com", i), "name": "Ada"}, bearer(registration)...)
	})
	require.Equal(t, 1, count(answers, 200), "%s", answers[0].raw)
	require.Equal(t, 49, count(answers, 400))
	token := p.signIn(t, "manager", "ada@example.com")
	me := p.call(t, "GET", "/manager/me", nil, bearer(token)...)
	require.Equal(t, 200, me.status, "%s", me.raw)
	require.Equal(t, claims(t, token)["actor_id"], me.str(t, "manager.id"))
	require.Equal(t, 1, p.released(t, "manager.hired", root))

	grace := p.registered(t, "grace@example.com")
	a = p.call(t, "POST", "/manager", object{"email": me.str(t, "manager.email"), "name": "Grace"}, bearer(grace)...)
	require.Equal(t, 422, a.status, "%s", a.raw)
	require.Equal(t, "A manager with this email works here.", a.str(t, "message"))

	require.Equal(t, 200, p.call(t, "DELETE", "/manager/me", nil, bearer(token)...).status)
	require.Equal(t, 401, p.call(t, "GET", "/manager/me", nil, bearer(token)...).status)
	a = p.call(t, "POST", "/auth/manager/emailpass", object{"email": "ada@example.com", "password": password})
	require.Equal(t, 401, a.status)
	require.Equal(t, 200, p.call(t, "POST", "/manager", object{"email": me.str(t, "manager.email"), "name": "Grace"}, bearer(grace)...).status)
}

// TestNoSecretOfManagersIsKept looks where TestNoSecretIsKept does, in services
// with an actor type of their own.
func TestNoSecretOfManagersIsKept(t *testing.T) {
	t.Parallel()
	for example, names := range map[string][]string{
		"manager":     {"CreateActorAccount", "UpdateActor", "RemoveActorAccount"},
		"manager/own": {"HireManager", "DismissManager"},
	} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			p := startExample(t, example, "MANAGERS_DB="+filepath.Join(t.TempDir(), "managers.db"), "EVERLATCH_LOG_LEVEL=debug")
			secrets := map[string]string{"password": password}
			secrets["registration token"] = p.registered(t, "ada@example.com")
			body := object{"email": "ada@example.com", "name": "Ada"}
			require.Equal(t, 200, p.call(t, "POST", "/manager", body, bearer(secrets["registration token"])...).status)
			secrets["token"] = p.signIn(t, "manager", "ada@example.com")
			session := p.call(t, "POST", "/auth/session", nil, bearer(secrets["token"])...)
			secrets["session cookie"] = cookieValue(session)
			p.call(t, "POST", "/manager/me", object{"region": "north"}, bearer(secrets["token"])...)
			require.Equal(t, 200, p.call(t, "DELETE", "/manager/me", nil, bearer(secrets["token"])...).status)

			histories := decodedHistories(t, p, names)
			p.stop(t)

			for name, history := range histories {
				requireClean(t, secrets, "decoded history of "+name, history)
				require.NotContains(t, name, "example.com", "ids are not encrypted")
			}
			requireCleanFiles(t, p, secrets)
		})
	}
}
