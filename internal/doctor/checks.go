package doctor

import "strings"

// Check is one thing that is looked at.
type Check struct {
	// ID is "group.name".
	ID string
	// Looks says what is looked at, and Fault and Warning what they stand for, "" where there
	// is none.
	Looks, Fault, Warning string
}

// The checks, which [Finding.Check] names.
const (
	configurationSettings      = "configuration.settings"
	configurationSecrets       = "configuration.secrets"
	configurationParts         = "configuration.parts"
	configurationMailLinks     = "configuration.mail_links"
	configurationOrigins       = "configuration.origins"
	configurationCookies       = "configuration.cookies"
	configurationProxies       = "configuration.proxies"
	configurationCompatibility = "configuration.compatibility"
	configurationSignIn        = "configuration.sign_in"

	databaseReachable  = "database.reachable"
	databaseVersion    = "database.version"
	databaseEncoding   = "database.encoding"
	databaseMigrations = "database.migrations"
	databaseSearch     = "database.search"
	databaseKeys       = "database.keys"
	databaseRole       = "database.role"
	databasePool       = "database.pool"
	databaseEncrypted  = "database.encrypted"
	databaseClock      = "database.clock"

	temporalReachable  = "temporal.reachable"
	temporalNamespace  = "temporal.namespace"
	temporalRetention  = "temporal.retention"
	temporalAttributes = "temporal.search_attributes"
	temporalWorkers    = "temporal.workers"
	temporalVersions   = "temporal.versions"
	temporalPartitions = "temporal.partitions"
	temporalClock      = "temporal.clock"

	mailServer = "mail.server"
	mailSender = "mail.sender"
	mailTest   = "mail.test"

	providersAnswer = "providers.answer"
	providersClock  = "providers.clock"
	webhooksAnswer  = "webhooks.answer"
	webhooksClock   = "webhooks.clock"
)

const (
	clockFault   = "differs by more than 30 s"
	clockWarning = "differs by more than 2 s"
)

// Checks lists every check in the order of the report.
func Checks() []Check {
	return []Check{
		{configurationSettings, "file, variables and flags", "a setting is unknown, unreadable, contradictory or missing", ""},
		{
			configurationSecrets, "signing secrets and encryption keys", "missing, weak, or the placeholder of an example",
			"two are the same; in `dev`, weak",
		},
		{
			configurationParts, "providers, second factors, subscribers, schedules, mail templates, hooks", "one cannot be made of its options",
			"an allow-list names a provider that is not registered",
		},
		{configurationMailLinks, "`mail.urls`", "links in real mails lead to localhost", "links use http, or localhost is allowed"},
		{configurationOrigins, "`http.store_cors`, `http.admin_cors`, `http.auth_cors`", "", "only localhost, http, every origin, or a pattern that is not anchored"},
		{configurationCookies, "`cookie_options`, `http.trust_proxy`", "", "session cookies are sent without Secure"},
		{configurationProxies, "`http.trusted_proxies`", "", "no proxy or every address is trusted, so that limits count the wrong callers"},
		{configurationCompatibility, "`compat`, `temporal.accept_unsealed_until`", "", "an exception for a migration is on"},
		{configurationSignIn, "`auth.sign_in`", "", "while Temporal is away, sign-ins are refused"},

		{databaseReachable, "a connection by `database.url`", "refused, unknown host, wrong password, no such database, TLS, no answer", ""},
		{databaseVersion, "PostgreSQL 14 or newer", "older", "SQLite, which only one machine can use"},
		{databaseEncoding, "UTF8, and the default isolation behind a pooler", "another encoding or isolation", ""},
		{databaseMigrations, "the schema", "behind this program", ""},
		{databaseSearch, "the indexes of PostgreSQL that searches for people use", "", "one is missing or broken, so that a search reads every row"},
		{databaseKeys, "the key rings", "a ring has no key in use", "a previous key is still needed, or can be retired"},
		{databaseRole, "the role of the connection", "it can only read", "it is a superuser"},
		{databasePool, "connections, and a pooler in between", "", "one process may open more than the server has left"},
		{databaseEncrypted, "TLS to another machine", "", "without TLS"},
		{databaseClock, "the server's clock beside that of this process", clockFault, clockWarning},

		{temporalReachable, "a connection by `temporal.address` and `TEMPORAL_*`", "refused, unknown host, TLS, credentials, no answer", ""},
		{temporalNamespace, "`temporal.namespace`", "it does not exist", ""},
		{temporalRetention, "how long the namespace keeps finished workflows", "", "shorter than `events.retry_for`, or than the 24 h for which clients repeat an `Idempotency-Key`"},
		{temporalAttributes, "the search attributes", "one exists with another type", "one is missing"},
		{temporalWorkers, "workers that have polled each task queue within 90 s", "none polls `interactive` or `deliveries`", "none polls `slow`"},
		{
			temporalVersions, "the versions of the workers, and flows that stay with one", "no worker of the current version polls a queue, or flows stay with a version that has no worker",
			"a version is ramping that no worker of polls a queue",
		},
		{temporalPartitions, "partitions of the interactive task queue", "", ""},
		{temporalClock, "the time of the last poll beside the clock of this process", "is ahead by more than 30 s", "is ahead by more than 2 s"},

		{mailServer, "connection, greeting, TLS and sign-in at `mail.smtp`", "one of them fails", "no mail server is set"},
		{mailSender, "`mail.from`, as the mail server takes it", "the server refuses it", "it is an address at localhost"},
		{mailTest, "a mail to `--send-to`", "the server refuses it", ""},

		{providersAnswer, "discovery, signing keys, API and client of each provider", "away, or an answer that is not usable, or the client is refused", ""},
		{providersClock, "the clock of each provider (header `Date`)", clockFault, clockWarning},
		{webhooksAnswer, "a HEAD request to each webhook", "no connection, or a status of 500 and more", ""},
		{webhooksClock, "the clock of each receiver (header `Date`)", clockFault, clockWarning},
	}
}

// ofGroup returns the ids of a group of checks.
func ofGroup(group string) []string {
	var out []string
	for _, c := range Checks() {
		if strings.HasPrefix(c.ID, group+".") && c.ID != mailTest {
			out = append(out, c.ID)
		}
	}
	return out
}
