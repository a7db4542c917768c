package config

// Config is everything that can be set. The tags of a leaf say:
//
//   - koanf: its name within its section
//   - default: the value it has when nobody sets it, as YAML
//   - env: its other environment variable, besides EVERLATCH_…
//   - oneof: the values it may have
//   - min: the least value of a number or span
//   - doc: what it means, for README
type Config struct {
	HTTP          HTTP          `koanf:"http"`
	Session       Session       `koanf:"session_options"`
	Cookie        Cookie        `koanf:"cookie_options"`
	Auth          Auth          `koanf:"auth"`
	Tokens        Tokens        `koanf:"tokens"`
	Store         Store         `koanf:"store"`
	Accounts      Accounts      `koanf:"accounts"`
	Deletion      Deletion      `koanf:"deletion"`
	Admin         Admin         `koanf:"admin"`
	RBAC          RBAC          `koanf:"rbac"`
	PasswordReset PasswordReset `koanf:"password_reset"`
	EmailChange   EmailChange   `koanf:"email_change"`
	Invites       Invites       `koanf:"invites"`
	Events        Events        `koanf:"events"`
	Subscribers   []Subscriber  `koanf:"subscribers" default:"[]" doc:"Who is told about events: a list of {name, events, source, ordered, secrets} with webhook: {url, secrets, allow_private, timeout} or flow: {name, input}. events are names, customer.* or *; source is any, everlatch (what happened here) or outside (what was published through the API). A webhook is told about any source and in order, unless source and ordered say otherwise; a flow is started by events from outside, as they come. secrets of a webhook (whsec_…) are one or a list, each signs; without allow_private its URL is https and leads to a public address. An input holds values, and paths into the event such as $.data.id; without one it is the whole event. The name mail is taken."`
	Schedules     []Schedule    `koanf:"schedules" default:"[]" doc:"Flows that start at certain times: a list of {id, flow, input, cron or every, overlap, catch_up, paused}. cron has five fields or is a word such as @daily, every is a span; overlap is skip (the default), buffer_one, buffer_all, cancel_other, terminate_other or allow_all; catch_up (1m) is how late a start may be."`
	Mail          Mail          `koanf:"mail"`
	Database      Database      `koanf:"database"`
	Temporal      Temporal      `koanf:"temporal"`
	Encryption    Encryption    `koanf:"encryption"`
	Vault         Vault         `koanf:"vault"`
	Worker        Worker        `koanf:"worker"`
	Log           Log           `koanf:"log"`
	Compat        Compat        `koanf:"compat"`
	Data          Data          `koanf:"data"`
	Dev           Dev           `koanf:"dev"`
}

// Auth says how people may prove who they are.
type Auth struct {
	Providers    []Provider `koanf:"providers" default:"[{resolve: emailpass}]" doc:"Auth providers, in the order in which they are listed to people: a list of {resolve, id, options}. The id is what routes name; several registrations of one provider need different ids. The options: docs/guides/provider-options.md."`
	Redirect     Redirect   `koanf:"redirect"`
	RecentWithin Span       `koanf:"recent_within" default:"15m" min:"1m" doc:"How long a sign-in counts as recent. Adding and removing ways to sign in and deleting an account ask for a recent one."`
	LinkByEmail  []string   `koanf:"link_by_email" default:"[]" doc:"Ids of providers that are trusted to prove addresses: a new account of one of them becomes another way to sign in for the one identity that proved the same address to another of them, instead of a new identity. Off by default (W17)."`
	MFA          MFA        `koanf:"mfa"`
}

// Redirect is about providers elsewhere, to which people are sent.
type Redirect struct {
	TTL            Span `koanf:"ttl" default:"10m" min:"1m" doc:"How long somebody may take to sign in at a provider elsewhere."`
	RequireBrowser bool `koanf:"require_browser" default:"false" doc:"Demand the cookie of the browser that began a sign-in elsewhere of every callback, also of one that showed no cookie before. Shuts out clients that keep no cookies, such as a storefront's server (W44)."`
}

// Provider registers one auth provider.
type Provider struct {
	// Resolve is the kind of the provider, such as "emailpass".
	Resolve string `koanf:"resolve"`
	// ID is what routes name; Resolve when it is left out (W23).
	ID string `koanf:"id"`
	// Options are the provider's own, checked when it is made.
	Options map[string]any `koanf:"options"`
}

// MFA is about second factors.
type MFA struct {
	EncryptionKey Secret `koanf:"encryption_key" env:"AUTH_MFA_ENCRYPTION_KEY" doc:"Key of a Medusa installation, to read the second factors that it encrypted. New ones are encrypted with encryption.keys."`
}

// Tokens is about what stands in a JWT.
type Tokens struct {
	OwnActorOnly bool `koanf:"own_actor_only" default:"true" doc:"app_metadata of a token names the actor of the token's own type alone. Off: the actors of every type, as in Medusa (W38)."`
}

// Store is about the storefront's routes.
type Store struct {
	PublishableKey string `koanf:"publishable_key" default:"auto" oneof:"auto,required,off" doc:"Whether /store routes need a publishable API key: auto (once one exists), required, off."`
}

// Accounts is about identities and the people behind them.
type Accounts struct {
	OrphanGrace Span `koanf:"orphan_grace" default:"72h" min:"0" doc:"How long an identity that has no actor is kept after its last use. 0 keeps it for ever (W4)."`
}

// Database is where the lasting facts are.
type Database struct {
	URL URL `koanf:"url" env:"DATABASE_URL" doc:"postgres://… or sqlite:///absolute/path.db. dev keeps its own file in the data folder and does not read this."`
}

// Temporal is where the dances run.
type Temporal struct {
	Address   string `koanf:"address" env:"TEMPORAL_ADDRESS" doc:"host:port of the Temporal cluster, by default localhost:7233. TLS, API key and the rest are taken from the standard TEMPORAL_* variables. Not read by dev."`
	Namespace string `koanf:"namespace" env:"TEMPORAL_NAMESPACE" default:"default" doc:"Namespace of the dances. It must exist; dev creates it."`
	TaskQueue string `koanf:"task_queue" default:"everlatch" doc:"Task queue that api and worker meet on."`
	Retention Span   `koanf:"retention" default:"24h" min:"1h" doc:"How long dev keeps the history of a finished dance. A cluster has it in its namespace."`
}

// Encryption holds the key ring.
type Encryption struct {
	Keys Secret `koanf:"keys" doc:"Keys for secrets and payloads at rest: id:base64 of 32 bytes, several joined by commas. The first encrypts, all decrypt."`
}

// Vault keeps passwords and codes for the minutes in which a dance needs them.
type Vault struct {
	TTL Span `koanf:"ttl" default:"15m" min:"1m" doc:"How long a password or code waits, encrypted, for the dance that needs it."`
}

// Worker is what runs the dances.
type Worker struct {
	HealthAddress string `koanf:"health_address" default:"off" doc:"host:port where a process that is only a worker answers /health and /ready; off by default."`
	CleanUpEvery  Span   `koanf:"clean_up_every" default:"10m" min:"1m" doc:"How often expired sessions and secrets are removed, and identities without an actor looked for."`
	StopWithin    Span   `koanf:"stop_within" default:"10s" min:"1s" doc:"How long a stopping process may finish what it has begun; the rest is handed over."`
}

// Log says how much is logged and how.
type Log struct {
	Level  string `koanf:"level" default:"info" oneof:"debug,info,warn,error" doc:"Least level that is logged."`
	Format string `koanf:"format" default:"auto" oneof:"auto,text,json" doc:"text, json, or auto: text in dev, json otherwise."`
}

// Compat restores behaviour of Medusa that is a weak spot, where a real client
// needs it.
type Compat struct {
	CustomerEmail string `koanf:"customer_email" default:"own" oneof:"own,free" doc:"Which e-mail a new customer account may have: own, an address that its identity has proved or signs in with, or free, whatever the storefront writes, as in Medusa (W5)."`
	LoginByGET    bool   `koanf:"login_by_get" default:"false" doc:"GET /auth/:actor_type/:auth_provider signs in with a password, as in Medusa (W42)."`
	UntypedTokens bool   `koanf:"untyped_tokens" default:"false" doc:"Accept tokens without a purpose, as Medusa signed them, while people move over (W36)."`
}

// Data is where files go.
type Data struct {
	Dir string `koanf:"dir" default:".everlatch" doc:"Folder of dev: databases, generated secrets, logs."`
}

// Dev is about `everlatch dev` alone.
type Dev struct {
	TemporalAddress string `koanf:"temporal_address" default:"127.0.0.1:7233" doc:"Where the embedded Temporal server of dev listens; port 0 takes a free one."`
	UIAddress       string `koanf:"ui_address" default:"127.0.0.1:8233" doc:"Where Temporal's web UI listens in dev; port 0 takes a free one, off leaves it out."`
	Ephemeral       bool   `koanf:"ephemeral" default:"false" doc:"dev keeps nothing: all data is gone when it stops."`
}
