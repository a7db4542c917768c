package config

// Config is everything that can be set. The tags of a leaf say:
//
//   - koanf: its name within its section
//   - default: its default, as YAML
//   - env: its other environment variable, besides EVERLATCH_…
//   - oneof: the values it may have
//   - min: the least value of a number or span
//   - doc: what it means, for docs/configuration.md
type Config struct {
	HTTP          HTTP          `koanf:"http"`
	Session       Session       `koanf:"session_options"`
	Cookie        Cookie        `koanf:"cookie_options"`
	Auth          Auth          `koanf:"auth"`
	Tokens        Tokens        `koanf:"tokens"`
	Limits        Limits        `koanf:"limits"`
	Store         Store         `koanf:"store"`
	Accounts      Accounts      `koanf:"accounts"`
	Deletion      Deletion      `koanf:"deletion"`
	Admin         Admin         `koanf:"admin"`
	RBAC          RBAC          `koanf:"rbac"`
	PasswordReset PasswordReset `koanf:"password_reset"`
	EmailChange   EmailChange   `koanf:"email_change"`
	Invites       Invites       `koanf:"invites"`
	Events        Events        `koanf:"events"`
	Subscribers   []Subscriber  `koanf:"subscribers" default:"[]" doc:"Subscribers of events: a list of {name, events, source, ordered, secrets} with webhook: {url, secrets, allow_private, timeout} or flow: {name, input}. events are names, customer.* or *; source is any, everlatch (events of this service) or outside (events that were published through the API). By default a webhook receives events of any source in order, and a flow is started by events from outside in any order. The secrets of a webhook (whsec_…) are one or a list, and each of them signs; without allow_private its URL must be https and lead to a public address. The input of a flow holds values and paths into the event, such as $.data.id; by default it is the whole event. The name mail is reserved."`
	Schedules     []Schedule    `koanf:"schedules" default:"[]" doc:"Scheduled jobs, which start a flow at certain times: a list of {id, flow, input, cron or every, overlap, catch_up, paused}. cron has five fields or is a word such as @daily, perhaps after CRON_TZ=Europe/Berlin, and is checked at start; every is a span; overlap is skip (the default), buffer_one, buffer_all, cancel_other, terminate_other or allow_all; catch_up (1m) is how late a start may be."`
	Mail          Mail          `koanf:"mail"`
	Pages         Pages         `koanf:"pages"`
	Database      Database      `koanf:"database"`
	Temporal      Temporal      `koanf:"temporal"`
	Nexus         Nexus         `koanf:"nexus"`
	Encryption    Encryption    `koanf:"encryption"`
	Keys          Keys          `koanf:"keys"`
	Vault         Vault         `koanf:"vault"`
	Worker        Worker        `koanf:"worker"`
	Log           Log           `koanf:"log"`
	Metrics       Metrics       `koanf:"metrics"`
	Traces        Traces        `koanf:"traces"`
	Compat        Compat        `koanf:"compat"`
	Data          Data          `koanf:"data"`
	Dev           Dev           `koanf:"dev"`
}

// Auth is about authentication.
type Auth struct {
	Providers    []Provider   `koanf:"providers" default:"[{resolve: emailpass}]" doc:"Auth providers, in the order in which they are listed: a list of {resolve, id, options}. Routes name a provider by its id; several registrations of one provider need different ids. docs/guides/provider-options.md describes the options."`
	Redirect     Redirect     `koanf:"redirect"`
	RecentWithin Span         `koanf:"recent_within" default:"15m" min:"1m" doc:"How long a sign-in counts as recent. Adding and removing sign-in methods and deleting an account require a recent sign-in."`
	LinkByEmail  []string     `koanf:"link_by_email" default:"[]" doc:"Ids of providers that are trusted to verify e-mail addresses. A new account at one of them is linked to the identity whose address another of them verified, instead of becoming a new identity, and takes over one that was registered with the address and has not proven it. With google, that takes an address of Google's own or of an organization (claim hd). Off by default."`
	SignIn       SignIn       `koanf:"sign_in"`
	MFA          MFA          `koanf:"mfa"`
	Verification Verification `koanf:"verification"`
	WebAuthn     WebAuthn     `koanf:"webauthn"`

	NeutralRegister            []string `koanf:"neutral_register" default:"[]" doc:"Actor types whose registration with an address (provider emailpass) does not tell whether the address has an account: POST …/register answers 202 for every address and sends a mail, and POST …/register/confirm with its token creates the identity. Clients need a page for the link, and administrators accept invites with a token from this confirmation. Off by default, as in Medusa."`
	NeutralRegisterTTL         Span     `koanf:"neutral_register_ttl" default:"24h" min:"1m" doc:"How long the link in such a mail is valid."`
	NeutralRegisterResendAfter Span     `koanf:"neutral_register_resend_after" default:"1m" min:"0" doc:"How long after such a mail another request for the same address sends none. 0 sends a mail for each request."`

	MaxSessions      int  `koanf:"max_sessions" default:"100" min:"1" doc:"How many sign-ins an identity may have at a time. One more ends the one that was used longest ago."`
	SessionHistory   Span `koanf:"session_history" default:"90d" min:"0" doc:"How long a sign-in is kept after it has expired. So long administrators see it, and a sign-in from its device and network is not from a new device."`
	NewDeviceMail    bool `koanf:"new_device_mail" default:"false" doc:"Mail users about a sign-in from a new device, with a link that ends it. Without the mail there is only the event auth.sign_in_from_new_device."`
	NewDeviceLinkTTL Span `koanf:"new_device_link_ttl" default:"72h" min:"1m" doc:"How long the link in such a mail is valid."`
}

// Redirect is about redirect providers.
type Redirect struct {
	TTL            Span `koanf:"ttl" default:"10m" min:"1m" doc:"How long a sign-in at a redirect provider may take."`
	RequireBrowser bool `koanf:"require_browser" default:"true" doc:"Require every callback of a redirect provider to come from the browser that began the sign-in, with its cookie everlatch.browser. Clients without cookies send the header Everlatch-Browser with both requests. If off, a callback without either is accepted, and the client must compare the state."`
}

// Provider registers one auth provider.
type Provider struct {
	// Resolve is the kind of the provider, such as "emailpass".
	Resolve string `koanf:"resolve"`
	// ID is what routes name; Resolve when it is left out (docs/weak-spots.md#w23).
	ID string `koanf:"id"`
	// Options are the provider's own, checked when it is made.
	Options map[string]any `koanf:"options"`
}

// Tokens is about what stands in a JWT.
type Tokens struct {
	AbsoluteTTL  Span `koanf:"absolute_ttl" default:"30d" min:"1m" doc:"How long after a sign-in its tokens and sessions end at the latest, however often they are renewed."`
	OwnActorOnly bool `koanf:"own_actor_only" default:"true" doc:"Whether app_metadata of a token names only the actor of the token's own type. If off, it names the actors of every type, as in Medusa."`
}

// Store is about the storefront's routes.
type Store struct {
	PublishableKey string `koanf:"publishable_key" default:"auto" oneof:"auto,required,off" doc:"Whether /store routes need a publishable API key: auto (once one exists), required, off."`
}

// Accounts is about identities and their actors.
type Accounts struct {
	OrphanGrace Span `koanf:"orphan_grace" default:"72h" min:"0" doc:"How long an identity without an actor is kept after its last use. 0 keeps it forever."`
}

// Database is where the lasting facts are.
type Database struct {
	URL            URL  `koanf:"url" env:"DATABASE_URL" doc:"postgres://… or sqlite:///absolute/path.db. dev ignores it and uses a file in the data folder."`
	MaxConnections int  `koanf:"max_connections" default:"20" min:"2" doc:"How many connections to PostgreSQL a process opens at most. pool_max_conns in the URL takes precedence."`
	MigrationWait  Span `koanf:"migration_wait" default:"5m" min:"1s" doc:"How long a process waits for another one that migrates the database before it gives up."`
}

// Temporal is the cluster that runs the workflows.
type Temporal struct {
	Address   string `koanf:"address" env:"TEMPORAL_ADDRESS" doc:"host:port of the Temporal cluster, by default localhost:7233. The standard TEMPORAL_* variables set TLS, the API key and the rest. dev ignores it."`
	Namespace string `koanf:"namespace" env:"TEMPORAL_NAMESPACE" default:"default" doc:"Temporal namespace of the workflows. It must exist; dev creates it. Installations that share a namespace need different task queues."`
	TaskQueue string `koanf:"task_queue" default:"everlatch" doc:"Task queue that API and workers share. The queues for slow calls, deliveries and Nexus operations add -slow, -deliveries and -nexus to this name."`
	UIURL     string `koanf:"ui_url" doc:"URL of Temporal's web UI, such as https://temporal.example, to which the console links. In dev it is dev's own."`
	Retention Span   `koanf:"retention" default:"72h" min:"1h" doc:"How long dev keeps the history of a finished workflow. In a cluster, the namespace decides. A worker warns at start when it is shorter than events.retry_for."`

	Deployment Deployment `koanf:"deployment"`

	AcceptUnsealedUntil string `koanf:"accept_unsealed_until" doc:"For a migration alone: the day (2027-01-31, UTC) until which workers and clients also accept payloads that are not encrypted with encryption.keys. Not later than 90 days ahead. Until then, everyone who reaches Temporal can start any workflow with any input."`
}

// Deployment is the Worker Deployment of Temporal's that the workers belong to.
type Deployment struct {
	Name    string `koanf:"name" env:"TEMPORAL_DEPLOYMENT_NAME" doc:"Name of the Worker Deployment that the workers belong to. Then they have versions: a short flow ends on the version that has begun it, and a flow that waits goes on with the current one. Empty is without versions: every worker takes every task. dev ignores it."`
	BuildID string `koanf:"build_id" env:"TEMPORAL_WORKER_BUILD_ID" doc:"Version of this worker; by default that of the program. Never give another program the version of an earlier one."`
	Promote string `koanf:"promote" default:"auto" oneof:"auto,manual" doc:"auto: workers of a version that was never current make it current when all queues are polled, and so do workers of an earlier version when the current one has none. manual: everlatch temporal deployment set-current and ramp do. The first version of a deployment becomes current either way."`
}

// Nexus is about the Nexus service everlatch.auth.
type Nexus struct {
	Enabled  bool   `koanf:"enabled" default:"true" doc:"Handle the operations of the Nexus service everlatch.auth, which workflows in other namespaces call. Processes with the queue interactive do, on the task queue whose name adds -nexus. Each call needs a secret API key and an endpoint of Temporal's that leads here."`
	Endpoint string `koanf:"endpoint" default:"everlatch" doc:"Name of the Nexus endpoint that dev and everlatch nexus setup create."`
}

// Encryption holds the key ring.
type Encryption struct {
	Keys Secret `koanf:"keys" doc:"Keys that encrypt secrets and payloads at rest: id:base64 of 32 bytes, several joined by commas. They are the first keys of the rings vault, codec and mfa, and encrypt keys in the database. A new one is put first, and used when every process has it (docs/keys.md)."`
}

// Keys is about the key rings (docs/keys.md).
type Keys struct {
	RefreshEvery Span `koanf:"refresh_every" default:"5s" min:"1s" doc:"How often a process looks whether a key was added, replaced or retired, and says which keys it holds. The same in all processes."`
	PublishFor   Span `koanf:"publish_for" default:"5m" min:"0" doc:"How long the public half of a new key for tokens is published before the key signs, with an asymmetric algorithm: at least as long as verifiers keep the key set. 0 waits only until every process has the key."`
}

// Vault keeps passwords and codes for the minutes in which a workflow needs them.
type Vault struct {
	TTL Span `koanf:"ttl" default:"15m" min:"1m" doc:"How long an encrypted password or code is kept for the workflow that needs it."`
}

// Worker is about the processes that run workflows.
type Worker struct {
	HealthAddress string   `koanf:"health_address" default:"off" doc:"host:port where a process that is only a worker serves /health and /ready; off by default."`
	Queues        []string `koanf:"queues" default:"[interactive, slow, deliveries]" doc:"Queues that everlatch worker and everlatch serve run: interactive (sign-ins and everything else that a caller waits for), slow (calls to providers elsewhere), deliveries (mails, webhooks, erasers, scheduled jobs). Each queue needs a process that runs it."`
	APIQueues     []string `koanf:"api_queues" default:"[interactive]" doc:"Queues that everlatch api runs in its own process. With interactive, sign-ins start without a trip through Temporal's queues; [] leaves all work to the workers."`
	CleanUpEvery  Span     `koanf:"clean_up_every" default:"10m" min:"1m" doc:"How often expired sessions, secrets and identities without an actor are removed."`
	StopWithin    Span     `koanf:"stop_within" default:"10s" min:"1s" doc:"How long a process that stops may finish its work; other processes take over the rest."`
}

// Log says how much is logged and how.
type Log struct {
	Level  string `koanf:"level" default:"info" oneof:"debug,info,warn,error" doc:"Lowest level that is logged."`
	Format string `koanf:"format" default:"auto" oneof:"auto,text,json" doc:"text, json, or auto: text in dev, json otherwise."`

	Requests bool `koanf:"requests" default:"true" doc:"Log every request with its route, status, duration and ids, never with an address, a path or a query. Probes, and what a limit refuses before it is read, are logged at the level debug. If off, only failures are logged."`
}

// Metrics says where a process serves its metrics.
type Metrics struct {
	Address string `koanf:"address" default:"off" doc:"host:port where a process serves Prometheus metrics at /metrics, such as :9464; off by default. They tell no address and no secret, but how busy the service is: let only your monitoring reach the port. dev serves them beside the API as well."`
}

// Traces say which traces a process continues. Where traces are sent is in the OTEL_*
// variables.
type Traces struct {
	AcceptParent bool `koanf:"accept_parent" default:"false" doc:"Continue the trace that a request names in its header traceparent, and sample it if the caller does. Turn it on where only your own services reach the API, or a gateway removes the header from other requests. If off, a request begins a trace that links to that one."`
}

// Compat restores behaviour of Medusa that is a weak spot, where a real client
// needs it.
type Compat struct {
	CustomerEmail string `koanf:"customer_email" default:"own" oneof:"own,free" doc:"Which e-mail a new customer account may have: own, an address that its identity verified or signs in with; or free, any address that the storefront sends, as in Medusa."`
	LoginByGET    bool   `koanf:"login_by_get" default:"false" doc:"Allow signing in with a password by GET /auth/:actor_type/:auth_provider, as in Medusa."`
	UntypedTokens bool   `koanf:"untyped_tokens" default:"false" doc:"Accept tokens without a purpose, as Medusa signs them, during a migration."`
}

// Data is where files go.
type Data struct {
	Dir string `koanf:"dir" default:".everlatch" doc:"Data folder of dev: databases, generated secrets, logs."`
}

// Dev is about `everlatch dev` alone.
type Dev struct {
	TemporalAddress string `koanf:"temporal_address" default:"127.0.0.1:7233" doc:"host:port of the embedded Temporal server of dev; port 0 chooses a free one."`
	UIAddress       string `koanf:"ui_address" default:"127.0.0.1:8233" doc:"host:port of Temporal's web UI in dev; port 0 chooses a free one, off disables it."`
	UIWrites        bool   `koanf:"ui_writes" default:"false" doc:"Allow Temporal's web UI in dev to change workflows: start, signal, cancel and terminate them. It has no login."`
	Ephemeral       bool   `koanf:"ephemeral" default:"false" doc:"Remove all data of dev when it stops."`
}
