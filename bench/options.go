package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds on what a run may be asked for. They keep a slip of the finger from
// filling a disk or a night.
const (
	maxClients  = 256
	maxRequests = 1_000_000
	maxDuration = 10 * time.Minute
	maxPrefix   = 32
)

// defaultDuration is how long a scenario runs when neither -d nor -n is given.
const defaultDuration = 10 * time.Second

// options is what the command line asks for.
type options struct {
	base           target
	publishableKey string
	pids           []int
	clients        []int
	// duration bounds a measurement in time and requests in number; both are
	// always set.
	duration    time.Duration
	requests    int
	warm        time.Duration
	scenarios   []string
	emailPrefix string
	baseline    *report
	// hash is measured beside the scenarios, nil for not.
	hash *hashing
	json bool
	// timing compares times instead of measuring cost; requests is then the
	// number of pairs, and scenarios are names of probes.
	timing     bool
	adminToken string
	// system is another system that is measured, "" for Everlatch or Medusa; adminBase is
	// where its API for administrators listens, if it has one.
	system    string
	adminBase target
	// people is how many sign in by turns in the scenario login; at least one for each client.
	people int
	// filled is how many accounts of bench/fill sign in, with filledPassword; 0 for the
	// people that the benchmark makes.
	filled         int
	filledPassword string
	// attack measures sign-ins while attackers guess passwords.
	attack bool
	// rtt is how long every client of -attack waits between two requests.
	rtt time.Duration
}

// target is the server: a loopback address, and the host that requests name.
type target struct{ host, address string }

// parseOptions reads the command line and reports everything that is wrong with
// it at once.
func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(io.Discard) // main prints what is wrong
	base := set.String("base", "http://127.0.0.1:9000", "where the server `listens`; loopback only")
	set.StringVar(&o.publishableKey, "publishable-key", "", "the `key` that /store routes demand")
	pids := set.String("pids", "", "process `ids` of the server, whose CPU time and memory are measured: 123,456")
	clients := set.String("c", "1,8", "how many `clients` at once, each in a measurement of its own")
	set.DurationVar(&o.duration, "d", 0, "how `long` a measurement takes (default 10s without -n)")
	set.IntVar(&o.requests, "n", 0, "how many `requests` a measurement takes, instead of -d")
	set.DurationVar(&o.warm, "warm", time.Second, "how `long` each measurement is preceded by load that does not count")
	scenarios := set.String("scenarios", "", "which `scenarios`, in this order (default all)")
	set.BoolVar(&o.timing, "timing", false, "compare times of answers about addresses that exist and that don't; -n is the number of pairs (default 500)")
	set.BoolVar(&o.attack, "attack", false, "measure sign-ins while 300 attackers guess passwords, each phase for -d")
	set.DurationVar(&o.rtt, "rtt", 50*time.Millisecond, "with -attack, how `long` a request and its answer are on their way, for owners and attackers")
	set.StringVar(&o.adminToken, "admin-token", "", "an administrator's `token`, without which lists, searches and the invites of -timing are left out")
	set.StringVar(&o.emailPrefix, "email-prefix", "bench", "what the `addresses` of the people that it makes begin with")
	set.StringVar(&o.system, "system", "", "measure the sign-ins of another `system`: gotrue or kratos (Medusa needs no flag)")
	adminBase := set.String("admin-base", "http://127.0.0.1:4434", "with -system kratos, where its admin API `listens`")
	set.IntVar(&o.people, "people", 0, "in the scenario login, how many `people` sign in by turns (default one for each client)")
	set.IntVar(&o.filled, "filled", 0, "in the scenario login, the first `n` accounts of bench/fill sign in, instead of one for each client")
	set.StringVar(&o.filledPassword, "filled-password", "", "the `password` that was given to bench/fill")
	baseline := set.String("baseline", "", "a `file` with the -json output of an earlier run, to print ratios to")
	hash := set.String("hash", "", "the `parameters` of argon2id (memory_kib,time,parallelism) by which the server hashes: also measure that alone, before and after")
	set.BoolVar(&o.json, "json", false, "print JSON instead of a table")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			set.SetOutput(stderr)
			set.Usage()
		}
		return o, err
	}
	var problems []error
	keep := func(err error) { problems = append(problems, err) }
	if set.NArg() > 0 {
		keep(fmt.Errorf("unexpected argument %q", set.Arg(0)))
	}
	o.base, err = parseBase(*base)
	keep(err)
	o.pids, err = parseNumbers("-pids", *pids, 1<<22)
	keep(err)
	o.clients, err = parseNumbers("-c", *clients, maxClients)
	keep(err)
	if err == nil && len(o.clients) == 0 {
		keep(errors.New("-c names no number of clients"))
	}
	keep(o.chooseScenarios(set, *scenarios))
	keep(o.checkSystem(set, *adminBase))
	o.baseline, err = readReport(*baseline)
	keep(err)
	keep(o.parseHash(*hash))
	if o.timing {
		keep(o.checkTiming(set))
	} else {
		keep(o.bound())
	}
	keep(o.checkText())
	return o, errors.Join(problems...)
}

// bound checks -d, -n and -warm, and fills in what was not given, so that no
// measurement is endless.
func (o *options) bound() error {
	var problems []error
	if o.duration != 0 && o.requests != 0 {
		problems = append(problems, errors.New("-d and -n exclude each other"))
	}
	if o.duration < 0 || o.duration > maxDuration {
		problems = append(problems, fmt.Errorf("-d is %s, it may be up to %s", o.duration, maxDuration))
	}
	if o.requests < 0 || o.requests > maxRequests {
		problems = append(problems, fmt.Errorf("-n is %d, it may be up to %d", o.requests, maxRequests))
	}
	if o.warm < 0 || o.warm > maxDuration {
		problems = append(problems, fmt.Errorf("-warm is %s, it may be up to %s", o.warm, maxDuration))
	}
	if o.rtt < 0 || o.rtt > time.Second {
		problems = append(problems, fmt.Errorf("-rtt is %s, it may be up to 1s", o.rtt))
	}
	switch {
	case o.requests != 0:
		o.duration = maxDuration
	case o.duration == 0:
		o.duration = defaultDuration
		fallthrough
	default:
		o.requests = maxRequests
	}
	return errors.Join(problems...)
}

// checkText checks what is copied into requests.
func (o *options) checkText() error {
	var problems []error
	if o.emailPrefix == "" || len(o.emailPrefix) > maxPrefix || !madeOf(o.emailPrefix, "-_.") {
		problems = append(problems, fmt.Errorf("-email-prefix must be letters, digits and -_. , up to %d", maxPrefix))
	}
	if o.people < 0 || o.people > maxClients {
		problems = append(problems, fmt.Errorf("-people is %d, it may be up to %d", o.people, maxClients))
	}
	if o.filled < 0 || (o.filled > 0) != (o.filledPassword != "") {
		problems = append(problems, errors.New("-filled and -filled-password go together"))
	}
	if !madeOf(o.adminToken, "_-.") {
		problems = append(problems, errors.New("-admin-token must be letters, digits, dots, _ and -"))
	}
	if !madeOf(o.publishableKey, "_-") {
		problems = append(problems, errors.New("-publishable-key must be letters, digits, _ and -"))
	}
	return errors.Join(problems...)
}

func madeOf(text, also string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(also, r)
	}) < 0
}

// parseBase accepts http://host[:port] of this machine: load on another
// server is an attack.
func parseBase(text string) (t target, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return t, fmt.Errorf("-base %q must be http://host:port", text)
	}
	host, port := u.Hostname(), u.Port()
	if host == "localhost" {
		host = "127.0.0.1" // whatever a resolver would say
	}
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsLoopback() {
		return t, fmt.Errorf("-base %q is not on this machine: the host must be 127.0.0.1, [::1] or localhost", text)
	}
	if port == "" {
		port = "80"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return t, fmt.Errorf("-base %q has no valid port", text)
	}
	return target{host: u.Host, address: netip.AddrPortFrom(address, uint16(number)).String()}, nil
}

// parseNumbers reads a list of different numbers from 1 to limit.
func parseNumbers(name, text string, limit int) (out []int, err error) {
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > limit {
			return nil, fmt.Errorf("%s: %q is not a number from 1 to %d", name, field, limit)
		}
		if slices.Contains(out, n) {
			return nil, fmt.Errorf("%s: %d stands there twice", name, n)
		}
		out = append(out, n)
	}
	return out, nil
}

func readReport(path string) (*report, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no baseline was asked for
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return nil, fmt.Errorf("-baseline: %w", err)
	}
	return parseReport(raw)
}
