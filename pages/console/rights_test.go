package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// rights are the permissions without any of which a form of the console is refused. Every
// POST route is here: a new one fails [TestEveryFormHasRights].
var rights = map[string][]string{
	"POST /console/sign-out":                                       nil,
	"POST /console/people/{type}/{id}/disable":                     {"auth_identity:read", "auth_identity:update"},
	"POST /console/people/{type}/{id}/enable":                      {"auth_identity:read", "auth_identity:update"},
	"POST /console/people/{type}/{id}/end-sessions":                {"auth_identity:read", "auth_identity:update"},
	"POST /console/people/{type}/{id}/end-session":                 {"auth_identity:read", "auth_identity:update"},
	"POST /console/people/{type}/{id}/reset":                       {"auth_identity:read", "customer:read", "customer:update"},
	"POST /console/people/{type}/{id}/keep":                        {"customer:read", "customer:update"},
	"POST /console/people/{type}/{id}/schedule-deletion":           {"customer:read", "customer:delete"},
	"POST /console/people/{type}/{id}/delete":                      {"customer:read", "customer:delete"},
	"POST /console/people/{type}/{id}/factors/{identity}/{factor}": {"auth_identity:read", "auth_identity:update"},
	"POST /console/people/{type}/{id}/roles":                       {"user:update", "rbac_role:update"},
	"POST /console/people/{type}/{id}/roles/revoke":                {"user:update", "rbac_role:update"},
	"POST /console/people/{type}/{id}/profile":                     {"customer:read", "customer:update"},
	"POST /console/people/{type}/{id}/addresses/new":               {"customer:read", "customer_address:create"},
	"POST /console/people/{type}/{id}/addresses/{address}":         {"customer:read", "customer_address:read", "customer_address:update"},
	"POST /console/people/{type}/{id}/addresses/{address}/remove":  {"customer:read", "customer_address:read", "customer_address:delete"},
	"POST /console/invites":                                        {"invite:create"},
	"POST /console/invites/{id}/resend":                            {"invite:update"},
	"POST /console/invites/{id}/revoke":                            {"invite:delete"},
	"POST /console/groups":                                         {"customer_group:create"},
	"POST /console/groups/{id}":                                    {"customer_group:read", "customer_group:update"},
	"POST /console/groups/{id}/add":                                {"customer_group:read", "customer_group:update"},
	"POST /console/groups/{id}/remove":                             {"customer_group:read", "customer_group:update"},
	"POST /console/groups/{id}/delete":                             {"customer_group:read", "customer_group:delete"},
	"POST /console/roles":                                          {"rbac_role:create"},
	"POST /console/roles/{id}/policies":                            {"rbac_role:read", "rbac_role:update"},
	"POST /console/roles/{id}/policies/remove":                     {"rbac_role:read", "rbac_role:update"},
	"POST /console/roles/{id}/delete":                              {"rbac_role:read", "rbac_role:delete"},
	"POST /console/keys":                                           {"api_key:create"},
	"POST /console/keys/{id}/revoke":                               {"api_key:read", "api_key:update"},
	"POST /console/keys/{id}/delete":                               {"api_key:read", "api_key:delete"},
	"POST /console/events/{id}/release":                            {"event:read", "event:update"},
	"POST /console/events/{id}/replay":                             {"event:read", "event:update"},
	"POST /console/schedules/{id}/pause":                           {"schedule:read", "schedule:update"},
	"POST /console/schedules/{id}/resume":                          {"schedule:read", "schedule:update"},
	"POST /console/schedules/{id}/trigger":                         {"schedule:read", "schedule:update"},
}

// all are the permissions of someone who may do everything, without some.
func all(but ...string) string {
	var out []string
	for _, resource := range []string{
		"customer", "customer_address", "customer_group", "user", "courier", "auth_identity", "invite", "rbac_role", "rbac_policy", "api_key", "event", "flow", "audit",
		"schedule", "doctor", "statistics",
	} {
		for _, operation := range []string{"create", "read", "update", "delete"} {
			if !slices.Contains(but, resource+":"+operation) {
				out = append(out, `"`+resource+":"+operation+`"`)
			}
		}
	}
	return strings.Join(out, ",")
}

// forms are the patterns of the console's POST routes.
func forms() (out []string) {
	for pattern := range area().Routes {
		if strings.HasPrefix(pattern, "POST ") {
			out = append(out, pattern)
		}
	}
	slices.Sort(out)
	return out
}

// filled is a path of a pattern.
func filled(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	person := []string{"customer", "cus_1"}
	if strings.Contains(path, "/roles") {
		person = []string{"user", "user_2"}
	}
	record := map[string]string{"invites": "invite_1", "groups": "cusgroup_1", "roles": "role_1", "keys": "apk_1", "events": "evt_1", "schedules": "clean-up"}
	return strings.NewReplacer(
		"{type}", person[0], "/{id}", "/"+or(record[strings.Split(path, "/")[2]], person[1]), "{identity}", "authid_1", "{factor}", "fac_1", "{address}", "cuaddr_1",
	).Replace(path)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// complete is a form with everything that any of them asks for.
var complete = url.Values{
	"confirmed": {"true"}, "word": {"ada@example.com"}, "reason": {"Asked by phone."}, "identity": {"authid_1"}, "session": {"si_1"}, "role": {"role_9"},
	"email": {"d@example.com"}, "name": {"VIP"}, "customer": {"cus_1"}, "policy": {"pol_1"}, "title": {"ERP"}, "type": {"secret"},
}

func TestEveryFormHasRights(t *testing.T) {
	t.Parallel()

	for _, pattern := range forms() {
		require.Contains(t, rights, pattern)
	}
	require.Len(t, rights, len(forms()))
	w := newWorld(t)
	w.fill()
	for pattern, needs := range rights {
		for _, missing := range needs {
			w.permit(all(missing))
			p := w.Post(filled(pattern), complete)
			require.Equal(t, http.StatusForbidden, p.Status, "%s without %s: %s", pattern, missing, p.Text())
			require.Empty(t, changes(w.api.Calls()), "%s without %s: the API is not asked", pattern, missing)
		}
	}
}

// What an administrator lacks a permission for is on no page: neither a form nor a link to one.
func TestNoElementLeadsToARefusal(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	lacked := map[string]bool{}
	for _, needs := range rights {
		for _, need := range needs {
			lacked[need] = true
		}
	}
	patterns := http.NewServeMux()
	for pattern := range area().Routes {
		patterns.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	for missing := range lacked {
		w.permit(all(missing))
		for page := range everyPage {
			p := w.Open(page)
			if p.Status != http.StatusOK {
				continue
			}
			for _, to := range leadsTo(p, page) {
				_, pattern := patterns.Handler(httptest.NewRequest(http.MethodPost, to, nil))
				needs := rights[pattern]
				if people, found := strings.CutPrefix(to, "/console/people/"); found {
					actorType, _, _ := strings.Cut(people, "/")
					needs = ofType(needs, actorType)
				}
				require.NotContains(t, needs, missing, "%s has %s", page, to)
			}
		}
	}
}

// ofType are the rights over another kind of account than a customer.
func ofType(needs []string, actorType string) (out []string) {
	for _, need := range needs {
		if of, found := strings.CutPrefix(need, "customer:"); found {
			need = strings.Replace(actorType, "identity", "auth_identity", 1) + ":" + of
		}
		out = append(out, need)
	}
	return out
}

// question is what pages are called that ask before they do something; their form is at the
// same path.
var question = regexp.MustCompile(`/(disable|delete|revoke|replay|profile|new|remove)(\?|$)|/factors/|/addresses/`)

// leadsTo are the forms of a page and the links to pages that ask before they do something.
func leadsTo(p *pagestest.Page, page string) (out []string) {
	for _, to := range p.Links() {
		if strings.HasPrefix(to, "/console") && question.MatchString(to) {
			out = append(out, to)
		}
	}
	for _, form := range p.Elements("form") {
		if pagestest.Attribute(form, "method") == "post" {
			out = append(out, or(pagestest.Attribute(form, "action"), page))
		}
	}
	return slices.DeleteFunc(out, func(to string) bool { return !strings.HasPrefix(to, "/console") })
}

// Every form that another site sends is refused before anything is asked.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	for _, pattern := range forms() {
		for name, header := range map[string][]string{
			"another origin":                {"Origin", "https://evil.example"},
			"another site, as browsers say": {"Sec-Fetch-Site", "cross-site"},
			"another host of this site":     {"Sec-Fetch-Site", "same-site"},
			"a page without an origin":      {"Origin", "null"},
		} {
			p := w.Post(filled(pattern), complete, header...)
			require.Equal(t, http.StatusForbidden, p.Status, "%s from %s", pattern, name)
			require.Empty(t, w.api.Calls(), "%s from %s", pattern, name)
		}
	}
}
