package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// emptyLists are lists of the shop that the pages and menus of the Medusa admin
// dashboard read: their paths under /admin, and their names on the wire.
// Everlatch has no shop, so they are empty; a dashboard whose list is missing
// shows an error in its place, or no page at all. A custom route for one of
// them takes precedence.
var emptyLists = []struct{ path, name string }{
	// The frame of every page.
	{"layouts/configurations", "layout_configurations"},
	{"notifications", "notifications"},
	{"plugins", "plugins"},
	// The main menu.
	{"orders", "orders"},
	{"draft-orders", "draft_orders"},
	{"products", "products"},
	{"product-variants", "variants"},
	{"product-options", "product_options"},
	{"collections", "collections"},
	{"product-categories", "product_categories"},
	{"inventory-items", "inventory_items"},
	{"reservations", "reservations"},
	{"promotions", "promotions"},
	{"campaigns", "campaigns"},
	{"price-lists", "price_lists"},
	// The settings.
	{"regions", "regions"},
	{"tax-regions", "tax_regions"},
	{"return-reasons", "return_reasons"},
	{"refund-reasons", "refund_reasons"},
	{"sales-channels", "sales_channels"},
	{"product-types", "product_types"},
	{"product-tags", "product_tags"},
	{"stock-locations", "stock_locations"},
	{"shipping-profiles", "shipping_profiles"},
	{"shipping-option-types", "shipping_option_types"},
	{"fulfillment-providers", "fulfillment_providers"},
	{"price-preferences", "price_preferences"},
	{"currencies", "currencies"},
	{"workflows-executions", "workflow_executions"},
}

// dashboardRoutes are what the dashboard needs in addition to the routes about
// users and keys.
func (s *Server) dashboardRoutes() []route {
	const get = http.MethodGet
	routes := []route{
		{method: get, path: "/admin/feature-flags", handle: s.featureFlags, public: true},
		{method: get, path: "/admin/stores", handle: s.listStores, free: true},
		{method: get, path: "/admin/search-indexes", handle: s.listSearchIndexes, free: true},
		{method: get, path: "/admin/layouts/:zone/configuration", handle: s.readLayout, free: true},
	}
	for _, list := range emptyLists {
		routes = append(routes, route{method: get, path: "/admin/" + list.path, handle: listNothing(list.name), free: true})
	}
	return routes
}

// emptyPage is the limit of a list when a request names none.
const emptyPage = 50

// listNothing answers with an empty list. The answer does not depend on filters
// and fields, so they are not read.
func listNothing(name string) echo.HandlerFunc {
	return func(c echo.Context) error { return writeList[struct{}](c, name, nil, pageOf(c), nil, 0) }
}

func pageOf(c echo.Context) query.Page {
	p := query.Page{Page: store.Page{Limit: emptyPage}}
	if n, err := strconv.Atoi(c.QueryParam("limit")); err == nil && n >= 0 {
		p.Limit = n
	}
	if n, err := strconv.Atoi(c.QueryParam("offset")); err == nil && n >= 0 {
		p.Offset = n
	}
	return p
}

// storeID is the id of the one store that the dashboard sees.
const storeID = "store_everlatch"

// listStores answers with one store that has only a name: without a store the
// dashboard shows no page.
func (s *Server) listStores(c echo.Context) error {
	b := wire.AppendText([]byte(`{"stores":[{"id":"`+storeID+`","name":`), s.opts.Brand)
	b = append(b, `,"supported_currencies":[],"supported_locales":[],"default_sales_channel_id":null,"default_region_id":null,`+
		`"default_location_id":null,"metadata":null,"created_at":null,"updated_at":null}],"count":1,"offset":0,"limit":1}`...)
	return writeJSON(c, b)
}

// listSearchIndexes says that there is no search, which hides its menu.
func (s *Server) listSearchIndexes(c echo.Context) error {
	return writeJSON(c, []byte(`{"search_indexes":[],"enabled":false}`))
}

// readLayout says that the widgets of a page have their default arrangement.
func (s *Server) readLayout(c echo.Context) error {
	return writeJSON(c, []byte(`{"personal_configuration":null,"default_configuration":null,"active_scope":"default"}`))
}
