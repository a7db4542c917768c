// Command bench measures what requests cost: how many a second, how long each
// takes, and how much CPU the server spends on one.
//
//	go run ./bench -base http://127.0.0.1:9000 -pids "$(pgrep -x everlatch)" -c 1,8 -d 10s
//	go run ./bench -base http://127.0.0.1:9000 -publishable-key pk_… -n 500 -json > medusa.json
//	go run ./bench -scenarios login,me -baseline medusa.json
//
// It speaks Medusa's wire, which is Everlatch's as well, so the same command
// measures both. It registers its own customers under unused addresses
// and leaves them behind: point it at a folder or a database that may be thrown
// away. It refuses every host but this machine.
//
// # Scenarios
//
//	register  POST /auth/customer/emailpass/register, a new address each time
//	login     POST /auth/customer/emailpass
//	refresh   POST /auth/token/refresh
//	session   GET /store/customers/me with a session cookie
//	me        GET /store/customers/me with a bearer token
//	list      GET /admin/customers, a page of 20. Needs -admin-token
//	search    GET /admin/customers?q=… for a part of one address. Needs -admin-token
//	identities
//	          the same at GET /admin/auth-identities
//	page      a browser's first visit of the sign-in page, /ui/customer. Only where
//	          -scenarios names it: it needs a server with hosted pages
//
// Command bench/fill makes the accounts that list, search and identities look for.
//
// # How it drives
//
// A closed loop: each of -c clients has one kept-alive connection and a person
// of its own, and sends its next request when it has the answer to the last. So
// requests/s with one client is the inverse of the latency, and with many it is
// what the machine can do. A measurement ends after -d or -n requests, whichever
// was given, and follows -warm of the same load that does not count.
//
// # How to read it
//
//	req/s     answers of the right kind in a second
//	p50 …     latency of those answers in milliseconds, by nearest rank
//	cpu ms    CPU milliseconds (user and system, all threads) that the processes
//	          in -pids spent for each request; the kernel counts in steps of
//	          10 ms, so it takes a second of load to mean much
//	own ms    the same of this command, which shares the machine
//	rss MiB   resident memory of -pids when the scenario ended; the lines above
//	          the table say what it was before the first request
//	others    how much of the machine went to processes that are neither in
//	          -pids nor this command
//
// Trust cpu ms: it hardly depends on what else runs. Trust req/s and latency
// only where others is near zero, and compare them only when own ms is small
// beside cpu ms. Leaving out a process of the server (its database, say)
// flatters it: name them all.
//
// A service that limits requests (docs/guides/limits.md) refuses most of a load
// from one address: start it with EVERLATCH_LIMITS_ENABLED=false.
//
// With -baseline, each line is followed by its ratios to the line of the same
// scenario and number of clients in an earlier -json output: 0.50 under cpu ms
// is half the cost.
//
// # Hashing
//
//	go run ./bench -pids "$(pgrep -x everlatch)" -scenarios login -c 8 -hash 19456,2,1
//
// also has all cores compute the hash by which the server compares passwords, before the
// scenarios and after them, and says which part of that rate the sign-ins reach, and what
// they cost besides. The numbers are the parameters of argon2id, by default those of
// emailpass.
//
// # Timing
//
//	go run ./bench -timing -n 500 -admin-token "$token"
//
// compares how long answers take about an address that exists and about one that
// doesn't, in pairs with addresses of their own and in a random order:
//
//	login         a wrong password
//	reset         a request for a reset mail
//	verification  a customer asks for a mail that verifies the address
//	emailcode     a request for a code to sign in with. Only where -scenarios names it: it
//	              needs a server with the provider emailcode, without register
//	email-change  a customer asks to change to the address
//	invite        an identity with the address accepts with a guessed token; known
//	              is an address with a pending invite. Needs -admin-token
//	register      a registration, whose answers differ in Medusa's contract
//	register-neutral
//	              a registration at a server with auth.neutral_register: [customer].
//	              Only where -scenarios names it, alone
//
// AUC is how well the time alone tells the two apart: 0.5 is a blind guess, 1 a
// certain one. Above 0.55 with equal answers the command ends with status 1. It
// needs a server that does not count its attempts by network
// (limits.exempt_networks: 127.0.0.0/8), and a quiet machine: noise hides a
// difference, and 500 pairs are not enough for one of a few microseconds.
//
// # Errors
//
// A request that is answered by anything but 200, or not at all, is an error.
// It counts in no figure but errors and cpu ms, the first of each scenario is
// printed, and the command ends with status 1.
//
// # Attack
//
// -attack measures eight owners who sign in, in peace, while 300 attackers of one
// network (IPv4 /24) guess passwords, and while each attacker has a network of its
// own. Owners have a network each. It names clients in X-Forwarded-For, so the server
// must trust this machine as a proxy:
//
//	EVERLATCH_HTTP_TRUSTED_PROXIES='[127.0.0.0/8]' everlatch dev --ephemeral
//	go run ./bench -attack -d 20s -pids "$(pgrep -x everlatch)"
//
// Owners and attackers are closed loops that send their next request -rtt after the
// last answer, as clients elsewhere do. Owners also wait for as long as Retry-After
// says; attackers don't. Latencies are without -rtt. In the last attack the owners
// show that their devices have signed in before (X-Everlatch-Device).
//
// hashes/s are passwords that were compared, the owners' and the attackers'. This
// command runs on the same cores, so hashes/cpu s counts only the processor time of
// -pids. × quiet are ratios to the first phase. cpu and others are shares of the
// machine. 429 and 503 are answers to attackers, and recovered is how long after the
// attack, when the attackers have hung up, an owner's sign-in was answered.
package main
