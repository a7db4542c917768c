package console_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/console"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// hostile is what people put into every field that they can.
const hostile = `<img src=x onerror=alert(1)>"'`

// inJSON is hostile within a JSON text.
const inJSON = `<img src=x onerror=alert(1)>\"'`

// world is the console in front of a fake API, and an administrator's browser.
type world struct {
	*pagestest.Browser

	api *pagestest.API
}

// newWorld has an administrator who signed in recently and may do everything.
func newWorld(t *testing.T, change ...func(*pages.Options)) *world {
	t.Helper()
	w := &world{api: &pagestest.API{}}
	w.signedIn(`"mfa_enabled":true,"recent_sign_in":false,"recent_second_factor":true`)
	w.api.On("GET /admin/users/me", http.StatusOK, `{"user":{"id":"user_me","email":"root@example.com"}}`)
	w.api.On("GET /auth/user/providers", http.StatusOK, `{"providers":[
		{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"}]}`)
	w.api.On("GET /auth/user/sign-up", http.StatusOK, `{"sign_up":{"open":false,"confirmed_by_mail":false,"verified_first":false,"fields":[]}}`)
	o := pages.Options{
		API: w.api, ActorTypes: []string{"customer", "user"}, Brand: "Shop", Now: now, Log: slog.New(slog.DiscardHandler), Areas: []pages.Area{area()},
	}
	for _, c := range change {
		c(&o)
	}
	site, err := pages.New(o)
	require.NoError(t, err)
	w.Browser = pagestest.NewBrowser(t, site)
	return w
}

// area is the console, as the world has it.
func area() pages.Area {
	return console.Area(console.Options{
		Now: now, TemporalUI: "http://temporal.example/namespaces/default", ActorTypes: []console.ActorType{{Name: "courier", Plural: "couriers"}},
	})
}

func now() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }

// signedIn changes what the API says about the session.
func (w *world) signedIn(more string) {
	w.api.On("GET /auth/sessions/current", http.StatusOK, `{"session":{"actor_type":"user","actor_id":"user_me","auth_identity_id":"authid_me",`+more+`}}`)
}

// permit switches roles on and gives the administrator permissions.
func (w *world) permit(permissions string) {
	w.api.On("GET /admin/rbac/me/permissions", http.StatusOK, `{"permissions":[`+permissions+`]}`)
}

// fill has the API answer every list and record, with hostile texts in all of them.
func (w *world) fill() {
	const many = `"count":60,"offset":0,"limit":25`
	const at = `"created_at":"2026-11-29T10:00:00.000Z"`
	customer := `{"id":"cus_1","email":"ada@example.com","first_name":"` + inJSON + `","last_name":null,"has_account":true,"metadata":{"note":"` + inJSON + `"},` + at +
		`,"groups":[{"id":"cusgroup_1","name":"` + inJSON + `"}]}`
	address := `{"id":"cuaddr_1","address_name":"` + inJSON + `","address_1":"` + inJSON + `","city":"Berlin","country_code":"de","is_default_shipping":true}`
	courier := `{"id":"courier_1","name":"` + inJSON + `",` + at + `}`
	user := `{"id":"user_2","email":"bo@example.com","first_name":"` + inJSON + `","last_name":null,"metadata":null,` + at + `}`
	identity := `{"id":"authid_1","app_metadata":{"customer_id":"cus_1"},"disabled_at":null,` + at +
		`,"provider_identities":[{"id":"p1","provider":"emailpass","entity_id":"ada@example.com",` + at + `},{"id":"p2","provider":"google","entity_id":"` + inJSON + `",` + at + `}]}`
	flow := `{"id":"authenticate/1","run_id":"run1","workflow":"Authenticate","title":"` + inJSON + `","status":"completed","outcome":"` + inJSON +
		`","actor_type":"customer","actor_id":"cus_1","auth_identity_id":"authid_1","started_at":"2026-11-29T10:00:00.000Z","closed_at":null,"why":"` +
		inJSON + `","advice":"` + inJSON + `"}`
	event := `{"id":"evt_1","name":"user.created","source":"` + inJSON + `","auth_identity_id":"authid_1","data":{"text":"` + inJSON + `"},` + at + `}`
	delivery := `{"event_id":"evt_1","event":"user.created","subscriber":"` + inJSON + `","status":"dead","error":"` + inJSON + `","updated_at":"2026-11-29T10:00:00.000Z"}`
	role := `{"id":"role_1","name":"` + inJSON + `","description":"` + inJSON + `"}`
	key := `{"id":"apk_1","title":"` + inJSON + `","redacted":"sk_1***","type":"secret","last_used_at":null,"revoked_at":null,` + at + `}`
	for route, answer := range map[string]string{
		"GET /admin/customers":                  `{"customers":[` + customer + `],` + many + `}`,
		"GET /admin/customers/cus_1":            `{"customer":` + customer + `}`,
		"GET /admin/users":                      `{"users":[` + user + `],` + many + `}`,
		"GET /admin/users/user_2":               `{"user":` + user + `}`,
		"GET /admin/users/user_me":              `{"user":{"id":"user_me","email":"root@example.com"}}`,
		"GET /admin/users/user_2/roles":         `{"roles":[` + role + `]}`,
		"GET /admin/couriers/courier_1":         `{"courier":` + courier + `}`,
		"GET /admin/auth-identities":            `{"auth_identities":[` + identity + `],` + many + `}`,
		"GET /admin/flows":                      `{"flows":[` + flow + `],` + many + `}`,
		"GET /admin/flows/authenticate/1":       `{"flow":` + flow + `,"now":"` + inJSON + `","moments":[{"at":"2026-11-29T10:00:00.000Z","text":"` + inJSON + `"}]}`,
		"GET /admin/events":                     `{"events":[` + event + `],` + many + `}`,
		"GET /admin/events/evt_1":               `{"event":` + event + `,"deliveries":[` + delivery + `]}`,
		"GET /admin/event-deliveries":           `{"deliveries":[` + delivery + `],` + many + `}`,
		"GET /admin/invites":                    `{"invites":[{"id":"invite_1","email":"c@example.com","expires_at":"2026-11-29T10:00:00.000Z",` + at + `}],` + many + `}`,
		"GET /admin/customer-groups":            `{"customer_groups":[{"id":"cusgroup_1","name":"` + inJSON + `",` + at + `}],` + many + `}`,
		"GET /admin/customer-groups/cusgroup_1": `{"customer_group":{"id":"cusgroup_1","name":"` + inJSON + `",` + at + `}}`,
		"GET /admin/rbac/roles":                 `{"roles":[` + role + `],` + many + `}`,
		"GET /admin/rbac/roles/assignable":      `{"roles":[{"id":"role_9","name":"` + inJSON + `"}]}`,
		"GET /admin/rbac/roles/role_1": `{"role":` + strings.TrimSuffix(role, "}") + `,"policies":[{"id":"pol_1","key":"customer:read","description":"` + inJSON +
			`","inherited_from_role_id":null},{"id":"pol_3","key":"user:read","description":"Read User","inherited_from_role_id":"role_0"}]}}`,
		"GET /admin/rbac/policies/assignable": `{"policies":[{"id":"pol_2","key":"customer:update"}]}`,
		"GET /admin/rbac/roles/role_1/users":  `{"users":[` + user + `]}`,
		"GET /admin/api-keys":                 `{"api_keys":[` + key + `],` + many + `}`,
		"GET /admin/api-keys/apk_1":           `{"api_key":` + key + `}`,
		"GET /admin/schedules":                `{"schedules":[{"id":"clean-up","spec":"every 10 minutes","paused":false,"note":"` + inJSON + `","next_run_at":"2026-11-30T12:10:00.000Z","runs":[{"at":"2026-11-30T12:00:00.000Z","flow_id":"clean-up/1","status":"completed","outcome":""}]},{"id":"rotate","spec":"daily","paused":true,"runs":[]}],` + many + `}`,
		"GET /admin/audit": `{"entries":[{"id":"audit_1","actor_type":"user","actor_id":"user_2","method":"POST","action":"/admin/users/:id","target_id":"` + inJSON +
			`","network":"192.0.2.0/24","outcome":"done",` + at + `},{"id":"audit_2","actor_type":"cli","actor_id":"` + inJSON + `","method":"CLI","action":"user delete","outcome":"",` + at + `}],` + many + `}`,
		"GET /admin/statistics":                         statisticsAnswer,
		"GET /admin/customers/cus_1/addresses":          `{"addresses":[` + address + `]}`,
		"GET /admin/customers/cus_1/addresses/cuaddr_1": `{"address":` + address + `}`,
		"GET /admin/people": `{"people":{"customers":{"items":[` + customer + `],"count":9},"users":{"items":[` + user + `],"count":1},"couriers":{"items":[` + courier +
			`],"count":1},"auth_identities":{"items":[` + identity + `],"count":1}},"limit":8,"not_permitted":[]}`,
		"GET /admin/customers/cus_1/deletion": `{"deletion":{"customer_id":"cus_1","deletion_at":"2026-12-14T10:00:00.000Z","requested_at":"2026-11-29T10:00:00.000Z"}}`,
		"GET /admin/doctor": `{"report":{"ok":false,"faults":1,"warnings":0,"checks":[{"check":"database.reachable","status":"ok","message":"` + inJSON +
			`"},{"check":"mail.server","about":"` + inJSON + `","status":"fault","message":"` + inJSON + `","advice":"Set ` + "`mail.smtp`" + inJSON + `"}]}}`,
		"GET /auth/customer/providers": `{"providers":[{"id":"google","display_name":"Google Authentication","flow":"redirect"}]}`,
		"GET /auth/customer/sign-up":   `{"sign_up":{"providers":[{"id":"google","name":"Google"}]}}`,
		"GET /auth/mfa/factors":        `{"mfa_factors":[{"id":"fac_me","provider":"totp","status":"enabled"}]}`,
		"GET /auth/identities":         `{"provider_identities":[{"id":"pi_me","provider":"emailpass","entity_id":"root@example.com"}]}`,
		"GET /admin/auth-identities/authid_1": `{"auth_identity":` + identity + `,"factors":[{"id":"fac_1","provider":"totp","status":"enabled","metadata":{"label":"` + inJSON +
			`"}}],"sign_ins":[{"id":"si_1","live":true,"device":"` + inJSON + `","network":"192.0.2.0","last_used_at":"2026-11-30T10:00:00.000Z"}]}`,
	} {
		w.api.On(route, http.StatusOK, answer)
	}
}

const statisticsAnswer = `{"statistics":{"from":"2026-11-30T10:00:00.000Z","to":"2026-11-30T12:00:00.000Z","interval":3600,"buckets":[
{"at":"2026-11-30T10:00:00.000Z","sign_ins":40,"refused_first_factors":2,"refused_second_factors":0,"locks":0,"limits_reached":0,"registrations":10,"mails_sent":3,"mails_failed":1},
{"at":"2026-11-30T11:00:00.000Z","sign_ins":0,"refused_first_factors":0,"refused_second_factors":0,"locks":0,"limits_reached":0,"registrations":0,"mails_sent":0,"mails_failed":0}],
"now":{"oldest_waiting_at":null,"events_waiting":1,"deliveries_waiting":4,"deliveries_behind":0,"dead_letters":2,"sessions":12345},"not_recorded":[]}}`

// everyPage are the pages of the console that open without a form, each with the permissions
// that it needs at least.
var everyPage = map[string]string{
	"/console":                                                 ``,
	"/console?span=month":                                      ``,
	"/console/people":                                          `"auth_identity:read"`,
	"/console/people?q=ada":                                    `"courier:read"`,
	"/console/customers":                                       `"customer:read"`,
	"/console/users":                                           `"user:read"`,
	"/console/people/customer/cus_1":                           `"customer:read"`,
	"/console/people/user/user_2":                              `"user:read"`,
	"/console/people/courier/courier_1":                        `"courier:read"`,
	"/console/people/identity/authid_1":                        `"auth_identity:read"`,
	"/console/people/customer/cus_1/disable":                   `"auth_identity:read","auth_identity:update"`,
	"/console/people/customer/cus_1/delete":                    `"customer:read","customer:delete"`,
	"/console/people/customer/cus_1/factors/a/f":               `"auth_identity:read","auth_identity:update"`,
	"/console/people/customer/cus_1/profile":                   `"customer:read","customer:update"`,
	"/console/people/user/user_2/profile":                      `"user:read","user:update"`,
	"/console/people/customer/cus_1/addresses/new":             `"customer:read","customer_address:create"`,
	"/console/people/customer/cus_1/addresses/cuaddr_1":        `"customer:read","customer_address:read","customer_address:update"`,
	"/console/people/customer/cus_1/addresses/cuaddr_1/remove": `"customer:read","customer_address:read","customer_address:delete"`,
	"/console/invites":                                         `"invite:read"`,
	"/console/invites/invite_1/revoke":                         `"invite:delete"`,
	"/console/groups":                                          `"customer_group:read"`,
	"/console/groups/cusgroup_1":                               `"customer_group:read"`,
	"/console/groups/cusgroup_1/delete":                        `"customer_group:read","customer_group:delete"`,
	"/console/roles":                                           `"rbac_role:read"`,
	"/console/roles/role_1":                                    `"rbac_role:read"`,
	"/console/roles/role_1/delete":                             `"rbac_role:read","rbac_role:delete"`,
	"/console/keys":                                            `"api_key:read"`,
	"/console/keys/apk_1/revoke":                               `"api_key:read","api_key:update"`,
	"/console/keys/apk_1/delete":                               `"api_key:read","api_key:delete"`,
	"/console/events":                                          `"event:read"`,
	"/console/events/evt_1":                                    `"event:read"`,
	"/console/events/evt_1/replay":                             `"event:read","event:update"`,
	"/console/deliveries":                                      `"event:read"`,
	"/console/deliveries?status=dead":                          `"event:read"`,
	"/console/flows":                                           `"flow:read"`,
	"/console/flows?attention=true":                            `"flow:read"`,
	"/console/flows/one?id=authenticate%2F1":                   `"flow:read"`,
	"/console/audit":                                           `"audit:read"`,
	"/console/audit?outcome=refused":                           `"audit:read"`,
	"/console/schedules":                                       `"schedule:read"`,
	"/console/health":                                          `"doctor:read"`,
}
