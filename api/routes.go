package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
)

// route is one line of the API.
type route struct {
	method, path string
	handle       echo.HandlerFunc
	middleware   []echo.MiddlewareFunc
	// public opts an /admin route out of the authentication of its prefix.
	public bool
	// needs are the permissions that an /admin route asks for when roles are
	// switched on (docs/contract.md#s4-8). One that asks for none says that it is free.
	needs []everlatch.Permission
	free  bool
}

// routes is the whole built-in API. A static segment takes precedence over a
// parameter, whatever the order here, and a method that a path does not have
// falls through to the next path that matches: GET /auth/token/refresh is a
// sign-in (docs/contract.md#s4-1). The chain authenticates everything under /admin.
func (s *Server) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	var (
		anyone   = []string{httpauth.AnyActor}
		customer = []string{everlatch.ActorCustomer}
		user     = []string{everlatch.ActorUser}

		visitor      = httpauth.Policy{AllowUnregistered: true, RequireMFA: new(bool)}
		refresh      = httpauth.Policy{AllowUnregistered: true, RequireMFA: new(bool), AllowRemoved: true}
		optional     = httpauth.Policy{AllowUnregistered: true, AllowUnauthenticated: true}
		unregistered = httpauth.Policy{AllowUnregistered: true}
		leavable     = httpauth.Policy{AllowUnregistered: true, AllowEnded: true}
		recent       = httpauth.Policy{MaxAge: s.opts.RecentWithin}
	)
	const bearer, session = httpauth.Bearer, httpauth.Session
	by := func(actors []string, p httpauth.Policy, methods httpauth.Methods) []echo.MiddlewareFunc {
		p.ActorTypes, p.Methods = actors, methods
		return []echo.MiddlewareFunc{require(p)}
	}
	recently := by(anyone, httpauth.Policy{AllowUnregistered: true, MaxAge: s.opts.RecentWithin}, session|bearer)
	leaving := by(customer, httpauth.Policy{MaxAge: s.opts.RecentWithin, AllowEnded: true}, session|bearer)
	// A first factor needs a sign-in of the same day, another one and the other changes a
	// recent second factor: a stolen session must not lock its owner out, or shed the
	// factor (docs/weak-spots.md#w59).
	withFactor := by(anyone, unregistered, session|bearer)
	enrolling := by(anyone, httpauth.Policy{AllowUnregistered: true, MFAMaxAge: s.opts.MFA.StepUpWithin, MaxAge: s.opts.MFA.EnrollWithin}, session|bearer)
	steppedUp := by(anyone, s.stepUpPolicy(), session|bearer)
	signedIn := by(customer, httpauth.Policy{}, session|bearer)
	routes := []route{
		{method: post, path: "/auth/session", handle: s.createSession, middleware: by(anyone, visitor, bearer)},
		{method: del, path: "/auth/session", handle: s.endSession, middleware: by(anyone, visitor, session)},
		{method: get, path: "/auth/sessions", handle: s.listSessions, middleware: by(anyone, unregistered, session|bearer)},
		{method: del, path: "/auth/sessions", handle: s.endOtherSessions, middleware: recently},
		{method: del, path: "/auth/sessions/:id", handle: s.endSessionByID, middleware: by(anyone, leavable, session|bearer)},
		{method: get, path: "/auth/sessions/current", handle: s.readSession, middleware: by(anyone, visitor, session|bearer)},
		{method: post, path: "/auth/sessions/disown", handle: s.disownSignIn},
		{method: post, path: "/auth/token/refresh", handle: s.refreshToken, middleware: by(anyone, refresh, session|bearer)},
		{method: post, path: "/auth/authorization-codes", handle: s.createAuthorizationCode, middleware: by(anyone, httpauth.Policy{}, session|bearer)},
		{method: post, path: "/auth/authorization-codes/exchange", handle: s.exchangeAuthorizationCode},
		{method: post, path: "/auth/token/introspect", handle: s.introspect, middleware: by(user, httpauth.Policy{}, httpauth.APIKey)},
		{method: del, path: "/auth/token", handle: s.endToken, middleware: by(anyone, visitor, bearer)},
		{method: get, path: "/auth/activity", handle: s.listActivity, middleware: by(anyone, unregistered, session|bearer)},
		{method: get, path: "/auth/export", handle: s.exportData, middleware: recently},
		{method: get, path: "/auth/language", handle: s.readLanguage, middleware: by(anyone, unregistered, session|bearer)},
		{method: post, path: "/auth/language", handle: s.setLanguage, middleware: recently},
		{method: get, path: "/auth/identities", handle: s.listIdentities, middleware: by(anyone, unregistered, session|bearer)},
		{method: post, path: "/auth/identities/link/:auth_provider", handle: s.linkIdentity, middleware: recently},
		{method: post, path: "/auth/identities/link/passkey", handle: s.linkPasskey, middleware: recently},
		{method: post, path: "/auth/identities/:id", handle: s.renameIdentity, middleware: by(anyone, unregistered, session|bearer)},
		{method: del, path: "/auth/identities/:id", handle: s.unlinkIdentity, middleware: recently},
		{method: get, path: "/auth/mfa/factors", handle: s.listFactors, middleware: withFactor},
		{method: post, path: "/auth/mfa/factors", handle: s.enrollFactor, middleware: enrolling},
		{method: post, path: "/auth/mfa/factors/:id/verify", handle: s.confirmFactor, middleware: withFactor},
		{method: post, path: "/auth/mfa/factors/:id", handle: s.renameFactor, middleware: withFactor},
		{method: del, path: "/auth/mfa/factors/:id", handle: s.removeFactor, middleware: withFactor},
		{method: post, path: "/auth/mfa/recovery-codes", handle: s.generateCodes, middleware: steppedUp},
		{method: post, path: "/auth/verification/request", handle: s.requestVerification, middleware: by(anyone, visitor, session|bearer)},
		{method: post, path: "/auth/verification/confirm", handle: s.confirmVerification, middleware: by(anyone, optional, session|bearer)},
		{method: post, path: "/auth/mfa/challenges", handle: s.stepUp, middleware: by(anyone, visitor, session|bearer)},
		{method: post, path: "/auth/mfa/challenges/:id/prompt", handle: s.promptChallenge, middleware: by(anyone, visitor, session|bearer)},
		{method: post, path: "/auth/mfa/challenges/:id/verify", handle: s.verifyChallenge, middleware: by(anyone, visitor, session|bearer)},
		{method: post, path: "/auth/:auth_provider/user", handle: s.signUpAdmin, middleware: by(user, unregistered, bearer)},
		{method: get, path: "/auth/:actor_type/providers", handle: s.listProviders},
		{method: get, path: "/auth/:actor_type/sign-up", handle: s.describeSignUp},
		{method: post, path: "/auth/:actor_type/passkey", handle: s.beginPasskeySignIn},
		{method: post, path: "/auth/:actor_type/passkey/callback", handle: s.endPasskeySignIn},
		{method: post, path: "/auth/:actor_type/passkey/register", handle: s.registerPasskey},
		{method: post, path: "/auth/:actor_type/emailcode", handle: s.requestEmailCode},
		{method: post, path: "/auth/:actor_type/emailcode/callback", handle: s.endEmailSignIn},
		{method: get, path: "/auth/:actor_type/:auth_provider", handle: s.signInByGET},
		{method: post, path: "/auth/:actor_type/:auth_provider", handle: s.signIn},
		{method: get, path: "/auth/:actor_type/:auth_provider/callback", handle: s.callback},
		{method: post, path: "/auth/:actor_type/:auth_provider/callback", handle: s.callback},
		{method: post, path: "/auth/:actor_type/:auth_provider/register", handle: s.register},
		{method: post, path: "/auth/:actor_type/:auth_provider/register/confirm", handle: s.confirmRegistration},
		{method: post, path: "/auth/:actor_type/:auth_provider/reset-password", handle: s.requestReset},
		{method: post, path: "/auth/:actor_type/:auth_provider/update", handle: s.completeReset},

		{method: post, path: "/store/customers", handle: s.createCustomer, middleware: by(customer, unregistered, session|bearer)},
		{method: get, path: "/store/customers/me", handle: s.readCustomer, middleware: by(customer, httpauth.Policy{ReadCustomer: true}, session|bearer)},
		{method: post, path: "/store/customers/me", handle: s.updateCustomer, middleware: signedIn},
		{method: del, path: "/store/customers/me", handle: s.deleteCustomer, middleware: leaving},
		{method: post, path: "/store/customers/me/email", handle: s.requestEmail, middleware: by(customer, recent, session|bearer)},
		{method: post, path: "/store/customers/me/email/confirm", handle: s.confirmEmail, middleware: signedIn},
		{method: post, path: "/store/customers/me/email/undo", handle: s.undoEmail(everlatch.ActorCustomer)},
		{method: get, path: "/store/customers/me/addresses", handle: s.listAddresses, middleware: signedIn},
		{method: post, path: "/store/customers/me/addresses", handle: s.createAddress, middleware: signedIn},
		{method: get, path: "/store/customers/me/addresses/:address_id", handle: s.readAddress, middleware: signedIn},
		{method: post, path: "/store/customers/me/addresses/:address_id", handle: s.updateAddress, middleware: signedIn},
		{method: del, path: "/store/customers/me/addresses/:address_id", handle: s.deleteAddress, middleware: signedIn},

		{method: get, path: "/admin/users", handle: s.listUsers, needs: can("user:read")},
		{method: get, path: "/admin/users/me", handle: s.readOwnUser, free: true},
		{method: post, path: "/admin/users/me/email", handle: s.requestEmail, public: true, middleware: by(user, recent, session|bearer)},
		{method: post, path: "/admin/users/me/email/confirm", handle: s.confirmEmail, public: true, middleware: by(user, httpauth.Policy{}, session|bearer)},
		{method: post, path: "/admin/users/me/email/undo", handle: s.undoEmail(everlatch.ActorUser), public: true},
		{method: get, path: "/admin/users/:id", handle: s.readUser, needs: can("user:read")},
		{method: post, path: "/admin/users/:id", handle: s.updateUser, needs: can("user:update")},
		{method: del, path: "/admin/users/:id", handle: s.removeUser, needs: can("user:delete")},
		{method: get, path: "/admin/users/:id/auth-providers", handle: s.listUserProviders, needs: can("user:read")},
		{method: post, path: "/admin/users/:id/reset-password", handle: s.issueReset, needs: can("user:update")},
		{method: get, path: "/admin/invites", handle: s.listInvites, needs: can("invite:read")},
		{method: post, path: "/admin/invites", handle: s.createInvite, needs: can("invite:create")},
		{method: post, path: "/admin/invites/accept", handle: s.acceptInvite, public: true, middleware: by(user, unregistered, session|bearer)},
		{method: get, path: "/admin/invites/:id", handle: s.readInvite, needs: can("invite:read")},
		{method: del, path: "/admin/invites/:id", handle: s.revokeInvite, needs: can("invite:delete")},
		{method: post, path: "/admin/invites/:id/resend", handle: s.resendInvite, needs: can("invite:update")},
		{method: get, path: "/admin/customers", handle: s.listCustomers, needs: can("customer:read")},
		{method: post, path: "/admin/customers", handle: s.createGuest, needs: can("customer:create")},
		{method: get, path: "/admin/customers/:id", handle: s.readCustomerByID, needs: can("customer:read")},
		{method: post, path: "/admin/customers/:id", handle: s.updateCustomerByID, needs: can("customer:read", "customer:update")},
		{method: del, path: "/admin/customers/:id", handle: s.removeCustomer, needs: can("customer:read", "customer:delete")},
		{method: get, path: "/admin/customers/:id/addresses", handle: s.listAddressesOf, needs: can("customer:read", "customer_address:read")},
		{method: post, path: "/admin/customers/:id/addresses", handle: s.createAddressOf, needs: can("customer:read", "customer_address:create")},
		{method: get, path: "/admin/customers/:id/addresses/:address_id", handle: s.readAddressOf, needs: can("customer:read", "customer_address:read")},
		{method: post, path: "/admin/customers/:id/addresses/:address_id", handle: s.updateAddressOf, needs: can("customer:read", "customer_address:update")},
		{method: del, path: "/admin/customers/:id/addresses/:address_id", handle: s.deleteAddressOf, needs: can("customer:read", "customer_address:delete")},
		{method: post, path: "/admin/customers/:id/customer-groups", handle: s.changeGroups, needs: can("customer:read", "customer:update")},
		{method: get, path: "/admin/customer-groups", handle: s.listGroups, needs: can("customer_group:read")},
		{method: post, path: "/admin/customer-groups", handle: s.createGroup, needs: can("customer_group:create")},
		{method: get, path: "/admin/customer-groups/:id", handle: s.readGroup, needs: can("customer_group:read")},
		{method: post, path: "/admin/customer-groups/:id", handle: s.updateGroup, needs: can("customer_group:read", "customer_group:update")},
		{method: del, path: "/admin/customer-groups/:id", handle: s.deleteGroup, needs: can("customer_group:read", "customer_group:delete")},
		{method: post, path: "/admin/customer-groups/:id/customers", handle: s.changeMembers, needs: can("customer_group:read", "customer_group:update")},
		{method: get, path: "/admin/api-keys", handle: s.listAPIKeys, needs: can("api_key:read")},
		{method: post, path: "/admin/api-keys", handle: s.createAPIKey, needs: can("api_key:create")},
		{method: get, path: "/admin/api-keys/:id", handle: s.readAPIKey, needs: can("api_key:read")},
		{method: post, path: "/admin/api-keys/:id", handle: s.updateAPIKey, needs: can("api_key:read", "api_key:update")},
		{method: del, path: "/admin/api-keys/:id", handle: s.deleteAPIKey, needs: can("api_key:read", "api_key:delete")},
		{method: post, path: "/admin/api-keys/:id/revoke", handle: s.revokeAPIKey, needs: can("api_key:read", "api_key:update")},
		{method: post, path: "/admin/api-keys/:id/take-over", handle: s.takeOverAPIKey, needs: can("api_key:read", "api_key:update")},
		{method: post, path: "/admin/api-keys/:id/sales-channels", handle: s.changeSalesChannels, needs: can("api_key:read", "api_key:update")},
		{method: get, path: "/admin/auth-identities", handle: s.listAuthIdentities, needs: can("auth_identity:read")},
		{method: get, path: "/admin/auth-identities/:id", handle: s.readAuthIdentity, needs: can("auth_identity:read")},
		{method: del, path: "/admin/auth-identities/:id", handle: s.deleteAuthIdentity, needs: can("auth_identity:read", "auth_identity:delete")},
		{method: post, path: "/admin/auth-identities/:id/disable", handle: s.disableIdentity, needs: can("auth_identity:read", "auth_identity:update")},
		{method: post, path: "/admin/auth-identities/:id/enable", handle: s.enableIdentity, needs: can("auth_identity:read", "auth_identity:update")},
		{method: del, path: "/admin/auth-identities/:id/sessions", handle: s.endIdentitySessions, needs: can("auth_identity:read", "auth_identity:update")},
		{method: del, path: "/admin/auth-identities/:id/sessions/:session_id", handle: s.endIdentitySession, needs: can("auth_identity:read", "auth_identity:update")},
		{method: del, path: "/admin/auth-identities/:id/factors/:factor_id", handle: s.removeIdentityFactor, needs: can("auth_identity:read", "auth_identity:update")},
		// Its methods name the permissions that they need.
		{method: post, path: "/admin/auth/:method", handle: s.callService, public: true, middleware: by(user, httpauth.Policy{}, httpauth.APIKey)},
		{method: get, path: "/admin/events", handle: s.listEvents, needs: can("event:read")},
		{method: post, path: "/admin/events", handle: s.publishEvent, needs: can("event:create")},
		{method: get, path: "/admin/events/:id", handle: s.readEvent, needs: can("event:read")},
		{method: post, path: "/admin/events/:id/release", handle: s.releaseEvent, needs: can("event:update")},
		{method: post, path: "/admin/events/:id/replay", handle: s.replayEvent, needs: can("event:update")},
		{method: get, path: "/admin/flows", handle: s.listFlows, needs: can("flow:read")},
		{method: get, path: "/admin/flows/:id", handle: s.readFlow, needs: can("flow:read")},
		{method: get, path: "/admin/event-deliveries", handle: s.listDeliveries, needs: can("event:read")},

		{method: get, path: "/", handle: s.showHome},
		{method: get, path: "/health", handle: s.health},
		{method: get, path: "/ready", handle: s.ready},
		{method: get, path: "/cloud/auth", handle: s.cloudAuth},
		{method: get, path: "/.well-known/jwks.json", handle: s.jwks},
		{method: get, path: "/.well-known/sealing-keys.json", handle: s.sealingKeys},
		{method: get, path: "/.well-known/webauthn", handle: s.relatedOrigins},
		{method: get, path: "/openapi.yaml", handle: s.readDescription},
		{method: get, path: "/docs", handle: s.showDocs},
	}
	routes = append(routes, s.consoleRoutes()...)
	routes = append(routes, s.dashboardRoutes()...)
	if s.opts.RBAC {
		routes = append(routes, s.rbacRoutes()...)
	}
	return routes
}
