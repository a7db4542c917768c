package config

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits say how often requests may be made, and how large they may be.
type Limits struct {
	Enabled        bool          `koanf:"enabled" default:"true" doc:"Whether sign-ins, registrations, mails and the like are limited. docs/guides/limits.md describes the limits."`
	SignIn         Rate          `koanf:"sign_in" default:"30/1m" doc:"Refused sign-ins of one network address (IPv4 /32, IPv6 /64), as a number and a length of time, or off. This and the following rates also hold network_factor times for its network (IPv4 /24, IPv6 /48)."`
	Register       Rate          `koanf:"register" default:"60/1h" doc:"Registrations of one network address."`
	Redirect       Rate          `koanf:"redirect" default:"120/1m" doc:"Sign-ins at redirect providers that one network address begins."`
	Callback       Rate          `koanf:"callback" default:"60/1m" doc:"Refused callbacks of one network address."`
	Reset          Rate          `koanf:"reset" default:"30/1h" doc:"Password resets that one network address asks for."`
	Token          Rate          `koanf:"token" default:"30/1m" doc:"Refused tokens of mails from one network address: new passwords, accepted invites, changed e-mail addresses, codes. Also how many codes one identity may enter."`
	EmailChange    Rate          `koanf:"email_change" default:"20/1h" doc:"Changes of the e-mail address that one network address asks for, and one account."`
	Verification   Rate          `koanf:"verification" default:"30/1h" doc:"Codes to verify an address that one network address asks for, and one identity."`
	Refresh        Rate          `koanf:"refresh" default:"600/1m" doc:"Tokens that one identity may refresh, and refused ones of one network address."`
	SecondFactor   Rate          `koanf:"second_factor" default:"30/1m" doc:"Wrong second factors of one network address, and challenges that one identity may ask for. After twice limits.account.lock_after wrong ones in a row, over all challenges, the second factors of an identity are locked as an account is, except for devices that have passed one before. A new password lifts that lock once a day."`
	Mail           Rate          `koanf:"mail" default:"60/1h" doc:"Mails with a link to one address, for all callers together."`
	MailPerDay     Rate          `koanf:"mail_per_day" default:"120/1d" doc:"A second limit of such mails."`
	NetworkFactor  int           `koanf:"network_factor" default:"4" min:"1" doc:"How many times as much as one network address its whole network may do."`
	ExemptNetworks []string      `koanf:"exempt_networks" default:"[127.0.0.1/32, '::1/128']" doc:"Networks whose requests are not counted by network, such as that of a storefront's server, which signs all of its customers in. By default this machine, because a proxy on it that http.trusted_proxies does not name would make all clients one. Limits of accounts and mails hold for them too."`
	Account        AccountLimits `koanf:"account"`
	DeviceTTL      Span          `koanf:"device_ttl" default:"180d" min:"1h" doc:"How long a browser or app that has signed in to an account is known, so that others cannot lock it out."`
	Queue          int           `koanf:"queue" default:"0" min:"0" doc:"How many requests of one process may wait for a password hash; others are answered 503 at once. 0 is 64 for each core. Devices that have signed in before have their turn first, and networks have it one after the other."`
	AtOnce         int           `koanf:"at_once" default:"0" min:"0" doc:"How many requests of one process compute a password hash at once, or have a worker compute one. 0 is four for each core and at least 8, and where worker.api_queues leaves that to workers, 8 for each core."`
	ResetMetadata  Size          `koanf:"reset_metadata" default:"2kb" doc:"Largest metadata of a password reset."`
	Metadata       Size          `koanf:"metadata" default:"16kb" doc:"Largest metadata of a record."`
	Addresses      int           `koanf:"addresses" default:"50" min:"1" doc:"How many addresses a customer may have."`
}

// AccountLimits say what failed sign-ins to one account cost.
type AccountLimits struct {
	DelayAfter int  `koanf:"delay_after" default:"5" min:"1" doc:"After so many failed sign-ins to an account in a row, each further one delays the next: by a second, then two, four and so on."`
	LockAfter  int  `koanf:"lock_after" default:"10" min:"1" doc:"After so many failed sign-ins in a row the account is locked, except for devices that have signed in to it before. A password reset lifts the lock."`
	LockFor    Span `koanf:"lock_for" default:"15m" min:"1s" doc:"How long the first lock lasts; each further failure doubles it."`
	LockAtMost Span `koanf:"lock_at_most" default:"4h" min:"1s" doc:"How long a lock lasts at most."`
	Forget     Span `koanf:"forget_after" default:"24h" min:"1m" doc:"How long failed sign-ins count."`
}

// Rate is a number and a length of time, such as 30/1m, or off.
type Rate string

// Parts returns the two parts, zeros for off.
func (r Rate) Parts() (count int, per time.Duration, ok bool) {
	if r == Off {
		return 0, 0, true
	}
	number, length, found := strings.Cut(string(r), "/")
	count, err := strconv.Atoi(strings.TrimSpace(number))
	span, wrong := ParseSpan(length)
	ok = found && err == nil && wrong == nil && count >= 1 && count <= 1_000_000 && span >= Span(time.Second) && span <= 30*Span(day)
	return count, span.Duration(), ok
}

func (l Limits) check() Problems {
	var out Problems
	value := reflect.ValueOf(l)
	for i := range value.NumField() {
		if rate, ok := reflect.TypeAssert[Rate](value.Field(i)); ok {
			if _, _, good := rate.Parts(); !good {
				out = append(out, Problem{
					"limits." + value.Type().Field(i).Tag.Get("koanf"),
					strconv.Quote(string(rate)) + " is not a rate, such as 30/1m, or off",
				})
			}
		}
	}
	if a := l.Account; a.LockAfter < a.DelayAfter {
		out = append(out, Problem{"limits.account.lock_after", "an account is not locked before it is delayed (limits.account.delay_after)"})
	}
	if a := l.Account; a.LockAtMost < a.LockFor || a.Forget < a.LockFor {
		out = append(out, Problem{"limits.account.lock_for", "a lock is no longer than limits.account.lock_at_most and limits.account.forget_after"})
	}
	return append(out, checkNetworks("limits.exempt_networks", l.ExemptNetworks)...)
}

func checkNetworks(key string, networks []string) Problems {
	var out Problems
	for _, n := range networks {
		if _, err := ParseNetwork(n); err != nil {
			out = append(out, Problem{key, strconv.Quote(n) + " is not a network, such as 10.0.0.0/8, or an address"})
		}
	}
	return out
}

// ParseNetwork reads a network in CIDR form, or a single address.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}

// Networks reads networks that were found good when they were loaded.
func Networks(texts []string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		if network, err := ParseNetwork(text); err == nil {
			out = append(out, network)
		}
	}
	return slices.Clip(out)
}
