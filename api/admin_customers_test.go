package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// guest makes a customer without an account and returns its id.
func (w *world) guest(token string, body object) string {
	w.t.Helper()
	r := w.do("POST", "/admin/customers", body, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "customer.id")
}

func TestCreatingAGuest(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	admin := w.claims(token).ActorID
	r := w.do("POST", "/admin/customers", object{
		"email": "guest@example.com", "first_name": "G", "metadata": object{"a": 1}, "additional_data": object{"hook": 1},
	}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `^\{"customer":\{"id":"cus_\w{26}","company_name":null,"first_name":"G","last_name":null,"email":"guest@example.com",`+
		`"phone":null,"metadata":\{"a":1\},"has_account":false,"created_by":"`+admin+`","created_at":`+iso+`,"updated_at":`+iso+
		`,"deleted_at":null\}\}$`, r.body)
	id := r.text(t, "customer.id")
	w.do("GET", "/admin/customers/"+id, nil, bearer(token)).is(t, r.body)
	events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventCustomerCreated}, store.Page{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, everlatch.Metadata{"id": id}, events[0].Data)
	require.NotNil(t, events[0].ReleasedAt)

	require.Equal(t, 200, w.do("POST", "/admin/customers", nil, bearer(token)).StatusCode, "nothing is required")
	keyID, secret := w.key(token, "secret")
	r = w.do("POST", "/admin/customers", object{"email": "robot@example.com"}, basic(secret))
	require.Equal(t, keyID, r.text(t, "customer.created_by"))
	r = w.do("POST", "/store/customers", object{"email": "guest@example.com"}, bearer(w.registered("customer", "guest@example.com")))
	require.Equal(t, 200, r.StatusCode, "the guest may still get an account")
}

func TestChangingACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, ada := w.admin("root@example.com"), w.customer("ada@example.com")
	path := "/admin/customers/" + w.claims(ada).ActorID
	r := w.do("POST", path, object{"email": "Countess@example.com", "last_name": nil, "metadata": object{"a": 1, "b": 2}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "Countess@example.com", r.text(t, "customer.email"))
	require.Nil(t, r.value(t, "customer.last_name"))
	require.Equal(t, "F", r.value(t, "customer.first_name"))
	require.Equal(t, true, r.value(t, "customer.has_account"))
	r = w.do("POST", path+"?fields=metadata", object{"metadata": object{"a": ""}}, bearer(token))
	require.Equal(t, object{"id": w.claims(ada).ActorID, "metadata": object{"b": 2.0}}, r.value(t, "customer"))

	// docs/weak-spots.md#w13: the person signs in with it, was told, and whatever was issued before ended.
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(ada)).StatusCode)
	r = w.do("POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "supersecret"})
	require.Equal(t, 401, r.StatusCode)
	ada = w.login("customer", "countess@example.com")
	require.Equal(t, "Countess@example.com", w.do("GET", "/store/customers/me", nil, bearer(ada)).text(t, "customer.email"))
	events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventEmailChanged, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, everlatch.Metadata{
		"actor_type": "customer", "actor_id": w.claims(ada).ActorID, "former_email": "ada@example.com", "email": "Countess@example.com",
		"changed_by": everlatch.Metadata{"actor_type": "user", "actor_id": w.claims(token).ActorID},
	}, events[0].Data)

	w.registered("customer", "grace@example.com") // who signs in with it and has no account
	r = w.do("POST", path, object{"email": "grace@example.com", "first_name": "x"}, bearer(token))
	require.Equal(t, 422, r.StatusCode, r.body)
	require.Equal(t, "Another account signs in with this email.", r.text(t, "message"))
	require.Equal(t, "F", w.do("GET", path, nil, bearer(token)).value(t, "customer.first_name"), "nothing changed")
}

func TestAdminCustomersAreRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, ada := w.admin("root@example.com"), w.customer("ada@example.com")
	grace := w.claims(w.customer("grace@example.com")).ActorID
	w.guest(token, object{"email": "guest@example.com"})
	invalid := func(m string) string { return `{"type":"invalid_data","message":"` + m + `"}` }
	tests := map[string]struct {
		method, path string
		body         any
		code         int
		want         string
	}{
		"unknown, read":         {"GET", "/cus_none", nil, 404, `{"type":"not_found","message":"Customer with id: cus_none not found"}`},
		"unknown, changed":      {"POST", "/cus_none", object{"first_name": "x"}, 404, `{"type":"not_found","message":"Customer with id \"cus_none\" not found"}`},
		"e-mail of a guest":     {"POST", "", object{"email": "GUEST@example.com"}, 400, invalid("Customer with email: GUEST@example.com, has_account: false, already exists.")},
		"e-mail of an account":  {"POST", "/" + grace, object{"email": "ada@example.com"}, 400, invalid("Customer with email: ada@example.com, has_account: true, already exists.")},
		"no e-mail address":     {"POST", "", object{"email": "nope"}, 400, invalid("Invalid request: Invalid email address")},
		"has_account":           {"POST", "", object{"has_account": true}, 400, invalid("Invalid request: Unrecognized fields: 'has_account'")},
		"created_by":            {"POST", "/" + grace, object{"created_by": "me"}, 400, invalid("Invalid request: Unrecognized fields: 'created_by'")},
		"additional data, text": {"POST", "", object{"additional_data": "x"}, 400, invalid("Invalid request: Expected type: 'record' for field 'additional_data', got: 'x'")},
		"unknown query":         {"POST", "?foo=1", object{}, 400, invalid("Invalid request: Unrecognized fields: 'foo'")},
		"text":                  {"POST", "", `[]`, 400, invalid("Invalid request: Field '' is required")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do(tt.method, "/admin/customers"+tt.path, tt.body, bearer(token))
			require.Equal(t, tt.code, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
	for _, line := range [][2]string{
		{"GET", ""},
		{"POST", ""},
		{"GET", "/cus_x"},
		{"POST", "/cus_x"},
		{"DELETE", "/cus_x"},
		{"GET", "/cus_x/addresses"},
		{"POST", "/cus_x/addresses"},
		{"GET", "/cus_x/addresses/a"},
		{"POST", "/cus_x/addresses/a"},
		{"DELETE", "/cus_x/addresses/a"},
		{"POST", "/cus_x/customer-groups"},
	} {
		require.Equal(t, 401, w.do(line[0], "/admin/customers"+line[1], nil, bearer(ada)).StatusCode, "%s", line)
		require.Equal(t, 401, w.do(line[0], "/admin/customers"+line[1], nil).StatusCode, "%s", line)
	}
}

func TestRemovingACustomer(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, ada := w.admin("root@example.com"), w.customer("ada@example.com")
	id, guest := w.claims(ada).ActorID, w.guest(token, object{"email": "guest@example.com"})
	for _, id := range []string{id, id, guest, "cus_none"} { // recorded: twice and unknown are 200
		w.do("DELETE", "/admin/customers/"+id, nil, bearer(token)).is(t, `{"id":"`+id+`","object":"customer","deleted":true}`)
	}
	require.Equal(t, 404, w.do("GET", "/admin/customers/"+id, nil, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(ada)).StatusCode)
	w.do("GET", "/admin/customers?fields=id", nil, bearer(token)).is(t, `{"customers":[],"count":0,"offset":0,"limit":50}`)
	r := w.do("GET", "/admin/customers?fields=id,deleted_at&with_deleted=true&order=-id&limit=1", nil, bearer(token))
	require.Regexp(t, `^\{"customers":\[\{"id":"cus_\w+","deleted_at":`+iso+`\}\],"count":2,"offset":0,"limit":1\}$`, r.body)

	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	require.Equal(t, 503, w.do("DELETE", "/admin/customers/"+id, nil, bearer(token)).StatusCode)
}

func TestListingCustomers(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	ada := w.claims(w.customer("ada@example.com")).ActorID
	w.clock.Advance(1e9)
	grace := w.guest(token, object{"email": "grace@example.org", "first_name": "Grace", "last_name": "Hopper", "company_name": "Navy"})
	w.clock.Advance(1e9)
	alan := w.guest(token, object{"email": "alan@example.org", "first_name": "Alan"})
	r := w.do("POST", "/admin/customer-groups", object{"name": "VIP"}, bearer(token))
	group := r.text(t, "customer_group.id")
	r = w.do("POST", "/admin/customer-groups/"+group+"/customers", object{"add": []string{ada, alan}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)

	tests := map[string][]string{
		"":                                            {ada, grace, alan},
		"order=-created_at":                           {alan, grace, ada},
		"order=first_name":                            {alan, ada, grace}, // Ada is called F here
		"q=hopper+GRACE":                              {grace},
		"id=" + ada:                                   {ada},
		"id[]=" + ada + "&id[]=" + alan:               {ada, alan},
		"id[]=" + ada + "," + alan:                    {ada, alan}, // as the contract's clients may write it
		"id[$nin][]=" + ada + "&id[$ne]=x":            {grace, alan},
		"email=Grace@example.org":                     {grace},
		"groups=" + group:                             {ada, alan},
		"groups[0]=" + group + "&groups[1]=x":         {ada, alan},
		"groups[name]=VIP&has_account=true":           {ada},
		"groups[name][]=none":                         {},
		"has_account=FALSE":                           {grace, alan},
		"company_name=Navy&last_name=Hopper":          {grace},
		"first_name[]=Grace&first_name[]=Alan":        {grace, alan},
		"created_by=" + w.claims(token).ActorID:       {grace, alan},
		"created_at=2026-11-23T13:47:47.000Z":         {grace},
		"created_at[$gte]=2026-11-23T13:47:47Z":       {grace, alan},
		"created_at[$gt]=2026-11-23T13:47:47.000Z":    {alan},
		"created_at[$lt]=2026-11-23T14:47:47%2B01:00": {ada},
		"created_at[$lt]=2026-11-23T14:47:47+01:00":   {ada}, // a plus is a blank
		"created_at[$gte]=2026-11-23&created_at[$lte]=2026-11-23T13:47:47":             {ada, grace},
		"created_at[$in][0]=2026-11-23T13:47:46Z&created_at[$in][1]=2026-11-23T13:47Z": {ada},
		"updated_at[$ne]=2026-11-23T13:47:46Z":                                         {grace, alan},
		"$or[0][email]=alan@example.org&$or[1][has_account]=true":                      {ada, alan},
		"$and[0][q]=grace&$and[1][created_at][$gte]=2026-01-01":                        {grace},
		"with_deleted=false&deleted_at[$gt]=2026-01-01":                                {},
		"limit=1&offset=1": {grace},
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/admin/customers?fields=id&"+query, nil, bearer(token))
			require.Equal(t, 200, r.StatusCode, r.body)
			found := []string{}
			for _, c := range r.value(t, "customers").([]any) { //nolint:forcetypeassert // openapi.yaml says so
				found = append(found, c.(object)["id"].(string)) //nolint:forcetypeassert // and this
			}
			require.Equal(t, want, found)
			if query != "limit=1&offset=1" {
				require.InDelta(t, len(want), r.value(t, "count"), 0)
			}
		})
	}
	t.Run("with relations", func(t *testing.T) {
		t.Parallel()

		r := w.do("GET", "/admin/customers?fields=id,*groups,addresses.city&limit=1", nil, bearer(token))
		require.Regexp(t, `^\{"customers":\[\{"id":"`+ada+`","addresses":\[\],"groups":\[\{"id":"`+group+`","name":"VIP","metadata":null,"created_by":"user_\w+",`+
			`"created_at":`+iso+`,"updated_at":`+iso+`,"deleted_at":null\}\]\}\],"count":3,"offset":0,"limit":1\}$`, r.body)
		r = w.do("GET", "/admin/customers/"+grace+"?fields=%2B*addresses,groups.name,-metadata", nil, bearer(token))
		require.Regexp(t, `^\{"customer":\{"id":"`+grace+`","addresses":\[\],"groups":\[\]\}\}$`, r.body, "a bare name replaces the defaults")
		r = w.do("GET", "/admin/customers/"+ada+"?fields=%2B*addresses,%2Bgroups.name", nil, bearer(token))
		require.Regexp(t, `^\{"customer":\{"id":"`+ada+`","company_name":null,.*,"deleted_at":null,"addresses":\[\],"groups":\[\{"name":"VIP"\}\]\}\}$`, r.body)
	})
}

func TestListFiltersAreStrict(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	var alternatives, times []string
	for i := range 21 {
		alternatives = append(alternatives, fmt.Sprintf("$or[%d][q]=x", i))
	}
	for range 101 {
		times = append(times, "created_at[$in][]=2026-01-01")
	}
	tests := map[string]string{
		"has_account=maybe":                                "Expected type: 'boolean' for field 'has_account', got: 'maybe'",
		"with_deleted=1":                                   "Expected type: 'boolean' for field 'with_deleted', got: '1'",
		"created_at=yesterday":                             "Expected type: 'date' for field 'created_at', got: 'yesterday'",
		"created_at[$gte]=2026-13-01":                      "Expected type: 'date' for field 'created_at, $gte', got: '2026-13-01'",
		"created_at[$in][]=2026-01-01&created_at[$in][]=x": "Expected type: 'date' for field 'created_at, $in', got: 'x'",
		"created_at[$like]=2026%":                          "Unrecognized fields: '$like'",
		"created_at[$gte][$gte]=1":                         "Expected type: 'date' for field 'created_at, $gte', got: '[object Object]'",
		"id[$re]=.*":                                       "Unrecognized fields: '$re'",
		"id[$in][a]=1":                                     "Expected type: 'string' for field 'id, $in', got: '[object Object]'",
		"email[$ilike]=%":                                  "Expected type: 'string' for field 'email', got: '[object Object]'",
		"groups[nope]=1":                                   "Unrecognized fields: 'nope'",
		"groups[created_at]=x":                             "Expected type: 'date' for field 'groups, created_at', got: 'x'",
		"$or=x":                                            "Expected type: 'array' for field '$or', got: 'x'",
		"$or[0]=x":                                         "Expected type: 'object' for field '$or, 0', got: 'x'",
		"$or[0][q]=x&$or[1][nope]=1":                       "Unrecognized fields: 'nope'",
		"$and[0][has_account]=x":                           "Expected type: 'boolean' for field '$and, 0, has_account', got: 'x'",
		"$or[0][$or][0][q]=x":                              "Unrecognized fields: '$or'",
		"nope=1":                                           "Unrecognized fields: 'nope'",
		strings.Join(alternatives, "&"):                    "Value for field '$or' too big, expected at most: '20'",
		strings.Join(times, "&"):                           "Value for field 'created_at, $in' too big, expected at most: '100'",
		"order=metadata":                                   "",
		"order=id;drop table customer":                     "",
	}
	for query, want := range tests {
		t.Run(query[:min(len(query), 60)], func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/admin/customers?"+query, nil, bearer(token))
			require.Equal(t, 400, r.StatusCode, r.body)
			if want != "" {
				require.Equal(t, "Invalid request: "+want, r.text(t, "message"))
			}
		})
	}
}
