package config

// HTTP is the API, the tokens that it signs and who may call it (docs/contract.md#s5-1).
type HTTP struct {
	Address                   string                        `koanf:"address" default:"127.0.0.1:9000" doc:"host:port that the API listens on."`
	JWTSecret                 Secret                        `koanf:"jwt_secret" env:"JWT_SECRET" doc:"The first key that signs tokens (docs/keys.md): at least 32 random bytes, or the private key in PEM with an asymmetric algorithm."`
	JWTPreviousSecrets        Secrets                       `koanf:"jwt_previous_secrets" doc:"Previous secrets, or public keys in PEM: tokens that they signed are still accepted."`
	JWTPublicKey              Secret                        `koanf:"jwt_public_key" env:"JWT_PUBLIC_KEY" doc:"Public key in PEM for an asymmetric algorithm; derived from the private key when it is left out."`
	JWTExpiresIn              Span                          `koanf:"jwt_expires_in" default:"1d" min:"1s" doc:"How long a token is valid."`
	JWTOptions                JWTOptions                    `koanf:"jwt_options"`
	JWTVerifyOptions          JWTVerifyOptions              `koanf:"jwt_verify_options"`
	CookieSecret              Secret                        `koanf:"cookie_secret" env:"COOKIE_SECRET" doc:"The first key that signs the session cookie (docs/keys.md): at least 32 random bytes."`
	CookiePrevious            Secrets                       `koanf:"cookie_previous_secrets" doc:"Previous cookie secrets: cookies that they signed are still accepted."`
	StoreCORS                 string                        `koanf:"store_cors" env:"STORE_CORS" default:"http://localhost:8000" doc:"Origins that may call /store, joined by commas; /…/ is a regular expression."`
	AdminCORS                 string                        `koanf:"admin_cors" env:"ADMIN_CORS" default:"http://localhost:7000,http://localhost:7001,http://localhost:5173" doc:"Origins that may call /admin."`
	AuthCORS                  string                        `koanf:"auth_cors" env:"AUTH_CORS" doc:"Origins that may call /auth; by default those of store_cors and admin_cors."`
	AuthMethodsPerActor       map[string][]string           `koanf:"auth_methods_per_actor" default:"{user: [emailpass]}" doc:"Which providers an actor type may use, by their ids. Actor types that are not listed may use all."`
	AuthVerificationsPerActor map[string][]VerificationRule `koanf:"auth_verifications_per_actor" default:"{}" doc:"Which users have to verify an address before they can act, for each actor type: a list of {entity_type, auth_provider}, such as {customer: [{entity_type: email, auth_provider: emailpass}]}. The first entry with the provider of the sign-in decides. It applies to existing identities too."`
	StoreRelationsLimit       int                           `koanf:"store_relations_limit" default:"3" min:"1" doc:"How many relations the fields parameter may expand on /store."`
	RestrictedFields          RestrictedFields              `koanf:"restricted_fields"`
	BodyLimit                 Size                          `koanf:"body_limit" default:"100kb" doc:"Largest request body."`
	AllowedHosts              []string                      `koanf:"allowed_hosts" default:"[]" doc:"Hosts that the service answers to; requests with another Host header get 421. Loopback names and the host of http.address are always among them. By default every host is accepted, except by dev, which adds these to the loopback names for the API, the mails and Temporal's web UI."`
	DrainDelay                Span                          `koanf:"drain_delay" default:"3s" min:"0" doc:"How long an API that was told to stop goes on answering requests while /ready says no, so that balancers take it out first. Set it to what yours need to notice; dev does not wait."`
	HSTS                      Span                          `koanf:"hsts" default:"0" min:"0" doc:"How long browsers remember to use https only (Strict-Transport-Security), such as 365d; 0 sends no such header. It is sent with answers by https, which trusted proxies report (http.trust_proxy)."`
	TrustProxy                int                           `koanf:"trust_proxy" default:"0" min:"0" doc:"How many proxies in front of the API are trusted to report the client's address and protocol (X-Forwarded-*)."`
	TrustedProxies            []string                      `koanf:"trusted_proxies" default:"[]" doc:"Networks of the proxies in front of the API, such as 10.0.0.0/8. Limits believe what they say about the client's address (X-Forwarded-For), and nothing else. Without it, trust_proxy counts them."`
}

// JWTOptions say how tokens are signed.
type JWTOptions struct {
	Algorithm string   `koanf:"algorithm" default:"HS256" oneof:"HS256,HS384,HS512,RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA" doc:"Algorithm that signs tokens; no other one is accepted."`
	Issuer    string   `koanf:"issuer" doc:"Claim iss of tokens; when it is set, incoming tokens must have it."`
	Audience  []string `koanf:"audience" doc:"Claim aud of tokens; when it is set, incoming tokens must have one of its values."`
	KeyID     string   `koanf:"key_id" doc:"Header kid of tokens; by default a fingerprint of the public key."`
}

// JWTVerifyOptions say how strictly tokens are checked.
type JWTVerifyOptions struct {
	ClockTolerance Span `koanf:"clock_tolerance" default:"0s" min:"0" doc:"How far the clocks of two machines may differ."`
}

// RestrictedFields are never shown, whatever a request asks for.
type RestrictedFields struct {
	Store []string `koanf:"store" default:"[order, orders]" doc:"Fields that /store routes never return."`
}

// Session is a browser that stays signed in.
type Session struct {
	Name        string `koanf:"name" default:"connect.sid" doc:"Name of the session cookie."`
	TTL         Span   `koanf:"ttl" default:"10h" min:"1s" doc:"How long a session lasts without use."`
	Rolling     bool   `koanf:"rolling" default:"false" doc:"Extend the cookie whenever the session is used."`
	AbsoluteTTL Span   `koanf:"absolute_ttl" default:"7d" min:"1s" doc:"How long a session lasts at most, used or not."`
}

// Cookie is the form of the session cookie.
type Cookie struct {
	SameSite string `koanf:"same_site" default:"lax" oneof:"lax,strict,none" doc:"SameSite attribute of the session cookie. none implies Secure, because browsers drop the cookie otherwise."`
	Secure   string `koanf:"secure" default:"auto" oneof:"auto,true,false" doc:"Secure attribute of the session cookie; auto sets it for requests over https, which trusted proxies report (http.trust_proxy)."`
	Path     string `koanf:"path" default:"/" doc:"Path of the session cookie."`
	Domain   string `koanf:"domain" doc:"Domain of the session cookie; by default the host of the API."`
}
