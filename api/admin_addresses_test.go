package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressesOfACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	id := w.guest(token, object{"email": "guest@example.com"})
	path := "/admin/customers/" + id + "/addresses"
	w.do("GET", path, nil, bearer(token)).is(t, `{"addresses":[],"count":0,"offset":0,"limit":50}`)

	r := w.do("POST", path+"?fields=id,*addresses", object{
		"first_name": "Ada", "city": "Warsaw", "country_code": "pl", "is_default_shipping": true, "additional_data": nil,
	}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `^\{"customer":\{"id":"`+id+`","addresses":\[\{"id":"cuaddr_\w+","address_name":null,"is_default_shipping":true,`+
		`"is_default_billing":false,"company":null,"first_name":"Ada",.*,"customer_id":"`+id+`","created_at":`+iso+`,"updated_at":`+iso+
		`,"deleted_at":null\}\]\}\}$`, r.body)
	w.clock.Advance(1e6)
	r = w.do("POST", path, object{"city": "Kraków", "company": "ACME", "province": "MP"}, bearer(token))
	require.NotContains(t, r.body, "addresses", "no default of /admin")

	r = w.do("GET", path+"?order=-created_at&limit=1", nil, bearer(token))
	require.Regexp(t, `^\{"addresses":\[\{"id":"cuaddr_\w+","address_name":null,"company":"ACME","customer_id":"`+id+`","first_name":null,"last_name":null,`+
		`"address_1":null,"address_2":null,"city":"Kraków","province":"MP","postal_code":null,"country_code":null,"phone":null,"metadata":null,`+
		`"created_at":`+iso+`,"updated_at":`+iso+`\}\],"count":2,"offset":0,"limit":1\}$`, r.body, "without the defaults")
	for query, want := range map[string]float64{
		"q=acme": 1, "company=ACME": 1, "province[]=MP&province[]=x": 1, "city=Warsaw": 1, "country_code=pl": 1, "postal_code=x": 0, "with_deleted=true": 2,
	} {
		require.InDelta(t, want, w.do("GET", path+"?"+query, nil, bearer(token)).value(t, "count"), 0, query)
	}

	w.do("DELETE", "/admin/customers/"+id, nil, bearer(token))
	w.do("GET", path, nil, bearer(token)).is(t, `{"addresses":[],"count":0,"offset":0,"limit":50}`)
	r = w.do("POST", path, object{}, bearer(token))
	require.Equal(t, 404, r.StatusCode)
	require.Equal(t, "You tried to set relationship customer_id: "+id+", but such entity does not exist", r.text(t, "message"))
}

func TestOneAddressOfACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	id, other := w.guest(token, object{}), w.guest(token, object{})
	require.Equal(t, 200, w.do("POST", "/admin/customers/"+id+"/addresses", object{"city": "Warsaw"}, bearer(token)).StatusCode)
	r := w.do("GET", "/admin/customers/"+id+"/addresses?fields=id", nil, bearer(token))
	list, ok := r.value(t, "addresses").([]any)
	require.True(t, ok)
	address, ok := list[0].(object)["id"].(string)
	require.True(t, ok)
	path := "/admin/customers/" + id + "/addresses/" + address

	require.Equal(t, "Warsaw", w.do("GET", path, nil, bearer(token)).text(t, "address.city"))
	r = w.do("POST", path, object{"city": "Kraków", "is_default_billing": true}, bearer(token))
	require.Equal(t, id, r.text(t, "customer.id"))
	r = w.do("GET", path+"?fields=city,is_default_billing", nil, bearer(token))
	r.is(t, `{"address":{"id":"`+address+`","city":"Kraków","is_default_billing":true}}`)
	r = w.do("POST", path, object{"city": 5, "customer_id": other}, bearer(token))
	require.Equal(t, "Invalid request: Expected type: 'string' for field 'city', got: '5'; Unrecognized fields: 'customer_id'", r.text(t, "message"))

	for _, method := range []string{"GET", "POST", "DELETE"} { // another customer's address is not found
		r = w.do(method, "/admin/customers/"+other+"/addresses/"+address, nil, bearer(token))
		require.Equal(t, 404, r.StatusCode, method)
		r.is(t, `{"type":"not_found","message":"Address with id: `+address+` was not found"}`)
	}
	require.Equal(t, 200, w.do("POST", "/admin/customers/"+id+"/customer-groups", object{"add": []string{w.group(token, "VIP")}}, bearer(token)).StatusCode)
	r = w.do("DELETE", path+"?fields=id,addresses.id,groups.name", nil, bearer(token))
	r.is(t, `{"id":"`+address+`","object":"customer_address","deleted":true,"parent":{"id":"`+id+`","addresses":[],"groups":[{"name":"VIP"}]}}`)
	require.Equal(t, 404, w.do("DELETE", path, nil, bearer(token)).StatusCode)
}
