package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
)

// TestMoveFromMedusa moves a real Medusa into Everlatch: users sign in with what they have,
// and everything that Medusa has issued goes on working.
func TestMoveFromMedusa(t *testing.T) {
	t.Parallel()
	s := startMedusa(t)
	s.fill(t)
	p := startDev(t, devOptions{
		config: "compat: {untyped_tokens: true}\nrbac: {enabled: true}\n",
		env:    []string{"JWT_SECRET=" + medusaSecret, "AUTH_MFA_ENCRYPTION_KEY=" + medusaFactorKey},
	})
	m := medusaMove{s, p}
	m.imports(t)
	for _, tt := range []struct { //nolint:paralleltest // one after the other: they use up codes and hashes
		name string
		run  func(*testing.T)
	}{
		{"tokens of Medusa", m.tokensOfMedusa},
		{"passwords", m.passwords},
		{"profile", m.profile},
		{"second factor", m.secondFactor},
		{"API keys", m.apiKeys},
		{"roles", m.roles},
		{"pending invite", m.pendingInvite},
		{"what is stored", m.stored},
		{"a second import", m.again},
		{"a user with fewer rights", m.fewerRights},
		{"changes", m.follows},
	} {
		t.Run(tt.name, tt.run)
	}
}

// medusaMove is a Medusa, and the Everlatch that takes its place.
type medusaMove struct {
	from *medusaShop
	to   *process
}

// moveReport is the answer of an import.
type moveReport struct {
	Import struct{ store.ImportCounts } `json:"import"`
	store.ImportCounts

	Imports []string            `json:"imports"`
	Issues  []store.ImportIssue `json:"issues"`
}

// command is a command line of everlatch.
func (m medusaMove) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, append(args, "--data", m.to.dir)...)
	cmd.Env = append(os.Environ(), m.to.env...)
	return cmd
}

func (m medusaMove) importFrom(t *testing.T, args ...string) (out moveReport) {
	t.Helper()
	cmd := m.command(t, append([]string{"import", "medusa", "--from", m.from.database, "--json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)
	require.NoError(t, json.Unmarshal(text, &out), "%s", text)
	return out
}

func (m medusaMove) imports(t *testing.T) {
	t.Helper()
	trial := m.importFrom(t, "--dry-run")
	done := m.importFrom(t)
	require.Equal(t, trial.ImportCounts, done.Import.ImportCounts, "the dry run tells what happens")
	require.Zero(t, done.Import.Refused, "%+v", done.Issues)
	require.Positive(t, done.Import.Created)
	require.Empty(t, done.Issues)
	m.dump(t)
}

// dump keeps what was imported for the tests that need no Medusa, when MEDUSA_DUMP names a
// file: see internal/imports/medusa/testdata.
func (m medusaMove) dump(t *testing.T) {
	t.Helper()
	file := os.Getenv("MEDUSA_DUMP")
	if file == "" {
		return
	}
	args := []string{"--no-owner", "--no-privileges", "--inserts", "--no-comments", "--schema=public", m.from.database}
	for _, table := range medusaTables {
		args = append(args, "--table=public."+table)
	}
	out, err := exec.CommandContext(t.Context(), "pg_dump", args...).Output()
	require.NoError(t, err)
	lines := slices.DeleteFunc(strings.SplitAfter(string(out), "\n"), func(line string) bool { // what psql alone understands, and what says nothing
		return strings.HasPrefix(line, `\`) || strings.HasPrefix(line, "--") || strings.HasPrefix(line, "SET ") || strings.Contains(line, "set_config") || line == "\n"
	})
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
	about, err := json.MarshalIndent(map[string]string{
		"secret_key": m.from.secret, "spent_key": m.from.spent, "publishable_key": m.from.publishable, "totp_secret": m.from.factor,
		"factor_key": medusaFactorKey, "password": oldPassword, "ada": m.from.adaID,
	}, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".json", append(about, '\n'), 0o600))
}

var medusaTables = []string{
	"auth_identity", "provider_identity", "auth_mfa_factor", "auth_mfa_recovery_code", "auth_verification", "customer", "customer_address",
	"customer_group", "customer_group_customer", `"user"`, "invite", "api_key", "rbac_role", "rbac_policy", "rbac_role_policy", "rbac_role_parent",
	"user_rbac_role", "invite_rbac_role",
}

func (m medusaMove) again(t *testing.T) {
	again := m.importFrom(t)
	require.Zero(t, again.Import.Created, "%+v", again.Issues)
	require.Zero(t, again.Import.Updated)
	require.Zero(t, again.Import.Removed)
	require.Zero(t, again.Import.Refused)
}

// fewerRights imports as a user who may not ask for the number of the server: the database is
// known again by what Medusa notes about its migrations.
func (m medusaMove) fewerRights(t *testing.T) {
	role := "e2e_" + strings.ToLower(rand.Text())
	for _, statement := range []string{
		"CREATE ROLE " + role + " LOGIN PASSWORD 'reader'",
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role,
		"REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
	} {
		storetest.OnPostgres(t, m.from.database, statement)
	}
	t.Cleanup(func() {
		storetest.OnPostgres(t, m.from.database, "DROP OWNED BY "+role)
		storetest.OnPostgres(t, m.from.database, "DROP ROLE "+role)
	})
	u, err := url.Parse(m.from.database)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "reader")
	reader := medusaMove{&medusaShop{database: u.String()}, m.to}
	require.Empty(t, reader.importFrom(t, "--dry-run").Issues)
}

func (m medusaMove) tokensOfMedusa(t *testing.T) {
	require.Equal(t, m.from.adaID, m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(m.from.ada)...).str(t, "customer.id"))
	require.Equal(t, "root@example.com", m.to.call(t, "GET", "/admin/users/me", nil, bearer(m.from.root)...).str(t, "user.email"))
	a := m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(m.from.bobToken)...)
	require.Equal(t, 401, a.status, "it was issued before the second factor: %s", a.raw)
	require.Equal(t, "MFA verification is required to complete this request", a.str(t, "message"))
}

func (m medusaMove) passwords(t *testing.T) {
	for _, who := range [][2]string{ // not gone@example.com: who has signed in here stays
		{"customer", "Ada@Example.com"},
		{"customer", "ada@example.com"},
		{"customer", "removed@example.com"},
		{"user", "root@example.com"},
		{"user", "support@example.com"},
	} {
		for range 2 { // the second time with the hash that the first has made
			a := m.to.call(t, "POST", "/auth/"+who[0]+"/emailpass", object{"email": who[1], "password": oldPassword})
			require.Equal(t, 200, a.status, "%v: %s", who, a.raw)
			require.NotEmpty(t, a.str(t, "token"))
		}
		a := m.to.call(t, "POST", "/auth/"+who[0]+"/emailpass", object{"email": who[1], "password": oldPassword + "!"})
		require.Equal(t, 401, a.status, "%v: %s", who, a.raw)
	}
}

func (m medusaMove) profile(t *testing.T) {
	token := m.to.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": oldPassword}).str(t, "token")
	here, there := map[string]any{}, map[string]any{}
	for out, a := range map[*map[string]any]answer{
		&here:  m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(token)...),
		&there: m.from.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(m.from.ada)...),
	} {
		require.Equal(t, 200, a.status, "%s", a.raw)
		*out = a.json(t)
	}
	require.Equal(t, there, here, "the two answer the same")
}

func (m medusaMove) secondFactor(t *testing.T) {
	a := m.to.call(t, "POST", "/auth/customer/emailpass", object{"email": "bob@example.com", "password": oldPassword})
	require.Equal(t, true, a.json(t)["mfa_required"], "%s", a.raw)
	verify := "/auth/mfa/challenges/" + a.str(t, "mfa_challenge.id") + "/verify"
	wrong := m.to.call(t, "POST", verify, object{"method": "totp", "code": "000000"}, bearer(a.str(t, "token"))...)
	require.Equal(t, 400, wrong.status, "%s", wrong.raw)
	awaitQuietStep(t)
	passed := m.to.call(t, "POST", verify, object{"method": "totp", "code": totpCode(t, m.from.factor, 0)}, bearer(a.str(t, "token"))...)
	require.Equal(t, 200, passed.status, "%s", passed.raw)
	me := m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(passed.str(t, "token"))...)
	require.Equal(t, "Bob", me.str(t, "customer.first_name"), "%s", me.raw)
}

func basic(key string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))}
}

func (m medusaMove) apiKeys(t *testing.T) {
	for range 2 { // the second time with the hash that the first has made
		a := m.to.call(t, "GET", "/admin/customers", nil, basic(m.from.secret)...)
		require.Equal(t, 200, a.status, "%s", a.raw)
	}
	middle := len(m.from.secret) / 2
	for _, wrong := range []string{m.from.spent, m.from.secret + "0", m.from.secret[:middle] + "-" + m.from.secret[middle+1:]} {
		require.Equal(t, 401, m.to.call(t, "GET", "/admin/customers", nil, basic(wrong)...).status)
	}
	require.Equal(t, 400, m.to.call(t, "GET", "/store/customers/me", nil, append(bearer(m.from.ada), "x-publishable-api-key", "pk_unknown")...).status)
}

func (m medusaMove) roles(t *testing.T) {
	support := bearer(m.to.call(t, "POST", "/auth/user/emailpass", object{"email": "support@example.com", "password": oldPassword}).str(t, "token"))
	require.Equal(t, 200, m.to.call(t, "GET", "/admin/customers", nil, support...).status, "by a role above theirs")
	require.Equal(t, 403, m.to.call(t, "POST", "/admin/customers", object{"email": "x@example.com"}, support...).status)
	root := bearer(m.from.root)
	role := m.to.call(t, "GET", "/admin/rbac/roles/"+m.from.roleID, nil, root...)
	require.Equal(t, "Support", role.str(t, "role.name"), "%s", role.raw)
	require.Equal(t, "north", role.str(t, "role.metadata.team"), "%s", role.raw)
}

func (m medusaMove) pendingInvite(t *testing.T) {
	newcomer := m.to.call(t, "POST", "/auth/user/emailpass/register", object{"email": "late@example.com", "password": password}).str(t, "token")
	a := m.to.call(t, "POST", "/admin/invites/accept?token="+m.from.pending, object{"first_name": "Lou"}, bearer(newcomer)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	token := m.to.call(t, "POST", "/auth/user/emailpass", object{"email": "late@example.com", "password": password}).str(t, "token")
	require.Equal(t, 200, m.to.call(t, "GET", "/admin/customers", nil, bearer(token)...).status, "with the role of the invite")
	again := m.to.call(t, "POST", "/admin/invites/accept?token="+m.from.pending, object{}, bearer(newcomer)...)
	require.NotEqual(t, 200, again.status)
}

// stored looks at the export: slow hashes were replaced by use, and what no route shows.
func (m medusaMove) stored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.ndjson")
	m.to.command(t, "export", file)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	identities := map[string]string{}
	for line := range strings.Lines(string(text)) {
		for _, email := range []string{"ada@example.com", "bob@example.com", "113355"} {
			if strings.Contains(line, `"type":"identity"`) && strings.Contains(line, `"entity_key":"`+email+`"`) {
				identities[email] = line
			}
		}
		if strings.Contains(line, m.from.secretID) {
			require.Contains(t, line, `"salt":""`)
		}
		require.NotContains(t, line, `"email":"removed@example.com","has_account":true,"first_name":"Removed"`)
	}
	require.Contains(t, identities["ada@example.com"], `"password":"$argon2id$`)
	require.Contains(t, identities["bob@example.com"], `"secret":"`+m.from.factor+`"`)
	for _, has := range []string{`"provider":"google"`, `"erp":{"number":7}`, `"entity_key":"grace@example.com"`, `"verified_at":"`} {
		require.Contains(t, identities["113355"], has)
	}
}

// follows changes things in Medusa while the import follows it.
func (m medusaMove) follows(t *testing.T) {
	cmd := m.command(t, "import", "medusa", "--from", m.from.database, "--json", "--follow", "--every", "300ms")
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	says := func() string {
		text, err := os.ReadFile(stderr.Name())
		require.NoError(t, err)
		return string(text)
	}
	require.Eventually(t, func() bool { return strings.Contains(says(), "Everything is imported.") }, time.Minute, 100*time.Millisecond, "%s", stderr.Name())

	root := bearer(m.from.root)
	m.from.is(t, "POST", "/admin/customers/"+m.from.adaID, object{"first_name": "Augusta"}, root...)
	_, newID := m.from.customer(t, "new@example.com", "New")
	m.from.is(t, "DELETE", "/admin/customers/"+m.from.goneID, nil, root...)
	signsIn := func(email string) bool {
		return m.to.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": oldPassword}).status == 200
	}
	require.Eventually(t, func() bool { // an identity may come a pass before its customer
		a := m.to.call(t, "POST", "/auth/customer/emailpass", object{"email": "new@example.com", "password": oldPassword})
		return a.status == 200 && m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(a.str(t, "token"))...).status == 200
	}, time.Minute, 300*time.Millisecond, "%s", says())
	m.from.is(t, "DELETE", "/admin/customers/"+newID, nil, root...)
	// Deleted for good, in a way that leaves no trace.
	m.from.is(t, "POST", "/admin/api-keys/"+m.from.secretID+"/revoke", object{}, root...)
	m.from.is(t, "DELETE", "/admin/api-keys/"+m.from.secretID, nil, root...)

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), "%s", says())
	var done moveReport
	require.NoError(t, json.Unmarshal(out.Bytes(), &done), "%s", &out)
	require.Len(t, done.Issues, 1, "%+v", done.Issues)
	require.Equal(t, transfer.TypeIdentity, done.Issues[0].Type)
	require.Equal(t, transfer.RemovedElsewhere, done.Issues[0].Reason)
	require.GreaterOrEqual(t, len(done.Imports), 2)
	require.GreaterOrEqual(t, done.Removed, int64(4), "two customers, the identity of one, and an API key: %s %s", &out, says())
	require.False(t, signsIn("gone@example.com"))
	require.True(t, signsIn("new@example.com"), "an identity that has signed in here stays")
	require.Equal(t, 401, m.to.call(t, "GET", "/admin/customers", nil, basic(m.from.secret)...).status)
	token := m.to.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": oldPassword}).str(t, "token")
	require.Equal(t, "Augusta", m.to.call(t, "GET", "/store/customers/me", nil, m.from.asCustomer(token)...).str(t, "customer.first_name"))
}
