package api_test

import (
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/apitest"
)

func TestFeatureFlags(t *testing.T) {
	t.Parallel()

	setup(t).do("GET", "/admin/feature-flags", nil).
		is(t, `{"feature_flags":{"rbac":false,"translation":false,"view_configurations":false}}`)
}

// The dashboard throws its whole page away when there is no store.
func TestThereIsOneStore(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.Brand = `Ada's "Engines"` }))
	r := w.do("GET", "/admin/stores?fields=id,name", nil, bearer(w.admin("root@example.com")))
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, r.body, `"stores":[{"id":"store_everlatch","name":"Ada's \"Engines\"",`)
}

func TestListsOfAShopAreEmpty(t *testing.T) {
	t.Parallel()

	w := setup(t)
	root := bearer(w.admin("root@example.com"))
	for path, want := range map[string]string{
		"/admin/orders": `{"orders":[],"count":0,"offset":0,"limit":50}`,
		"/admin/orders?limit=20&offset=40&fields=%2Ax": `{"orders":[],"count":0,"offset":40,"limit":20}`,
		"/admin/products?limit=-1&offset=x&q=a":        `{"products":[],"count":0,"offset":0,"limit":50}`,
		"/admin/product-variants":                      `{"variants":[],"count":0,"offset":0,"limit":50}`,
		"/admin/workflows-executions":                  `{"workflow_executions":[],"count":0,"offset":0,"limit":50}`,
		"/admin/layouts/configurations?limit=1":        `{"layout_configurations":[],"count":0,"offset":0,"limit":1}`,
		"/admin/layouts/order.list/configuration":      `{"personal_configuration":null,"default_configuration":null,"active_scope":"default"}`,
		"/admin/search-indexes":                        `{"search_indexes":[],"enabled":false}`,
	} {
		w.do("GET", path, nil, root).is(t, want)
	}
}

// What the dashboard reads is for administrators, all but the flags.
func TestTheDashboardIsForAdministrators(t *testing.T) {
	t.Parallel()

	w := setup(t)
	root, customer := bearer(w.admin("root@example.com")), bearer(w.customer("ada@example.com"))
	spec, err := apitest.LoadSpec()
	require.NoError(t, err)
	for path, item := range spec.Paths.Map() {
		if item.Get == nil || item.Get.Tags[0] != "dashboard" || path == "/admin/feature-flags" {
			continue
		}
		path = strings.ReplaceAll(path, "{zone}", "login")
		require.Equal(t, 401, w.do("GET", path, nil).StatusCode, path)
		require.Equal(t, 401, w.do("GET", path, nil, customer).StatusCode, path)
		require.Equal(t, 200, w.do("GET", path, nil, root).StatusCode, path)
	}
}

// A custom route takes the place of ours.
func TestAnOwnRouteGoesBeforeAnEmptyList(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.server.Echo().GET("/admin/products", func(c echo.Context) error { return c.JSONBlob(200, []byte(`{"products":[1]}`)) })
	w.send(w.raw, "GET", "/admin/products", nil, bearer(w.admin("root@example.com"))).is(t, `{"products":[1]}`)
}
