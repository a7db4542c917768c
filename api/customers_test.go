package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

const iso = `"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`

func TestCreatingACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.registered("customer", "sc1@example.com")
	r := w.do("POST", "/store/customers", object{
		"email": "sc1@example.com", "first_name": "Ada", "last_name": "Love \"<>&\" lace", "phone": "+48123", "company_name": "ACME", "metadata": object{"a": 1},
	}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `^\{"customer":\{"id":"cus_\w{26}","email":"sc1@example.com","company_name":"ACME","first_name":"Ada",`+
		`"last_name":"Love \\"<>&\\" lace","phone":"\+48123","metadata":\{"a":1\},"has_account":true,"deleted_at":null,"created_at":`+
		iso+`,"updated_at":`+iso+`,"addresses":\[\]\}\}$`, r.body)
}

func TestCreatingACustomerIsRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	linked := w.registered("customer", "linked@example.com")
	require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "taken@example.com"}, bearer(linked)).StatusCode)
	actor := w.login("customer", "linked@example.com")
	fresh := w.registered("customer", "fresh@example.com")
	invalid := func(m string) string { return `{"type":"invalid_data","message":"` + m + `"}` }
	plain := `{"message":"Unauthorized"}`
	tests := map[string]struct {
		token string
		body  any
		query string
		code  int
		want  string
	}{
		"no credentials":                 {"", object{"email": "x@example.com"}, "", 401, plain},
		"no credentials, a bad body":     {"", object{"nope": 1}, "", 401, plain},
		"garbage":                        {"garbage", object{"email": "x@example.com"}, "", 401, plain},
		"another actor type":             {w.admin("root@example.com"), object{"email": "x@example.com"}, "", 401, plain},
		"no e-mail":                      {fresh, object{"first_name": "A"}, "", 400, invalid("Email is required to create a customer")},
		"null e-mail":                    {fresh, object{"email": nil}, "", 400, invalid("Email is required to create a customer")},
		"no body":                        {fresh, nil, "", 400, invalid("Email is required to create a customer")},
		"no e-mail address":              {fresh, object{"email": "nope"}, "", 400, invalid("Invalid request: Invalid email address")},
		"two dots":                       {fresh, object{"email": "a..b@example.com"}, "", 400, invalid("Invalid request: Invalid email address")},
		"no top-level domain":            {fresh, object{"email": "a@localhost"}, "", 400, invalid("Invalid request: Invalid email address")},
		"an e-mail that is no text":      {fresh, object{"email": 5}, "", 400, invalid("Invalid request: Expected type: 'string' for field 'email', got: '5'")},
		"three problems at most":         {fresh, object{"email": 5, "first_name": object{}, "phone": 1, "metadata": "x"}, "", 400, invalid("Invalid request: Expected type: 'string' for field 'email', got: '5'; Expected type: 'string' for field 'first_name', got: '[object Object]'; Expected type: 'string' for field 'phone', got: '1'")},
		"metadata that is no object":     {fresh, object{"metadata": []any{1.5, nil, "x", true}}, "", 400, invalid("Invalid request: Expected type: 'record' for field 'metadata', got: '1.5,,x,true'")},
		"unknown fields":                 {fresh, object{"email": "x@example.com", "nope": 1, "has_account": true}, "", 400, invalid("Invalid request: Unrecognized fields: 'has_account, nope'")},
		"body before query":              {fresh, object{"nope": 1}, "?foo=1", 400, invalid("Invalid request: Unrecognized fields: 'nope'")},
		"unknown query":                  {fresh, object{"email": "x@example.com"}, "?foo=1", 400, invalid("Invalid request: Unrecognized fields: 'foo'")},
		"a customer already":             {actor, object{"email": "x@example.com"}, "", 400, invalid("Request already authenticated as a customer.")},
		"e-mail taken":                   {fresh, object{"email": "Taken@example.com"}, "", 422, `{"code":"invalid_request_error","type":"duplicate_error","message":"Customer with this email already has an account"}`},
		"identity linked already":        {linked, object{"email": "other@example.com"}, "", 400, `{"type":"not_allowed","message":"The auth identity is already linked to another customer."}`},
		"a character that no column has": {fresh, object{"email": "x@example.com", "first_name": "\x00"}, "", 400, invalid("Text must be valid UTF-8 without the character U+0000.")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var headers []header
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			r := w.do("POST", "/store/customers"+tt.query, tt.body, headers...)
			require.Equal(t, tt.code, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
}

func TestAddressesOfOtherScripts(t *testing.T) {
	t.Parallel()

	w := setup(t) // docs/weak-spots.md#w22: who can register with it can create the account
	r := w.do("POST", "/store/customers", object{"email": "żółć@exämple.com"}, bearer(w.registered("customer", "żółć@exämple.com")))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "żółć@exämple.com", r.text(t, "customer.email"))
}

func TestUpdatingACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	r := w.do("POST", "/store/customers/me", object{"first_name": "Grace", "metadata": object{"a": 1, "b": 2}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	r = w.do("POST", "/store/customers/me", object{"last_name": nil, "metadata": object{"a": ""}}, bearer(token))
	require.Equal(t, "Grace", r.value(t, "customer.first_name"))
	require.Nil(t, r.value(t, "customer.last_name"))
	require.Equal(t, object{"b": 2.0}, r.value(t, "customer.metadata"))
	r = w.do("POST", "/store/customers/me", object{"metadata": nil}, bearer(token))
	require.Nil(t, r.value(t, "customer.metadata"))
	r = w.do("POST", "/store/customers/me", object{"email": "b@example.com"}, bearer(token))
	require.Equal(t, "Invalid request: Unrecognized fields: 'email'", r.text(t, "message"))
	require.Equal(t, 401, w.do("POST", "/store/customers/me", object{"first_name": "x"}).StatusCode)
}

func TestSelectingFields(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.RestrictedFields = []string{"phone"} }))
	token := w.customer("a@example.com")
	r := w.do("POST", "/store/customers/me/addresses", object{"city": "Kraków", "company": "X"}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	all := w.do("GET", "/store/customers/me", nil, bearer(token)).body
	id := w.claims(token).ActorID
	tests := map[string]string{
		"fields=":                               all,
		"fields=*addresses":                     all,
		"fields=addresses.*":                    all,
		"fields=%2Bemail":                       all,
		"fields=+email":                         all,
		"fields=id,email":                       `{"customer":{"id":"` + id + `","email":"a@example.com"}}`,
		"fields=email,nope":                     `{"customer":{"id":"` + id + `","email":"a@example.com"}}`,
		"fields=id,*orders":                     `{"customer":{"id":"` + id + `"}}`,
		"fields=phone":                          `{"customer":{"id":"` + id + `"}}`, // restricted
		"fields=addresses.city":                 `{"customer":{"id":"` + id + `","addresses":[{"city":"Kraków"}]}}`,
		"fields=addresses.city,addresses.nope":  `{"customer":{"id":"` + id + `","addresses":[{"city":"Kraków"}]}}`,
		"fields=email.x":                        `{"customer":{"id":"` + id + `"}}`,
		"fields=email,addresses.city,-email":    `{"customer":{"id":"` + id + `","addresses":[{"city":"Kraków"}]}}`,
		"fields=email,*addresses,-addresses":    `{"customer":{"id":"` + id + `","email":"a@example.com"}}`,
		"fields=*addresses.x.y,id":              `{"customer":{"id":"` + id + `"}}`,
		"fields=addresses.city,-addresses.city": `{"customer":{"id":"` + id + `"}}`,
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/store/customers/me?"+query, nil, bearer(token))
			require.Equal(t, 200, r.StatusCode, r.body)
			r.is(t, want)
		})
	}
	t.Run("a default that is removed", func(t *testing.T) {
		t.Parallel()

		r := w.do("GET", "/store/customers/me?fields=-addresses,-metadata,-id", nil, bearer(token))
		require.NotContains(t, r.body, "addresses")
		require.NotContains(t, r.body, "metadata")
		require.Contains(t, r.body, id)
	})
	for query, message := range map[string]string{
		"fields=a.b.c.d.e,id,*x.y.z.q": "The following fields expand more than the maximum of 3 allowed relations: a.b.c.d.e, *x.y.z.q",
		"foo=1":                        "Invalid request: Unrecognized fields: 'foo'",
		"fields[]=id":                  "Invalid request: Expected type: 'string' for field 'fields', got: 'id'",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/store/customers/me?"+query, nil, bearer(token))
			require.Equal(t, 400, r.StatusCode)
			require.Equal(t, message, r.text(t, "message"))
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	r := w.do("GET", "/store/customers/me/addresses", nil, bearer(token))
	r.is(t, `{"addresses":[],"count":0,"offset":0,"limit":50}`)
	r = w.do("POST", "/store/customers/me/addresses", object{
		"first_name": "Ada", "address_1": "Street 1", "city": "Warsaw", "country_code": "pl", "postal_code": "00-001", "is_default_shipping": true,
	}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `"addresses":\[\{"id":"cuaddr_\w+","address_name":null,"is_default_shipping":true,"is_default_billing":false,`+
		`"company":null,"first_name":"Ada","last_name":null,"address_1":"Street 1","address_2":null,"city":"Warsaw","country_code":"pl",`+
		`"province":null,"postal_code":"00-001","phone":null,"metadata":null,"customer_id":"cus_\w+","created_at":`+iso+
		`,"updated_at":`+iso+`,"deleted_at":null\}\]\}\}$`, r.body)

	w.clock.Advance(1e6)
	require.Equal(t, 200, w.do("POST", "/store/customers/me/addresses", nil, bearer(token)).StatusCode)
	r = w.do("GET", "/store/customers/me/addresses", nil, bearer(token))
	require.Regexp(t, `^\{"addresses":\[\{"id":"cuaddr_\w+","address_name":null,"company":null,"customer_id":"cus_\w+","first_name":"Ada",`+
		`"last_name":null,"address_1":"Street 1","address_2":null,"city":"Warsaw","province":null,"postal_code":"00-001","country_code":"pl",`+
		`"phone":null,"metadata":null,"is_default_shipping":true,"is_default_billing":false,"created_at":`+iso+`,"updated_at":`+iso+
		`\},\{.*\}\],"count":2,"offset":0,"limit":50\}$`, r.body)
	list, ok := r.value(t, "addresses").([]any)
	require.True(t, ok)
	first, ok := list[0].(object)
	require.True(t, ok)
	path := "/store/customers/me/addresses/" + first["id"].(string) //nolint:forcetypeassert // matched above

	r = w.do("GET", "/store/customers/me/addresses?limit=1&offset=1&order=-id&fields=id", nil, bearer(token))
	require.JSONEq(t, `{"addresses":[{"id":"`+path[len("/store/customers/me/addresses/"):]+`"}],"count":2,"offset":1,"limit":1}`, r.body)
	for query, want := range map[string]float64{
		"q=STREET+ada": 1, "city=Warsaw": 1, "country_code[]=pl&country_code[]=de": 1, "postal_code=x": 0, "with_deleted=true": 2, "order=postal_code": 2,
	} {
		require.InDelta(t, want, w.do("GET", "/store/customers/me/addresses?"+query, nil, bearer(token)).value(t, "count"), 0, query)
	}
	r = w.do("GET", "/store/customers/me/addresses?limit=0", nil, bearer(token))
	r.is(t, `{"addresses":[],"count":2,"offset":0,"limit":0}`)
}

func TestOneAddress(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, stranger := w.customer("a@example.com"), w.customer("b@example.com")
	r := w.do("POST", "/store/customers/me/addresses?fields=addresses.id", object{"city": "Warsaw", "metadata": object{"a": 1}}, bearer(token))
	addresses, ok := r.value(t, "customer.addresses").([]any)
	require.True(t, ok)
	id, ok := addresses[0].(object)["id"].(string)
	require.True(t, ok)
	path, gone := "/store/customers/me/addresses/"+id, `{"type":"not_found","message":"Address with id: `+id+` was not found"}`

	require.Equal(t, "Warsaw", w.do("GET", path, nil, bearer(token)).text(t, "address.city"))
	r = w.do("POST", path, object{"city": "Kraków", "is_default_billing": true, "metadata": object{"b": 2}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	r = w.do("GET", path+"?fields=city,is_default_billing,metadata", nil, bearer(token))
	r.is(t, `{"address":{"id":"`+id+`","city":"Kraków","metadata":{"a":1,"b":2},"is_default_billing":true}}`)

	for _, method := range []string{"GET", "POST", "DELETE"} {
		r = w.do(method, path, nil, bearer(stranger))
		require.Equal(t, 404, r.StatusCode)
		r.is(t, gone)
		require.Equal(t, 401, w.do(method, path, nil).StatusCode)
	}
	r = w.do("DELETE", path, nil, bearer(token))
	require.Regexp(t, `^\{"id":"`+w.claims(token).ActorID+`","object":"address","deleted":true,"parent":\{"id":"cus_.*"addresses":\[\]\}\}$`, r.body)
	w.do("DELETE", path, nil, bearer(token)).is(t, gone)
}

func TestAddressInputIsStrict(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	for name, tt := range map[string]struct {
		body any
		want string
	}{
		"wrong type and unknown": {object{"address_1": 5, "bogus": 1}, "Expected type: 'string' for field 'address_1', got: '5'; Unrecognized fields: 'bogus'"},
		"a default that is text": {object{"is_default_billing": "yes"}, "Expected type: 'boolean' for field 'is_default_billing', got: 'yes'"},
		"a default that is null": {object{"is_default_billing": nil}, "Expected type: 'boolean' for field 'is_default_billing', got: 'null'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, path := range []string{"/store/customers/me/addresses", "/store/customers/me/addresses/cuaddr_x"} {
				r := w.do("POST", path, tt.body, bearer(token))
				require.Equal(t, 400, r.StatusCode)
				require.Equal(t, "Invalid request: "+tt.want, r.text(t, "message"))
			}
		})
	}
	for query, want := range map[string]string{
		"limit=x":     "Expected type: 'number' for field 'limit', got: 'x'",
		"offset=-1":   "Value for field 'offset' too small, expected at least: '0'",
		"company=1":   "Unrecognized fields: 'company'",
		"limit[a]=1":  "Expected type: 'number' for field 'limit', got: '[object Object]'",
		"order=bogus": "",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/store/customers/me/addresses?"+query, nil, bearer(token))
			require.Equal(t, 400, r.StatusCode, r.body)
			if want != "" {
				require.Equal(t, "Invalid request: "+want, r.text(t, "message"))
			}
		})
	}
}

// TestOutages: a part that is away is 503, and loses nothing.
func TestOutages(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, registration := w.customer("a@example.com"), w.registered("customer", "b@example.com")
	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode, "reads go on without flows")
	for path, headers := range map[string][]header{
		"/auth/customer/emailpass": nil, registerPath: nil, "/store/customers": {bearer(registration)},
	} {
		r := w.do("POST", path, object{"email": "b@example.com"}, headers...)
		require.Equal(t, 503, r.StatusCode, r.body)
		require.Equal(t, "2", r.Header.Get("Retry-After"))
		r.is(t, `{"type":"unavailable","message":"The service is not available. Try again shortly."}`)
	}
	require.NoError(t, w.store.Close())
	for _, h := range []header{bearer(token), with("Cookie", "connect.sid=s%3Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.YDebxLRP4kptkAZVh9zAihHsWi%2FJmusEI1yPAdQYcX0")} {
		r := w.do("GET", "/store/customers/me", nil, h)
		require.Equal(t, 503, r.StatusCode)
		require.Equal(t, "unavailable", r.text(t, "type"))
	}
}
