package doctor_test

import (
	"errors"
	"testing"

	"github.com/everlatch/everlatch/internal/doctor"
)

var configurationWrongs = map[string]wrong{
	"sign-ins that Temporal's absence refuses": {
		"configuration.sign_in", doctor.Warning, set("EVERLATCH_AUTH_SIGN_IN_WHEN_TEMPORAL_IS_AWAY=refuse"), nil,
		`answered 503 while Temporal is away`, `^Set auth.sign_in.when_temporal_is_away to direct`,
	},
	"an unknown variable": {
		"configuration.settings", doctor.Fault, set("EVERLATCH_HTTP_BODYLIMIT=1mb"), nil,
		`EVERLATCH_HTTP_BODYLIMIT: unknown variable`, `^Did you mean EVERLATCH_HTTP_BODY_LIMIT\?$`,
	},
	"no database": {
		"configuration.settings", doctor.Fault, set("DATABASE_URL="), nil,
		`database.url \(DATABASE_URL\): missing`, `^Set it to postgres://`,
	},
	"a weak secret": {
		"configuration.secrets", doctor.Fault, set("JWT_SECRET=supersecret"), nil,
		`http.jwt_secret \(JWT_SECRET\): weak`, `^Make one with: openssl rand -base64 48`,
	},
	"one secret for two": {
		"configuration.secrets", doctor.Warning, set("COOKIE_SECRET=" + jwtSecret), nil,
		`http.cookie_secret is the same as http.jwt_secret`, `COOKIE_SECRET`,
	},
	"a weak secret in dev": {
		"configuration.secrets", doctor.Warning, set("JWT_SECRET=supersecret"), func(_ *testing.T, s *doctor.Subject) { s.Dev = true },
		`weak`, `Only dev starts with it`,
	},
	"a part that cannot be made": {
		"configuration.parts", doctor.Fault, set(), func(_ *testing.T, s *doctor.Subject) {
			s.Unmade = errors.Join(nil, errors.Join(errors.New(`auth.providers, id "corp": OIDC provider requires an 'issuer' option`)))
		},
		`requires an 'issuer' option`, `provider-options.md`,
	},
	"a provider that is not registered": {
		"configuration.parts", doctor.Warning, set(), func(_ *testing.T, s *doctor.Subject) {
			s.Remarks = []string{`http.auth_methods_per_actor: "corp" of user is not a registered provider`}
		},
		`"corp" of user`, `auth.providers`,
	},
	"mails that link to localhost": {
		"configuration.mail_links", doctor.Fault,
		set("EVERLATCH_MAIL_SMTP_ADDRESS=127.0.0.1:1", `EVERLATCH_MAIL_URLS={customer: "http://localhost:8000"}`), nil,
		`customer: mails would link to http://localhost:8000`, `^Set the public URL`,
	},
	"mails that link to http": {
		"configuration.mail_links", doctor.Warning,
		set("EVERLATCH_MAIL_SMTP_ADDRESS=127.0.0.1:1", `EVERLATCH_MAIL_URLS={customer: "http://shop.example"}`), nil,
		`links for customer use http`, `https`,
	},
	"origins on this machine": {
		"configuration.origins", doctor.Warning, set("STORE_CORS=http://localhost:8000"), nil,
		`http.store_cors: only pages on localhost may call /store`, `http.store_cors`,
	},
	"every origin": {
		"configuration.origins", doctor.Warning, set("ADMIN_CORS=/./"), nil,
		`http.admin_cors: /./ allows every origin`, `^List the origins`,
	},
	"cookies that are not Secure": {
		"configuration.cookies", doctor.Warning, set("EVERLATCH_HTTP_TRUST_PROXY=0"), nil,
		`http.trust_proxy is 0`, `cookie_options.secure`,
	},
	"no proxy that is trusted": {
		"configuration.proxies", doctor.Warning, set("EVERLATCH_HTTP_TRUST_PROXY=0", "EVERLATCH_HTTP_TRUSTED_PROXIES="), nil,
		`http.trusted_proxies is empty`, `10.0.0.0/8`,
	},
	"an exception for a migration": {
		"configuration.compatibility", doctor.Warning, set("EVERLATCH_COMPAT_LOGIN_BY_GET=true"), nil,
		`compat.login_by_get`, `POST`,
	},
}
