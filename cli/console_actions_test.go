package cli_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/pages/console"
)

// elsewhere is what does the same as a form of the console: operations of openapi.yaml, and
// commands below everlatch.
type elsewhere struct {
	routes, commands []string
	// without says why there is no command.
	without string
}

// consoleActions are all forms of the console: a new one fails [TestTheConsoleIsAlsoHTTPAndCLI].
var consoleActions = map[string]elsewhere{
	"POST /console/sign-out":                        {routes: []string{"DELETE /auth/session"}, without: "commands have no session"},
	"POST /console/people/{type}/{id}/disable":      do("POST /admin/auth-identities/{id}/disable", "identity disable"),
	"POST /console/people/{type}/{id}/enable":       do("POST /admin/auth-identities/{id}/enable", "identity enable"),
	"POST /console/people/{type}/{id}/end-sessions": do("DELETE /admin/auth-identities/{id}/sessions", "identity end-sessions"),
	"POST /console/people/{type}/{id}/end-session":  do("DELETE /admin/auth-identities/{id}/sessions/{session_id}", "identity end-session"),
	"POST /console/people/{type}/{id}/reset":        do("POST /admin/auth-identities/{id}/reset-password", "identity reset-password"),
	"POST /console/people/{type}/{id}/factors/{identity}/{factor}": do(
		"DELETE /admin/auth-identities/{id}/factors/{factor_id}", "identity remove-factor"),
	"POST /console/people/{type}/{id}/delete": { // and the route of each custom actor type
		routes:   []string{"DELETE /admin/customers/{id}", "DELETE /admin/users/{id}", "DELETE /admin/auth-identities/{id}"},
		commands: []string{"customer delete", "user delete", "identity delete", "actor delete"},
	},
	"POST /console/people/{type}/{id}/schedule-deletion": do("POST /admin/customers/{id}/deletion", "customer delete"),
	"POST /console/people/{type}/{id}/keep":              do("DELETE /admin/customers/{id}/deletion", "customer keep"),
	"POST /console/people/{type}/{id}/profile": {
		routes: []string{"POST /admin/customers/{id}", "POST /admin/users/{id}"}, commands: []string{"customer update", "user update"},
	},
	"POST /console/people/{type}/{id}/addresses/new": do("POST /admin/customers/{id}/addresses", "customer address add"),
	"POST /console/people/{type}/{id}/addresses/{address}": do(
		"POST /admin/customers/{id}/addresses/{address_id}", "customer address update"),
	"POST /console/people/{type}/{id}/addresses/{address}/remove": do(
		"DELETE /admin/customers/{id}/addresses/{address_id}", "customer address delete"),
	"POST /console/people/{type}/{id}/roles":        do("POST /admin/users/{id}/roles", "role grant"),
	"POST /console/people/{type}/{id}/roles/revoke": do("DELETE /admin/users/{id}/roles/{role_id}", "role revoke"),
	"POST /console/invites":                         do("POST /admin/invites", "invite create"),
	"POST /console/invites/{id}/resend":             do("POST /admin/invites/{id}/resend", "invite resend"),
	"POST /console/invites/{id}/revoke":             do("DELETE /admin/invites/{id}", "invite revoke"),
	"POST /console/groups":                          do("POST /admin/customer-groups", "customer group create"),
	"POST /console/groups/{id}":                     do("POST /admin/customer-groups/{id}", "customer group update"),
	"POST /console/groups/{id}/add":                 do("POST /admin/customer-groups/{id}/customers", "customer group add"),
	"POST /console/groups/{id}/remove":              do("POST /admin/customer-groups/{id}/customers", "customer group remove"),
	"POST /console/groups/{id}/delete":              do("DELETE /admin/customer-groups/{id}", "customer group delete"),
	"POST /console/roles":                           do("POST /admin/rbac/roles", "role create"),
	"POST /console/roles/{id}/policies":             do("POST /admin/rbac/roles/{id}/policies", "role allow"),
	"POST /console/roles/{id}/policies/remove":      do("DELETE /admin/rbac/roles/{id}/policies/{policy_id}", "role deny"),
	"POST /console/roles/{id}/delete":               do("DELETE /admin/rbac/roles/{id}", "role delete"),
	"POST /console/keys":                            do("POST /admin/api-keys", "key create"),
	"POST /console/keys/{id}/revoke":                do("POST /admin/api-keys/{id}/revoke", "key revoke"),
	"POST /console/keys/{id}/delete":                do("DELETE /admin/api-keys/{id}", "key delete"),
	"POST /console/events/{id}/release":             do("POST /admin/events/{id}/release", "event release"),
	"POST /console/events/{id}/replay":              do("POST /admin/events/{id}/replay", "event replay"),
	"POST /console/schedules/{id}/pause":            do("POST /admin/schedules/{id}/pause", "schedule pause"),
	"POST /console/schedules/{id}/resume":           do("POST /admin/schedules/{id}/resume", "schedule resume"),
	"POST /console/schedules/{id}/trigger":          do("POST /admin/schedules/{id}/trigger", "schedule trigger"),
}

func do(route, command string) elsewhere {
	return elsewhere{routes: []string{route}, commands: []string{command}}
}

const consoleGuide = "../docs/guides/console.md"

// guided are the routes and commands of a row of the guide.
var guided = regexp.MustCompile("`((?:GET|POST|DELETE) /[^`]+|everlatch [^`]+)`")

// openAPIPath writes the parameters of a path as openapi.yaml does.
var openAPIPath = regexp.MustCompile(`:(\w+)`)

// TestTheConsoleIsAlsoHTTPAndCLI: every form of the console has an operation of the HTTP API
// and a command, and a row of the guide names them.
func TestTheConsoleIsAlsoHTTPAndCLI(t *testing.T) {
	t.Parallel()

	var forms []string
	for pattern := range console.Area(console.Options{}).Routes {
		if strings.HasPrefix(pattern, "POST ") {
			forms = append(forms, pattern)
		}
	}
	require.ElementsMatch(t, forms, slices.Collect(maps.Keys(consoleActions)))
	spec, err := apitest.LoadSpec()
	require.NoError(t, err)
	operations, commands, rows := apitest.Operations(spec), cli.Commands(), guideRows(t)
	for form, does := range consoleActions {
		require.NotEmpty(t, does.routes, form)
		require.Equal(t, len(does.commands) == 0, does.without != "", "%s has a command, or a reason to have none", form)
		wanted := slices.Clone(does.routes)
		for _, command := range does.commands {
			wanted = append(wanted, "everlatch "+command)
		}
		require.Subset(t, slices.Concat(operations, commands), wanted, form)
		require.True(t, slices.ContainsFunc(rows, func(row []string) bool {
			return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(row, one) })
		}), "no row of %s has %s", consoleGuide, wanted)
	}
	for _, row := range rows {
		require.Subset(t, slices.Concat(operations, commands), row, consoleGuide)
	}
}

// guideRows are what the rows of the guide's tables name.
func guideRows(t *testing.T) (out [][]string) {
	t.Helper()
	text, err := os.ReadFile(consoleGuide)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var row []string
		for _, found := range guided.FindAllStringSubmatch(line, -1) {
			row = append(row, openAPIPath.ReplaceAllString(found[1], "{$1}"))
		}
		if strings.HasPrefix(line, "|") && row != nil {
			out = append(out, row)
		}
	}
	require.GreaterOrEqual(t, len(out), len(consoleActions))
	return out
}
