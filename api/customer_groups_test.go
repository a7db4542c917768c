package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func (w *world) group(token, name string) string {
	w.t.Helper()
	r := w.do("POST", "/admin/customer-groups", object{"name": name}, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "customer_group.id")
}

func TestCustomerGroups(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	admin := w.claims(token).ActorID
	r := w.do("POST", "/admin/customer-groups", object{"name": "VIP", "metadata": object{"a": 1}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `^\{"customer_group":\{"id":"cusgroup_\w{26}","name":"VIP","created_by":"`+admin+`","created_at":`+iso+`,"updated_at":`+iso+
		`,"deleted_at":null,"metadata":\{"a":1\}\}\}$`, r.body)
	id := r.text(t, "customer_group.id")
	path := "/admin/customer-groups/" + id
	w.do("GET", path, nil, bearer(token)).is(t, r.body)

	r = w.do("POST", "/admin/customer-groups", object{"name": "VIP"}, bearer(token))
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"invalid_data","message":"Customer group with name: VIP, already exists."}`)
	r = w.do("POST", path+"?fields=name,metadata", object{"name": "Friends", "metadata": object{"a": ""}}, bearer(token))
	r.is(t, `{"customer_group":{"id":"`+id+`","name":"Friends","metadata":{}}}`)
	w.group(token, "Staff")
	r = w.do("POST", path, object{"name": "Staff"}, bearer(token))
	require.Equal(t, "Customer group with name: Staff, already exists.", r.text(t, "message"))

	for method, message := range map[string]string{"GET": "Customer group with id: x not found", "POST": `Customer group with id "x" not found`} {
		r = w.do(method, "/admin/customer-groups/x", nil, bearer(token))
		require.Equal(t, 404, r.StatusCode)
		require.Equal(t, message, r.text(t, "message"))
	}
	for body, message := range map[string]string{
		`{}`:                    "Field 'name' is required",
		`{"name":null}`:         "Expected type: 'string' for field 'name', got: 'null'",
		`{"name":"x","id":"y"}`: "Unrecognized fields: 'id'",
	} {
		r = w.do("POST", "/admin/customer-groups", body, bearer(token))
		require.Equal(t, 400, r.StatusCode, body)
		require.Equal(t, "Invalid request: "+message, r.text(t, "message"))
	}
	for range 2 {
		w.do("DELETE", path, nil, bearer(token)).is(t, `{"id":"`+id+`","object":"customer_group","deleted":true}`)
	}
	require.Equal(t, 404, w.do("GET", path, nil, bearer(token)).StatusCode)
	for _, line := range [][2]string{{"GET", ""}, {"POST", ""}, {"GET", "/x"}, {"POST", "/x"}, {"DELETE", "/x"}, {"POST", "/x/customers"}} {
		require.Equal(t, 401, w.do(line[0], "/admin/customer-groups"+line[1], nil).StatusCode)
	}
}

func TestMembersOfCustomerGroups(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	ada := w.claims(w.customer("ada@example.com")).ActorID
	w.clock.Advance(1e6)
	grace := w.guest(token, object{"email": "grace@example.com"})
	vip := w.group(token, "VIP")
	w.clock.Advance(1e6)
	staff := w.group(token, "Staff")

	r := w.do("POST", "/admin/customer-groups/"+vip+"/customers?fields=name,customers.id", object{"add": []string{ada, grace, ada}}, bearer(token))
	r.is(t, `{"customer_group":{"id":"`+vip+`","name":"VIP","customers":[{"id":"`+ada+`"},{"id":"`+grace+`"}]}}`)
	r = w.do("POST", "/admin/customers/"+grace+"/customer-groups?fields=email,groups.name", object{"add": []string{staff}, "remove": []string{vip}}, bearer(token))
	r.is(t, `{"customer":{"id":"`+grace+`","email":"grace@example.com","groups":[{"name":"Staff"}]}}`)
	r = w.do("POST", "/admin/customers/"+grace+"/customer-groups", nil, bearer(token))
	require.NotContains(t, r.body, "groups", "no default")

	// As the dashboard lists them.
	r = w.do("GET", "/admin/customer-groups?fields=id,name,created_at,updated_at,customers.id&limit=10&order=-name", nil, bearer(token))
	require.Regexp(t, `^\{"customer_groups":\[\{"id":"`+vip+`","name":"VIP","created_at":`+iso+`,"updated_at":`+iso+`,"customers":\[\{"id":"`+ada+
		`"\}\]\},\{"id":"`+staff+`",.*\}\],"count":2,"offset":0,"limit":10\}$`, r.body)
	r = w.do("GET", "/admin/customer-groups?fields=%2Bcustomers.id&customers[id]="+grace, nil, bearer(token))
	require.Regexp(t, `^\{"customer_groups":\[\{"id":"`+staff+`","name":"Staff",.*"metadata":null,"customers":\[\{"id":"`+grace+`"\}\]\}\],"count":1,`, r.body)
	r = w.do("GET", "/admin/customer-groups/"+staff+"?fields=id,*customers", nil, bearer(token))
	require.Regexp(t, `^\{"customer_group":\{"id":"`+staff+`","customers":\[\{"id":"`+grace+`","company_name":null,"first_name":null,"last_name":null,`+
		`"email":"grace@example.com","phone":null,"has_account":false,"metadata":null,"created_by":"user_\w+","created_at":`+iso+`,"updated_at":`+iso+
		`,"deleted_at":null\}\]\}\}$`, r.body)
	for query, want := range map[string]string{
		"q=sta": staff, "name=VIP": vip, "id=" + vip: vip, "customers=" + ada: vip, "customers[email]=GRACE@example.com": staff,
		"customers[has_account]=true": vip, "created_at[$gt]=2026-11-23T13:47:46.001Z": staff, "$or[0][name]=VIP&$or[1][name]=x": vip,
	} {
		w.do("GET", "/admin/customer-groups?fields=id&"+query, nil, bearer(token)).
			is(t, `{"customer_groups":[{"id":"`+want+`"}],"count":1,"offset":0,"limit":50}`)
	}

	for path, message := range map[string]string{
		"/admin/customers/cus_x/customer-groups":              "You tried to set relationship customer_id: cus_x, but such entity does not exist",
		"/admin/customers/" + ada + "/customer-groups":        "You tried to set relationship customer_group_id: none, but such entity does not exist",
		"/admin/customer-groups/cusgroup_x/customers":         "You tried to set relationship customer_group_id: cusgroup_x, but such entity does not exist",
		"/admin/customer-groups/" + staff + "/customers":      "You tried to set relationship customer_id: none, but such entity does not exist",
		"/admin/customer-groups/" + staff + "/customers?q=no": "Invalid request: Unrecognized fields: 'q'",
	} {
		r = w.do("POST", path, object{"add": []string{"none"}}, bearer(token))
		require.Equal(t, message, r.text(t, "message"))
	}
	for body, message := range map[string]string{
		`{"add":"x"}`:    "Expected type: 'array' for field 'add', got: 'x'",
		`{"remove":[5]}`: "Expected type: 'string' for field 'remove, 0', got: '5'",
		`{"set":[]}`:     "Unrecognized fields: 'set'",
	} {
		r = w.do("POST", "/admin/customers/"+ada+"/customer-groups", body, bearer(token))
		require.Equal(t, "Invalid request: "+message, r.text(t, "message"))
	}
}
