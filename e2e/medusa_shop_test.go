package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// medusaShop is a real Medusa server and what was made in it.
type medusaShop struct {
	*process

	database string
	env      []string

	root, ada, pending, bobToken    string // tokens of Medusa
	publishable, secret, spent      string // API keys
	adaID, goneID, secretID, roleID string
	factor                          string // the secret of Bob's authenticator app
}

const (
	medusaSecret    = "the secret of a Medusa installation"
	medusaFactorKey = "the factor key of a Medusa installation"
	oldPassword     = "the old password"
)

// startMedusa makes a database, and runs Medusa on it.
func startMedusa(t *testing.T) *medusaShop {
	t.Helper()
	if _, err := os.Stat("medusa/node_modules/.bin/medusa"); err != nil {
		const needs = "needs Medusa; make medusa-test installs it"
		require.NotEqual(t, "true", os.Getenv("CI"), needs)
		fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" "+needs+".")
		t.Skip(needs)
	}
	address := freeport.Addresses(t, 1)[0]
	_, port, _ := strings.Cut(address, ":")
	s := &medusaShop{process: &process{base: "http://" + address}, database: postgres(t)}
	s.env = append(os.Environ(), "DATABASE_URL="+s.database, "JWT_SECRET="+medusaSecret, "COOKIE_SECRET=unused here", "PORT="+port,
		"AUTH_MFA_ENCRYPTION_KEY="+medusaFactorKey, "MEDUSA_FF_RBAC=true", "MEDUSA_DISABLE_TELEMETRY=true", "NODE_ENV=production")
	s.medusa(t, "db:migrate", "--skip-scripts")
	s.medusa(t, "user", "-e", "root@example.com", "-p", oldPassword)
	s.medusa(t, "exec", "./modules.js")

	cmd := exec.CommandContext(context.Background(), "node_modules/.bin/medusa", "start")
	cmd.Dir, cmd.Env = "medusa", s.env
	log, err := os.Create(filepath.Join(t.TempDir(), "medusa.log"))
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("end of the log of Medusa:\n%s", text[max(0, len(text)-4<<10):])
		}
	})
	require.Eventually(t, func() bool {
		answer, err := httpClient.Get(s.base + "/health")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	}, 3*time.Minute, 200*time.Millisecond)
	return s
}

// medusa runs a command of Medusa.
func (s *medusaShop) medusa(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node_modules/.bin/medusa", args...)
	cmd.Dir, cmd.Env = "medusa", s.env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "medusa %v: %s", args, out)
}

// is calls Medusa, and returns its answer, which must be a success.
func (s *medusaShop) is(t *testing.T, method, path string, body any, header ...string) answer {
	t.Helper()
	a := s.call(t, method, path, body, header...)
	require.Less(t, a.status, 300, "%s %s: %s", method, path, a.raw)
	return a
}

// customer signs a customer up, and returns a token and the id.
func (s *medusaShop) customer(t *testing.T, email, name string) (token, id string) {
	t.Helper()
	login := object{"email": email, "password": oldPassword}
	first := s.is(t, "POST", "/auth/customer/emailpass/register", login).str(t, "token")
	made := s.is(t, "POST", "/store/customers", object{"email": email, "first_name": name}, s.asCustomer(first)...)
	return s.is(t, "POST", "/auth/customer/emailpass", login).str(t, "token"), made.str(t, "customer.id")
}

func (s *medusaShop) asCustomer(token string) []string {
	return append(bearer(token), "x-publishable-api-key", s.publishable)
}

// fill makes what there is to move, through Medusa's own routes.
func (s *medusaShop) fill(t *testing.T) {
	t.Helper()
	s.root = s.is(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": oldPassword}).str(t, "token")
	root := bearer(s.root)
	key := func(kind, title string) (token, id string) {
		made := s.is(t, "POST", "/admin/api-keys", object{"type": kind, "title": title}, root...)
		return made.str(t, "api_key.token"), made.str(t, "api_key.id")
	}
	s.publishable, _ = key("publishable", "Storefront")
	s.secret, s.secretID = key("secret", "ERP")
	var spentID string
	s.spent, spentID = key("secret", "Former ERP")
	s.is(t, "POST", "/admin/api-keys/"+spentID+"/revoke", object{}, root...)

	type listed struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var found struct {
		Roles    []listed `json:"roles"`
		Policies []listed `json:"policies"`
	}
	require.NoError(t, json.Unmarshal(s.is(t, "GET", "/admin/rbac/roles", nil, root...).raw, &found))
	roles := map[string]string{}
	for _, r := range found.Roles {
		roles[r.Name] = r.ID
	}
	s.roleID = roles["Support"]
	require.NoError(t, json.Unmarshal(s.is(t, "GET", "/admin/rbac/policies?limit=1", nil, root...).raw, &found))
	s.is(t, "POST", "/admin/rbac/roles", object{"name": "Auditor", "policy_ids": []string{found.Policies[0].ID}}, root...)

	invited := s.is(t, "POST", "/admin/invites", object{"email": "support@example.com", "roles": []string{s.roleID}}, root...).str(t, "invite.token")
	newcomer := s.is(t, "POST", "/auth/user/emailpass/register", object{"email": "support@example.com", "password": oldPassword}).str(t, "token")
	s.is(t, "POST", "/admin/invites/accept?token="+invited, object{"first_name": "Sam"}, bearer(newcomer)...)
	s.pending = s.is(t, "POST", "/admin/invites", object{"email": "late@example.com", "roles": []string{roles["Reader"]}}, root...).str(t, "invite.token")

	s.ada, s.adaID = s.customer(t, "Ada@Example.com", "Ada")
	for i, city := range []string{"London", "Paris"} {
		s.is(t, "POST", "/store/customers/me/addresses", object{
			"city": city, "country_code": "gb", "first_name": "Ada", "last_name": "Lovelace", "is_default_shipping": i == 0, "metadata": object{"floor": i},
		}, s.asCustomer(s.ada)...)
	}
	group := s.is(t, "POST", "/admin/customer-groups", object{"name": "VIP", "metadata": object{"rate": 0.5}}, root...).str(t, "customer_group.id")
	s.is(t, "POST", "/admin/customer-groups/"+group+"/customers", object{"add": []string{s.adaID}}, root...)
	s.is(t, "POST", "/admin/customers", object{"email": "ada@example.com", "first_name": "Guest"}, root...)

	bob, _ := s.customer(t, "bob@example.com", "Bob")
	factor := s.is(t, "POST", "/auth/mfa/factors", object{"provider": "totp", "label": "Phone"}, bearer(bob)...)
	s.factor = factor.str(t, "secret")
	s.is(t, "POST", "/auth/mfa/factors/"+factor.str(t, "mfa_factor.id")+"/verify", object{"code": totpCode(t, s.factor, 0)}, bearer(bob)...)
	s.bobToken = bob

	_, s.goneID = s.customer(t, "gone@example.com", "Gone")
	_, removed := s.customer(t, "removed@example.com", "Removed")
	s.is(t, "DELETE", "/admin/customers/"+removed, nil, root...)
	s.customer(t, "removed@example.com", "Again")
}
