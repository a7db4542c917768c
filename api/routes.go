package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// route is one line of the API.
type route struct {
	method, path string
	handle       echo.HandlerFunc
	middleware   []echo.MiddlewareFunc
	// public opts an /admin route out of the authentication of its prefix.
	public bool
}

// routes is the whole built-in API. A static segment goes before a parameter,
// whatever the order here, and a method that a path does not have falls
// through to the next path that fits: GET /auth/token/refresh is a login
// (contract 4.1). Everything under /admin is authenticated by the chain.
func (s *Server) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	var (
		anybody      = []string{anyActor}
		customer     = []string{everlatch.ActorCustomer}
		user         = []string{everlatch.ActorUser}
		noMFA        = AuthOptions{AllowUnregistered: true, RequireMFA: new(bool)}
		refresh      = AuthOptions{AllowUnregistered: true, RequireMFA: new(bool), allowGone: true}
		unregistered = AuthOptions{AllowUnregistered: true}
	)
	by := func(actors []string, o AuthOptions, methods ...Method) []echo.MiddlewareFunc {
		return []echo.MiddlewareFunc{s.Authenticate(actors, methods, o)}
	}
	recent := by(anybody, AuthOptions{AllowUnregistered: true, MaxAge: s.opts.RecentWithin}, MethodSession, MethodBearer)
	leaving := by(customer, AuthOptions{MaxAge: s.opts.RecentWithin, allowEnded: true}, MethodSession, MethodBearer)
	recently := func(actors []string) []echo.MiddlewareFunc {
		return by(actors, AuthOptions{MaxAge: s.opts.RecentWithin}, MethodSession, MethodBearer)
	}
	signedIn := by(customer, AuthOptions{}, MethodSession, MethodBearer)
	return append([]route{
		{method: post, path: "/auth/session", handle: s.createSession, middleware: by(anybody, noMFA, MethodBearer)},
		{method: del, path: "/auth/session", handle: s.endSession, middleware: by(anybody, noMFA, MethodSession)},
		{method: post, path: "/auth/token/refresh", handle: s.refreshToken, middleware: by(anybody, refresh, MethodSession, MethodBearer)},
		{method: get, path: "/auth/identities", handle: s.listIdentities, middleware: by(anybody, noMFA, MethodSession, MethodBearer)},
		{method: post, path: "/auth/identities/link/:auth_provider", handle: s.linkIdentity, middleware: recent},
		{method: del, path: "/auth/identities/:id", handle: s.unlinkIdentity, middleware: recent},
		{method: post, path: "/auth/:auth_provider/user", handle: s.signUpAdmin, middleware: by(user, unregistered, MethodBearer)},
		{method: get, path: "/auth/:actor_type/providers", handle: s.listProviders},
		{method: get, path: "/auth/:actor_type/:auth_provider", handle: s.authenticateByGET},
		{method: post, path: "/auth/:actor_type/:auth_provider", handle: s.authenticate},
		{method: get, path: "/auth/:actor_type/:auth_provider/callback", handle: s.callback},
		{method: post, path: "/auth/:actor_type/:auth_provider/callback", handle: s.callback},
		{method: post, path: "/auth/:actor_type/:auth_provider/register", handle: s.register},
		{method: post, path: "/auth/:actor_type/:auth_provider/reset-password", handle: s.requestReset},
		{method: post, path: "/auth/:actor_type/:auth_provider/update", handle: s.completeReset},

		{method: post, path: "/store/customers", handle: s.createCustomer, middleware: by(customer, unregistered, MethodSession, MethodBearer)},
		{method: get, path: "/store/customers/me", handle: s.readCustomer, middleware: signedIn},
		{method: post, path: "/store/customers/me", handle: s.updateCustomer, middleware: signedIn},
		{method: del, path: "/store/customers/me", handle: s.deleteCustomer, middleware: leaving},
		{method: post, path: "/store/customers/me/email", handle: s.requestEmail, middleware: recently(customer)},
		{method: post, path: "/store/customers/me/email/confirm", handle: s.confirmEmail, middleware: signedIn},
		{method: post, path: "/store/customers/me/email/undo", handle: s.undoEmail(everlatch.ActorCustomer)},
		{method: get, path: "/store/customers/me/addresses", handle: s.listAddresses, middleware: signedIn},
		{method: post, path: "/store/customers/me/addresses", handle: s.createAddress, middleware: signedIn},
		{method: get, path: "/store/customers/me/addresses/:address_id", handle: s.readAddress, middleware: signedIn},
		{method: post, path: "/store/customers/me/addresses/:address_id", handle: s.updateAddress, middleware: signedIn},
		{method: del, path: "/store/customers/me/addresses/:address_id", handle: s.deleteAddress, middleware: signedIn},

		{method: get, path: "/admin/users", handle: s.listUsers},
		{method: get, path: "/admin/users/me", handle: s.readOwnUser},
		{method: post, path: "/admin/users/me/email", handle: s.requestEmail, public: true, middleware: recently(user)},
		{method: post, path: "/admin/users/me/email/confirm", handle: s.confirmEmail, public: true, middleware: by(user, AuthOptions{}, MethodSession, MethodBearer)},
		{method: post, path: "/admin/users/me/email/undo", handle: s.undoEmail(everlatch.ActorUser), public: true},
		{method: get, path: "/admin/users/:id", handle: s.readUser},
		{method: post, path: "/admin/users/:id", handle: s.updateUser},
		{method: del, path: "/admin/users/:id", handle: s.removeUser},
		{method: get, path: "/admin/users/:id/auth-providers", handle: s.listUserProviders},
		{method: post, path: "/admin/users/:id/reset-password", handle: s.issueReset},
		{method: get, path: "/admin/invites", handle: s.listInvites},
		{method: post, path: "/admin/invites", handle: s.createInvite},
		{method: post, path: "/admin/invites/accept", handle: s.acceptInvite, public: true, middleware: by(user, unregistered, MethodSession, MethodBearer)},
		{method: get, path: "/admin/invites/:id", handle: s.readInvite},
		{method: del, path: "/admin/invites/:id", handle: s.revokeInvite},
		{method: post, path: "/admin/invites/:id/resend", handle: s.resendInvite},
		{method: get, path: "/admin/customers", handle: s.listCustomers},
		{method: post, path: "/admin/customers", handle: s.createGuest},
		{method: get, path: "/admin/customers/:id", handle: s.readCustomerByID},
		{method: post, path: "/admin/customers/:id", handle: s.updateCustomerByID},
		{method: del, path: "/admin/customers/:id", handle: s.removeCustomer},
		{method: get, path: "/admin/customers/:id/addresses", handle: s.listAddressesOf},
		{method: post, path: "/admin/customers/:id/addresses", handle: s.createAddressOf},
		{method: get, path: "/admin/customers/:id/addresses/:address_id", handle: s.readAddressOf},
		{method: post, path: "/admin/customers/:id/addresses/:address_id", handle: s.updateAddressOf},
		{method: del, path: "/admin/customers/:id/addresses/:address_id", handle: s.deleteAddressOf},
		{method: post, path: "/admin/customers/:id/customer-groups", handle: s.changeGroups},
		{method: get, path: "/admin/customer-groups", handle: s.listGroups},
		{method: post, path: "/admin/customer-groups", handle: s.createGroup},
		{method: get, path: "/admin/customer-groups/:id", handle: s.readGroup},
		{method: post, path: "/admin/customer-groups/:id", handle: s.updateGroup},
		{method: del, path: "/admin/customer-groups/:id", handle: s.deleteGroup},
		{method: post, path: "/admin/customer-groups/:id/customers", handle: s.changeMembers},
		{method: get, path: "/admin/api-keys", handle: s.listAPIKeys},
		{method: post, path: "/admin/api-keys", handle: s.createAPIKey},
		{method: get, path: "/admin/api-keys/:id", handle: s.readAPIKey},
		{method: post, path: "/admin/api-keys/:id", handle: s.updateAPIKey},
		{method: del, path: "/admin/api-keys/:id", handle: s.deleteAPIKey},
		{method: post, path: "/admin/api-keys/:id/revoke", handle: s.revokeAPIKey},
		{method: post, path: "/admin/api-keys/:id/sales-channels", handle: s.changeSalesChannels},
		{method: get, path: "/admin/events", handle: s.listEvents},
		{method: post, path: "/admin/events", handle: s.publishEvent},
		{method: get, path: "/admin/events/:id", handle: s.readEvent},
		{method: post, path: "/admin/events/:id/release", handle: s.releaseEvent},
		{method: post, path: "/admin/events/:id/replay", handle: s.replayEvent},
		{method: get, path: "/admin/event-deliveries", handle: s.listDeliveries},

		{method: get, path: "/", handle: s.showHome},
		{method: get, path: "/health", handle: s.health},
		{method: get, path: "/ready", handle: s.ready},
		{method: get, path: "/cloud/auth", handle: s.cloudAuth},
		{method: get, path: "/.well-known/jwks.json", handle: s.jwks},
	}, s.dashboardRoutes()...)
}
