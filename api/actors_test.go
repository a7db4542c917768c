package api_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

// managerType has a field of every kind and rule.
func managerType() everlatch.ActorType {
	t, _ := everlatch.ActorType{
		Name: "manager",
		Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true, Immutable: true, Searchable: true},
			{Name: "name", Kind: everlatch.FieldString, Nullable: true, MaxLength: 10, Searchable: true},
			{Name: "badge", Kind: everlatch.FieldString, Pattern: `[A-Z]\d{3}`},
			{Name: "shift", Kind: everlatch.FieldString, Enum: []string{"day", "night"}},
			{Name: "grade", Kind: everlatch.FieldInteger, Min: new(1.0), Max: new(9.0)},
			{Name: "score", Kind: everlatch.FieldNumber},
			{Name: "driver", Kind: everlatch.FieldBoolean},
			{Name: "born", Kind: everlatch.FieldDate},
			{Name: "seen", Kind: everlatch.FieldTime, Nullable: true},
			{Name: "prefs", Kind: everlatch.FieldObject},
			{Name: "tags", Kind: everlatch.FieldList, MaxLength: 2},
			{Name: "approved", Kind: everlatch.FieldBoolean, AdminOnly: true},
		},
		Validate: func(_ context.Context, record everlatch.Metadata) error {
			if record["shift"] == "night" && record["driver"] != true {
				return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Who works at night must drive."}
			}
			return nil
		},
	}.Complete()
	return t
}

func withManagers(o *api.Options) { o.ActorTypes = []everlatch.ActorType{managerType()} }

// ask sends a request that openapi.yaml does not know.
func (w *world) ask(method, path string, body any, headers ...header) reply {
	w.t.Helper()
	return w.send(w.raw, method, path, body, headers...)
}

// manager returns a token of a new manager.
func (w *world) manager(email string, more object) string {
	w.t.Helper()
	body := object{"email": email}
	maps.Copy(body, more)
	r := w.ask("POST", "/manager", body, bearer(w.registered("manager", email)))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return w.login("manager", email)
}

func TestCreatingAnActor(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	r := w.ask("POST", "/manager", object{
		"email": "Ada@example.com", "name": "Łódź <\"&", "badge": "A123", "shift": "day", "grade": 3, "score": -1.5, "driver": false,
		"born": "1815-12-10", "seen": "2026-11-24T02:30:00+02:00", "prefs": object{"a": 1}, "tags": []string{"x"},
	}, bearer(w.registered("manager", "ada@example.com")), with("Idempotency-Key", "k-1"))

	require.Equal(t, 200, r.StatusCode, r.body)
	require.Regexp(t, `^\{"manager":\{"id":"mana_\w{26}","email":"Ada@example.com","name":"Łódź <\\"&","badge":"A123","shift":"day",`+
		`"grade":3,"score":-1.5,"driver":false,"born":"1815-12-10","seen":"2026-11-24T00:30:00.000Z","prefs":\{"a":1\},"tags":\["x"\],`+
		`"approved":null,"created_at":`+iso+`,"updated_at":`+iso+`,"deleted_at":null\}\}$`, r.body)
	require.Equal(t, "private, no-cache", r.Header.Get("Cache-Control"))
	require.Contains(t, w.flows.keys, "k-1")

	token := w.login("manager", "ada@example.com")
	claims := w.claims(token)
	require.Equal(t, claims.ActorID, claims.AppMetadata["manager_id"])
	me := w.ask("GET", "/manager/me", nil, bearer(token))
	me.is(t, r.body)
	me = w.ask("GET", "/Manager/me/?fields=name,nope", nil, with("Cookie", w.session(token)))
	me.is(t, `{"manager":{"id":"`+claims.ActorID+`","name":"Łódź <\"&"}}`)
	require.Equal(t, 200, w.ask("HEAD", "/manager/me", nil, bearer(token)).StatusCode)
}

func TestCreatingAnActorIsRefused(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	w.manager("taken@example.com", nil)
	actor := w.login("manager", "taken@example.com")
	fresh := w.registered("manager", "fresh@example.com")
	invalid := func(m string) string { return `{"type":"invalid_data","message":"` + m + `"}` }
	wrong := func(kind, name, got string) string {
		return invalid("Invalid request: Expected type: '" + kind + "' for field '" + name + "', got: '" + got + "'")
	}
	plus := func(name string, value any) object { return object{"email": "x@example.com", name: value} }
	plain := `{"message":"Unauthorized"}`
	tests := map[string]struct {
		token string
		body  any
		code  int
		want  string
	}{
		"no credentials":             {"", object{"email": "x@example.com"}, 401, plain},
		"a customer":                 {w.customer("c@example.com"), object{"email": "x@example.com"}, 401, plain},
		"an administrator":           {w.admin("root@example.com"), object{"email": "x@example.com"}, 401, plain},
		"no body":                    {fresh, nil, 400, invalid("Invalid request: Field 'email' is required")},
		"a list":                     {fresh, "[]", 400, invalid("Invalid request: Field '' is required")},
		"null where none may be":     {fresh, object{"email": nil}, 400, wrong("string", "email", "null")},
		"no e-mail address":          {fresh, object{"email": "nope"}, 400, invalid("Invalid request: Invalid email address")},
		"a number for a text":        {fresh, plus("name", 5), 400, wrong("string", "name", "5")},
		"a long text":                {fresh, plus("name", "żółtowłosąę"), 400, invalid("Invalid request: Value for field 'name' too big, expected at most: '10'")},
		"another form":               {fresh, plus("badge", "xA123"), 400, invalid("Invalid request: Value for field 'badge' does not have the expected form")},
		"none of a few":              {fresh, plus("shift", "noon"), 400, invalid("Invalid request: Expected: 'day, night' for field 'shift', but got: 'noon'")},
		"a fraction":                 {fresh, plus("grade", 1.5), 400, wrong("int", "grade", "1.5")},
		"too small":                  {fresh, plus("grade", 0), 400, invalid("Invalid request: Value for field 'grade' too small, expected at least: '1'")},
		"too big":                    {fresh, plus("grade", 10), 400, invalid("Invalid request: Value for field 'grade' too big, expected at most: '9'")},
		"a text for a number":        {fresh, plus("score", "5"), 400, wrong("number", "score", "5")},
		"a text for a truth":         {fresh, plus("driver", "true"), 400, wrong("boolean", "driver", "true")},
		"a day that is none":         {fresh, plus("born", "2026-02-30"), 400, wrong("date", "born", "2026-02-30")},
		"a day for an instant":       {fresh, plus("seen", "2026-02-03"), 400, wrong("date", "seen", "2026-02-03")},
		"a list for an object":       {fresh, plus("prefs", []any{}), 400, wrong("record", "prefs", "")},
		"a text for a list":          {fresh, plus("tags", "x"), 400, wrong("array", "tags", "x")},
		"a list of other things":     {fresh, plus("tags", []any{"x", 1}), 400, wrong("string", "tags, 1", "1")},
		"a long list":                {fresh, plus("tags", []any{"1", "2", "3"}), 400, invalid("Invalid request: Value for field 'tags' too big, expected at most: '2'")},
		"what administrators set":    {fresh, plus("approved", true), 400, invalid("Invalid request: Unrecognized fields: 'approved'")},
		"unknown fields":             {fresh, object{"email": "x@example.com", "id": "mana_1", "nope": 1}, 400, invalid("Invalid request: Unrecognized fields: 'id, nope'")},
		"three problems at most":     {fresh, object{"name": 1, "badge": 1, "grade": "x"}, 400, invalid("Invalid request: Field 'email' is required; Expected type: 'string' for field 'name', got: '1'; Expected type: 'string' for field 'badge', got: '1'")},
		"a record that is not whole": {fresh, plus("shift", "night"), 400, invalid("Who works at night must drive.")},
		"a manager already":          {actor, object{"email": "x@example.com"}, 400, invalid("Request already authenticated as a manager.")},
		"an e-mail that is taken":    {fresh, object{"email": "TAKEN@example.com"}, 400, invalid("Manager with email: TAKEN@example.com, already exists.")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var headers []header
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			r := w.ask("POST", "/manager", tt.body, headers...)
			require.Equal(t, tt.code, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
}

func TestChangingAnActor(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	token, root := w.manager("ada@example.com", object{"name": "Ada", "prefs": object{"a": 1, "b": 2}}), w.admin("root@example.com")
	id := w.claims(token).ActorID

	r := w.ask("POST", "/manager/me", object{"name": nil, "prefs": object{"a": ""}}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Nil(t, r.value(t, "manager.name"))
	require.Equal(t, object{"b": 2.0}, r.value(t, "manager.prefs"))
	require.Equal(t, "ada@example.com", r.text(t, "manager.email"))
	for name, value := range map[string]any{"email": "b@example.com", "approved": true} {
		r = w.ask("POST", "/manager/me", object{name: value}, bearer(token))
		require.Equal(t, "Invalid request: Unrecognized fields: '"+name+"'", r.text(t, "message"))
	}
	require.Equal(t, 401, w.ask("POST", "/manager/me", object{}).StatusCode)

	r = w.ask("POST", "/admin/managers/"+id, object{"approved": true}, bearer(root))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, true, r.value(t, "manager.approved"))
	r = w.ask("POST", "/admin/managers/"+id, object{"email": "b@example.com"}, bearer(root))
	require.Equal(t, "Invalid request: Unrecognized fields: 'email'", r.text(t, "message"), "immutable for administrators too")
	r = w.ask("POST", "/admin/managers/mana_nope", object{"approved": true}, bearer(root))
	require.Equal(t, 404, r.StatusCode)
	require.Equal(t, 401, w.ask("POST", "/admin/managers/"+id, object{"approved": true}, bearer(token)).StatusCode)
}

func TestRemovingAnActor(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	root := w.admin("root@example.com")
	ada, grace := w.manager("ada@example.com", nil), w.manager("grace@example.com", nil)
	id := w.claims(ada).ActorID

	w.ask("DELETE", "/manager/me", nil, bearer(ada)).is(t, `{"id":"`+id+`","object":"manager","deleted":true}`)
	require.Equal(t, 401, w.ask("GET", "/manager/me", nil, bearer(ada)).StatusCode)
	id = w.claims(grace).ActorID
	w.ask("DELETE", "/admin/managers/"+id, nil, bearer(root)).is(t, `{"id":"`+id+`","object":"manager","deleted":true}`)
	require.Equal(t, 200, w.ask("DELETE", "/admin/managers/mana_nope", nil, bearer(root)).StatusCode)
	require.Equal(t, 404, w.ask("GET", "/admin/managers/"+id, nil, bearer(root)).StatusCode)

	late := w.manager("late@example.com", nil)
	w.clock.Advance(time.Hour)
	r := w.ask("DELETE", "/manager/me", nil, bearer(late))
	require.Equal(t, 401, r.StatusCode)
	require.Contains(t, r.body, "recent sign-in")
}

func TestListingActors(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	root := w.admin("root@example.com")
	var ids []string
	for i, name := range []string{"Ada", "Grace", "Linus"} {
		token := w.manager(strings.ToLower(name)+"@example.com", object{
			"name": name, "grade": 9 - i, "driver": i > 0, "score": float64(i) / 2, "seen": fmt.Sprintf("2026-11-24T0%d:00:00Z", i),
		})
		ids = append(ids, w.claims(token).ActorID)
		w.clock.Advance(time.Minute)
	}
	w.ask("GET", "/admin/managers?fields=name&limit=1&offset=1", nil, bearer(root)).
		is(t, `{"managers":[{"id":"`+ids[1]+`","name":"Grace"}],"count":3,"offset":1,"limit":1}`)
	require.Contains(t, w.ask("GET", "/admin/managers", nil, bearer(root)).body, `"limit":50}`)
	names := func(r reply) string {
		require.Equal(t, 200, r.StatusCode, r.body)
		var out []string
		list, _ := r.value(t, "managers").([]any)
		for _, item := range list {
			m, _ := item.(object)
			out = append(out, m["name"].(string)) //nolint:forcetypeassert // each has one
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"q=GRACE":                       "Grace",
		"q=example":                     "Ada Grace Linus",
		"email=ADA@example.com":         "Ada",
		"name[]=Ada&name[]=Linus":       "Ada Linus",
		"id=" + ids[2]:                  "Linus",
		"id[]=" + ids[0] + "," + ids[1]: "Ada Grace",
		"grade=9":                       "Ada",
		"grade=9.0":                     "Ada",
		"score=0.5":                     "Grace",
		"driver=true":                   "Grace Linus",
		"seen=2026-11-24T01:00:00Z":     "Grace",
		"order=-name":                   "Linus Grace Ada",
		"order=grade":                   "Linus Grace Ada",
		"limit=0":                       "",
		"created_at[$gt]=2026-11-23T13:47:46.000":                                          "Grace Linus",
		"created_at[$gte]=2026-11-23T13:48:46.000&created_at[$lt]=2026-11-23T13:49:46.000": "Grace",
		"created_at=2026-11-23T13:47:46.000Z":                                              "Ada",
		"updated_at[$lte]=2026-11-23T13:48:46.000":                                         "Ada Grace",
		"badge=A123": "",
	} {
		require.Equal(t, want, names(w.ask("GET", "/admin/managers?"+query, nil, bearer(root))), query)
	}
	for query, want := range map[string]string{
		"nope=1":          "Invalid request: Unrecognized fields: 'nope'",
		"prefs=1":         "Invalid request: Unrecognized fields: 'prefs'",
		"grade=x":         "Invalid request: Expected type: 'integer' for field 'grade', got: 'x'",
		"driver=x":        "Invalid request: Expected type: 'boolean' for field 'driver', got: 'x'",
		"order=prefs":     "Order field prefs is not valid",
		"name[$gt]=x":     "Invalid request: Expected type: 'string' for field 'name', got: '[object Object]'",
		"created_at=x":    "Invalid request: Expected type: 'date' for field 'created_at', got: 'x'",
		"limit=-1":        "Invalid request: Value for field 'limit' too small, expected at least: '0'",
		"with_deleted=no": "Invalid request: Expected type: 'boolean' for field 'with_deleted', got: 'no'",
		"created_at[$ne]=2026-11-24&updated_at[$in][]=2026-11-24&updated_at[$in][]=2026-11-25": "Invalid request: Field 'created_at' is compared with one time, by $eq, $gt, $gte, $lt or $lte",
	} {
		r := w.ask("GET", "/admin/managers?"+query, nil, bearer(root))
		require.Equal(t, 400, r.StatusCode, query)
		require.Equal(t, want, r.text(t, "message"), query)
	}
	require.Equal(t, 200, w.ask("DELETE", "/admin/managers/"+ids[0], nil, bearer(root)).StatusCode)
	require.Equal(t, "Grace Linus", names(w.ask("GET", "/admin/managers", nil, bearer(root))))
	require.Equal(t, "Ada Grace Linus", names(w.ask("GET", "/admin/managers?with_deleted=true", nil, bearer(root))))
	require.Equal(t, 401, w.ask("GET", "/admin/managers", nil).StatusCode)
}

func TestActorsWhileThingsAreAway(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	token := w.manager("ada@example.com", nil)
	fresh := w.registered("manager", "fresh@example.com")
	w.flows.failWith(everlatch.Unavailable("Temporal", errors.New("dial tcp")))
	require.Equal(t, 503, w.ask("POST", "/manager", object{"email": "x@example.com"}, bearer(fresh)).StatusCode)
	require.Equal(t, 503, w.ask("POST", "/manager/me", object{"name": "Ada"}, bearer(token)).StatusCode)
	require.NoError(t, w.store.Close())
	require.Equal(t, 503, w.ask("GET", "/manager/me", nil, bearer(token)).StatusCode)
}

// The pages that may call /manager are those of one list, also with cookies (docs/weak-spots.md#w40).
func TestOriginsOfAnActorType(t *testing.T) {
	t.Parallel()

	for origins, want := range map[everlatch.Origins]map[string]bool{
		everlatch.OriginsAuth:  {shopOrigin: true, adminOrigin: true}, // the default
		everlatch.OriginsStore: {shopOrigin: true, adminOrigin: false},
		everlatch.OriginsAdmin: {shopOrigin: false, adminOrigin: true},
	} {
		t.Run("list "+string(origins), func(t *testing.T) {
			t.Parallel()

			w := setup(t, options(withManagers), options(func(o *api.Options) { o.ActorTypes[0].Origins = origins }))
			cookie := w.session(w.manager("ada@example.com", nil))
			for origin, trusted := range want {
				allowed, status := "", 403
				if trusted {
					allowed, status = origin, 200
				}
				pre := w.ask("OPTIONS", "/MANAGER/me", nil, with("Origin", origin), with("Access-Control-Request-Method", "POST"))
				require.Equal(t, 204, pre.StatusCode)
				require.Equal(t, allowed, pre.Header.Get("Access-Control-Allow-Origin"))
				r := w.ask("POST", "/manager/me", object{}, with("Origin", origin), with("Cookie", cookie))
				require.Equal(t, status, r.StatusCode, r.body)
				require.Equal(t, allowed, r.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

func TestActorTypesAreRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	good := managerType()
	good.Store = w.store.Records(good)
	for want, change := range map[string]func(t *everlatch.ActorType){
		"/store is taken":           func(t *everlatch.ActorType) { t.Name = "store" },
		"/health is taken":          func(t *everlatch.ActorType) { t.Name = "health" },
		"/admin/customers is taken": func(t *everlatch.ActorType) { t.Plural = "customers" },
		"/manager is taken":         func(*everlatch.ActorType) {}, // there is one already
		"has no store":              func(t *everlatch.ActorType) { t.Name, t.Store = "courier", nil },
		"0 fields":                  func(t *everlatch.ActorType) { t.Name, t.Fields = "courier", nil },
	} {
		other := good
		other.Plural = "others"
		change(&other)

		_, err := api.New(w.parts, api.Options{CookieSecrets: []string{cookieSecret}, ActorTypes: []everlatch.ActorType{good, other}})

		require.ErrorContains(t, err, want)
	}
}

func TestCustomRoutesReadFormsAndTrustOrigins(t *testing.T) {
	t.Parallel()

	w := setup(t)
	form, err := api.NewForm([]everlatch.Field{{Name: "stars", Kind: everlatch.FieldInteger, Required: true}})
	require.NoError(t, err)
	w.server.Echo().POST("/reviews", func(c echo.Context) error {
		in, err := form.Read(c)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, in)
	})
	require.NoError(t, w.server.TrustOrigins("Reviews", everlatch.OriginsStore))
	for _, segment := range []string{"", "store", "a/b"} {
		require.Error(t, w.server.TrustOrigins(segment, everlatch.OriginsStore))
	}
	require.Error(t, w.server.TrustOrigins("reviews", "unknown"))
	_, err = api.NewForm([]everlatch.Field{{Name: "stars"}})
	require.ErrorContains(t, err, "kind")

	r := w.ask("POST", "/reviews", object{"stars": 5}, with("Origin", shopOrigin))
	require.JSONEq(t, `{"stars":5}`, r.body)
	require.Equal(t, shopOrigin, r.Header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, w.ask("POST", "/reviews", object{"stars": 5}, with("Origin", adminOrigin)).Header.Get("Access-Control-Allow-Origin"))
	r = w.ask("POST", "/reviews", object{"stars": "5"})
	r.is(t, `{"type":"invalid_data","message":"Invalid request: Expected type: 'int' for field 'stars', got: '5'"}`)
	r = w.ask("POST", "/reviews", "[]")
	r.is(t, `{"type":"invalid_data","message":"Invalid request: Field '' is required"}`)
}
