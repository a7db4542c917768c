package cli_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

// tool runs commands on a data folder.
type tool struct {
	t      *testing.T
	folder string
}

// run executes a command that succeeds and returns what it prints.
func (x tool) run(args ...string) string {
	x.t.Helper()
	out, _, err := execute(x.t, nil, "", append(args, "--data", x.folder)...)
	require.NoError(x.t, err, "%s", args)
	return out
}

// fails executes a command that is refused.
func (x tool) fails(want string, args ...string) {
	x.t.Helper()
	out, _, err := execute(x.t, nil, "", append(args, "--data", x.folder)...)
	require.ErrorContains(x.t, err, want, "%s", args)
	require.Empty(x.t, out)
}

// json executes a command and reads its answer for machines.
func (x tool) json(into any, args ...string) {
	x.t.Helper()
	require.NoError(x.t, json.Unmarshal([]byte(x.run(append(args, "--json")...)), into), "%s", args)
}

type customerAnswer struct {
	Customer everlatch.Customer `json:"customer"`
}

func TestCustomerCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("migrate", "up")
	require.Equal(t, "CREATED  ID  E-MAIL  NAME  ACCOUNT\n", x.run("customer", "list"))

	var ada customerAnswer
	x.json(&ada, "customer", "create", "--email", "ada@example.com", "--first-name", "Ada", "--metadata", `{"a":1,"b":2}`)
	require.Equal(t, "ada@example.com", *ada.Customer.Email)
	require.False(t, ada.Customer.HasAccount)
	require.Equal(t, "everlatch-cli", *ada.Customer.CreatedBy)
	require.Equal(t, everlatch.Metadata{"a": 1.0, "b": 2.0}, ada.Customer.Metadata)
	id := ada.Customer.ID
	grace := x.run("customer", "create", "--email", "grace@example.com", "--company-name", "Navy\x1b[31m")
	require.Regexp(t, `(?s)^id +cus_\w{26}\ne-mail +grace@example.com\nname +-\ncompany +Navy \[31m\nphone +-\naccount +no\ncreated +\S+Z\n`+
		`created by +everlatch-cli\nupdated +\S+Z\nmetadata +-\ngroups +-\n$`, grace)

	out := x.run("customer", "update", "ADA@example.com", "--last-name", "Lovelace", "--first-name", "", "--metadata", `{"a":""}`)
	require.Regexp(t, `\nname +Lovelace\n`, out)
	require.Contains(t, out, `{"b":2}`)
	x.run("customer", "update", id, "--email", "countess@example.com", "--metadata", "null")
	var shown customerAnswer
	x.json(&shown, "customer", "show", "countess@example.com")
	require.Equal(t, id, shown.Customer.ID)
	require.Nil(t, shown.Customer.Metadata)
	require.NotNil(t, shown.Customer.LastName, "what no flag names stays")

	x.fails("Invalid email address", "customer", "create", "--email", "no-address")
	x.fails("Invalid email address", "customer", "update", id, "--email", "no-address")
	x.fails("Customer with email: grace@example.com, has_account: false, already exists.", "customer", "update", id, "--email", "grace@example.com")
	x.fails("--metadata is not a JSON object", "customer", "create", "--metadata", "[]")
	x.fails("no customer has the e-mail ada@example.com", "customer", "show", "ada@example.com")
	x.fails("Customer with id: cus_x was not found", "customer", "update", "cus_x", "--phone", "1")
	x.fails("needs the id or the e-mail of a customer and nothing else", "customer", "show")
	x.fails("--limit is 0", "customer", "list", "--limit", "0")
	x.fails("--offset is -1", "customer", "list", "--offset", "-1")
	x.fails("Order field metadata is not valid", "customer", "list", "--order", "metadata")
}

func TestCustomerList(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	for _, name := range []string{"Ada", "Grace", "Alan"} {
		x.run("customer", "create", "--email", strings.ToLower(name)+"@example.com", "--first-name", name)
	}
	x.run("customer", "group", "create", "VIP")
	x.run("customer", "group", "add", "VIP", "grace@example.com", "alan@example.com")
	names := func(args ...string) []string {
		var list struct {
			Customers []everlatch.Customer
			Count     int
		}
		x.json(&list, append([]string{"customer", "list", "--order", "first_name"}, args...)...)
		out := []string{}
		for _, c := range list.Customers {
			out = append(out, *c.FirstName)
		}
		return out
	}
	require.Equal(t, []string{"Ada", "Alan", "Grace"}, names())
	require.Equal(t, []string{"Ada", "Alan", "Grace"}, names("--guests"))
	require.Empty(t, names("--account"))
	require.Equal(t, []string{"Grace"}, names("--q", "GRA com"))
	require.Equal(t, []string{"Alan"}, names("--email", "Alan@example.com"))
	require.Equal(t, []string{"Alan", "Grace"}, names("--group", "VIP"))
	require.Equal(t, []string{"Alan"}, names("--limit", "1", "--offset", "1"))
	require.Equal(t, []string{"Grace", "Alan", "Ada"}, names("--order", "-first_name"))

	out, log, err := execute(t, nil, "", "customer", "list", "--data", x.folder, "--limit", "2", "--offset", "1")
	require.NoError(t, err)
	require.Len(t, strings.Split(out, "\n"), 4)
	require.Equal(t, "These are 2 to 3 of 3; --limit and --offset show others.\n", log)
}

func TestCustomerAddressCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("customer", "create", "--email", "ada@example.com")
	var with customerAnswer
	x.json(&with, "customer", "address", "add", "ada@example.com", "--city", "Warsaw", "--postal-code", "00-001", "--default-shipping")
	address := with.Customer.Addresses[0]
	require.True(t, address.IsDefaultShipping)
	require.Equal(t, "Warsaw", *address.City)

	out := x.run("customer", "address", "update", "ada@example.com", address.ID, "--city", "Kraków", "--postal-code", "",
		"--default-billing", "--default-shipping=false")
	require.Regexp(t, `\nADDRESS +NAME +STREET +CITY +COUNTRY +DEFAULT FOR\n`+address.ID+` +- +- +Kraków +- +billing\n$`, out)
	x.fails("Address with id: cuaddr_x was not found", "customer", "address", "update", "ada@example.com", "cuaddr_x", "--city", "x")
	x.fails("needs a customer and the id of an address", "customer", "address", "delete", "ada@example.com")
	require.JSONEq(t, `{"id":"`+address.ID+`","object":"customer_address","deleted":true}`,
		x.run("customer", "address", "delete", "ada@example.com", address.ID, "--json"))
	x.fails("Address with id", "customer", "address", "delete", "ada@example.com", address.ID)
}

func TestCustomerGroupCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("customer", "create", "--email", "ada@example.com", "--first-name", "Ada")
	var made struct {
		Group everlatch.CustomerGroup `json:"customer_group"`
	}
	x.json(&made, "customer", "group", "create", "VIP", "--metadata", `{"a":1}`)
	id := made.Group.ID
	require.Equal(t, everlatch.Metadata{"a": 1.0}, made.Group.Metadata)
	x.fails("Customer group with name: VIP, already exists.", "customer", "group", "create", "VIP")

	require.Regexp(t, `(?s)^id +`+id+`\nname +VIP\n.*CUSTOMER +E-MAIL +NAME\ncus_\w+ +ada@example.com +Ada\n$`,
		x.run("customer", "group", "add", "VIP", "ada@example.com"))
	require.Regexp(t, `groups +VIP\n`, x.run("customer", "show", "ada@example.com"))
	x.fails("no customer has the e-mail", "customer", "group", "add", "VIP", "nobody@example.com")
	require.Regexp(t, `(?s)\nname +Friends\n.*ada@example.com`, x.run("customer", "group", "update", id, "--name", "Friends"))
	require.Regexp(t, `^CREATED +ID +NAME\n\S+ +`+id+` +Friends\n$`, x.run("customer", "group", "list", "--q", "friend"))
	require.NotContains(t, x.run("customer", "group", "remove", "Friends", "ada@example.com"), "ada@example.com")
	x.fails("there is no group VIP", "customer", "group", "show", "VIP")
	require.JSONEq(t, `{"id":"`+id+`","object":"customer_group","deleted":true}`, x.run("customer", "group", "delete", "Friends", "--json"))
	x.fails("there is no group", "customer", "group", "delete", id)
}

func TestKeyCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	var made struct {
		Key everlatch.APIKey `json:"api_key"`
	}
	x.json(&made, "key", "create", "--title", "ci", "--type", "secret")
	secret := made.Key.Token
	require.Regexp(t, `^sk_[0-9a-f]{64}$`, secret)
	id := made.Key.ID
	publishable := strings.TrimSpace(x.run("key", "create", "--title", "shop"))

	list := x.run("key", "list", "--order", "title")
	require.Regexp(t, `^CREATED +ID +TYPE +TITLE +TOKEN +REVOKED\n\S+ +`+id+` +secret +ci +sk_\w{3}\*\*\*\w{3} +-\n\S+ +apk_\w+ +publishable +shop +`+
		publishable+` +-\n$`, list)
	require.NotContains(t, list, secret)
	require.NotContains(t, x.run("key", "show", id, "--json"), secret)
	require.NotContains(t, x.run("key", "list", "--type", "publishable"), id)
	x.fails("publishable or secret is expected", "key", "list", "--type", "master")

	require.Regexp(t, `\ntitle +robot\n`, x.run("key", "update", id, "--title", "robot"))
	x.fails("Cannot delete api keys that are not revoked - "+id, "key", "delete", id)
	x.json(&made, "key", "revoke", id, "--in", "24h")
	require.Equal(t, "everlatch-cli", *made.Key.RevokedBy)
	x.fails("not revoked", "key", "delete", id)
	x.fails("cannot lie in the past", "key", "revoke", id, "--in", "-1h")
	require.Regexp(t, `\nrevoked by +everlatch-cli\n$`, x.run("key", "revoke", id))
	require.Regexp(t, `^Deleted secret key "robot" \(`+id+`\)\n$`, x.run("key", "delete", id))
	for _, verb := range []string{"show", "revoke", "delete"} {
		x.fails("API Key with id: "+id+" was not found", "key", verb, id)
	}
	x.fails("was not found", "key", "update", id, "--title", "x")
}

// An account that the command line removes is gone for the service that runs beside it.
func TestRemovingPeople(t *testing.T) {
	t.Parallel()

	x := tool{t, filepath.Join(t.TempDir(), "data")}
	_, url := beginDev(t, "--data", x.folder)
	registered := post(t, url+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status)
	token, _ := registered.body["token"].(string)
	created := send(t, http.MethodPost, url+"/store/customers", token, strings.NewReader(`{"email":"ada@example.com"}`))
	require.Equal(t, http.StatusOK, created.status, created.body)
	login := map[string]any{"email": "ada@example.com", "password": password}
	signedIn := post(t, url+"/auth/customer/emailpass", login)
	token, _ = signedIn.body["token"].(string)
	require.Equal(t, http.StatusOK, get(t, url+"/store/customers/me", token).status)
	require.Regexp(t, `\naccount +yes\n`, x.run("customer", "show", "ada@example.com"))
	require.Contains(t, x.run("identity", "end-sessions", "ada@example.com", "--reason", "lost phone"), "Ended all sessions and tokens of authid_")
	require.Equal(t, http.StatusUnauthorized, get(t, url+"/store/customers/me", token).status)
	signedIn = post(t, url+"/auth/customer/emailpass", login)
	token, _ = signedIn.body["token"].(string)
	require.Equal(t, http.StatusOK, get(t, url+"/store/customers/me", token).status, "a new sign-in works")
	x.undoesRemoval(url, token, login)

	x.run("customer", "create", "--email", "ada@example.com") // a guest of the same address
	x.fails("say which by its id", "customer", "delete", "ada@example.com")
	id := regexp.MustCompile(`(cus_\w+) +ada@example.com +- +yes`).FindStringSubmatch(x.run("customer", "list"))[1]

	require.Regexp(t, `^Removed customer ada@example.com \(`+id+`\) from `+url+`\n$`, x.run("customer", "delete", id))

	require.Equal(t, http.StatusUnauthorized, get(t, url+"/store/customers/me", token).status)
	require.Equal(t, http.StatusUnauthorized, post(t, url+"/auth/customer/emailpass", login).status)
	x.fails("was not found", "customer", "delete", id)
	require.Regexp(t, id+` +ada@example.com +- +deleted`, x.run("customer", "list", "--deleted"))

	var made struct{ User everlatch.User }
	x.json(&made, "user", "create", "-e", "root@example.com", "-p", password, "--first-name", "Root")
	x.run("user", "create", "-e", "second@example.com", "-p", password)
	require.Regexp(t, `^CREATED +ID +E-MAIL +NAME\n\S+ +`+made.User.ID+` +root@example.com +Root\n\S+ +user_\w+ +second@example.com +-\n$`, x.run("user", "list"))
	require.Regexp(t, `(?s)^id +`+made.User.ID+`\n.*\nsigns in with +emailpass\n`, x.run("user", "show", "ROOT@example.com"))
	require.Regexp(t, `\nname +Root Beer\n`, x.run("user", "update", "root@example.com", "--last-name", "Beer", "--metadata", `{"a":1}`))
	x.fails("no administrator has the e-mail unknown@example.com", "user", "delete", "unknown@example.com", "--yes")
	x.fails("standard input is not a terminal: add --yes to confirm", "user", "delete", "root@example.com")
	require.Contains(t, x.run("user", "list"), "root@example.com")
	require.JSONEq(t, `{"id":"`+made.User.ID+`","object":"user","deleted":true}`, x.run("user", "delete", "root@example.com", "--yes", "--json"))
	require.NotContains(t, x.run("user", "list", "--q", "root"), "root@example.com")
	require.Contains(t, x.run("user", "list", "--deleted"), "root@example.com")
	require.Equal(t, http.StatusUnauthorized,
		post(t, url+"/auth/user/emailpass", map[string]any{"email": "root@example.com", "password": password}).status)
}

// undoesRemoval asks for the removal of ada@example.com, which waits for days, and keeps her.
func (x tool) undoesRemoval(url, token string, login map[string]any) {
	x.t.Helper()
	require.Contains(x.t, x.run("customer", "keep", "ada@example.com"), "is not to be removed")
	asked := send(x.t, http.MethodDelete, url+"/store/customers/me", token, nil)
	require.Equal(x.t, http.StatusAccepted, asked.status, asked.body)
	require.Regexp(x.t, `^Customer ada@example.com \(cus_\w+\) stays\n$`, x.run("customer", "keep", "ada@example.com"))
	require.Contains(x.t, x.run("customer", "keep", "ada@example.com"), "is not to be removed", "to repeat it is safe")

	require.Regexp(x.t, `^Customer ada@example.com \(cus_\w+\) will be removed at \d{4}-\S+Z\n$`, x.run("customer", "delete", "ada@example.com", "--after-grace"))
	var later struct{ Deleted bool }
	x.json(&later, "customer", "delete", "ada@example.com", "--after-grace")
	require.False(x.t, later.Deleted, "not yet")
	require.Contains(x.t, x.run("customer", "keep", "ada@example.com"), "stays")
	require.Equal(x.t, http.StatusOK, post(x.t, url+"/auth/customer/emailpass", login).status)
}

func TestPeopleList(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("migrate", "up")
	x.run("customer", "create", "--email", "ada@example.com", "--first-name", "Ada")
	x.run("user", "create", "-e", "adam@example.com", "-p", password)
	found := x.run("people", "list", "--q", "ada")
	require.Regexp(t, `(?m)^KIND +ID +SIGNS IN WITH +NAME +CREATED$`, found)
	require.Regexp(t, `(?m)^customer +cus_\w+ +ada@example.com +Ada +`, found)
	require.Regexp(t, `(?m)^user +user_\w+ +adam@example.com `, found)
	require.Regexp(t, `(?m)^identity +authid_\w+ +emailpass adam@example.com +user user_`, found)

	var answer struct {
		People map[string]struct {
			Items []struct{ ID string }
			Count int
		}
	}
	x.json(&answer, "people", "list", "--q", "adam@example.com", "--limit", "1")
	require.Equal(t, 1, answer.People["users"].Count)
	require.Zero(t, answer.People["customers"].Count)
	byID := x.run("people", "list", "--q", answer.People["users"].Items[0].ID)
	require.Contains(t, byID, "adam@example.com")
	require.Contains(t, byID, "authid_", "the identity of the account, too")
	x.fails("--q needs an address", "people", "list", "--q", " ")
	x.fails("at least 1 is expected", "people", "list", "--q", "ada", "--limit", "0")
}
