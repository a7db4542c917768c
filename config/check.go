package config

import (
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// check reports values that are of the right form and still cannot be right.
// The keys in unread have been reported before.
func (c *Config) check(unread map[string]bool) Problems {
	out := c.checkValues()
	out = append(out, checkAddress("http.address", c.HTTP.Address)...)
	out = append(out, checkAddress("dev.temporal_address", c.Dev.TemporalAddress)...)
	if c.Dev.UIAddress != Off {
		out = append(out, checkAddress("dev.ui_address", c.Dev.UIAddress)...)
	}
	if c.Temporal.UIURL != "" {
		if _, err := webURL(c.Temporal.UIURL); err != nil {
			out = append(out, Problem{"temporal.ui_url", err.Error()})
		}
	}
	if c.Worker.HealthAddress != Off {
		out = append(out, checkAddress("worker.health_address", c.Worker.HealthAddress)...)
	}
	if c.Metrics.Address != Off {
		out = append(out, checkAddress("metrics.address", c.Metrics.Address)...)
	}
	if c.Temporal.Address != "" {
		out = append(out, checkAddress("temporal.address", c.Temporal.Address)...)
	}
	out = append(out, c.checkQueues()...)
	out = append(out, c.checkDeployment()...)
	out = append(out, c.checkCookie()...)
	out = append(out, c.HTTP.checkOrigins()...)
	out = append(out, c.Invites.check()...)
	out = append(out, c.Deletion.check()...)
	out = append(out, c.Auth.MFA.check()...)
	out = append(out, c.Events.check()...)
	out = append(out, c.Mail.check()...)
	out = append(out, c.Pages.check()...)
	out = append(out, c.Limits.check()...)
	out = append(out, checkNetworks("http.trusted_proxies", c.HTTP.TrustedProxies)...)
	if !unread["auth.providers"] {
		out = append(out, c.checkProviders()...)
	}
	return slices.DeleteFunc(out, func(p Problem) bool { return unread[p.Key] })
}

// checkValues applies the tags oneof and min.
func (c *Config) checkValues() Problems {
	var out Problems
	value := reflect.ValueOf(c).Elem()
	for _, s := range settings() {
		out = append(out, checkTags(s.key, value.FieldByIndex(s.index), s.tag)...)
	}
	return out
}

func checkTags(key string, field reflect.Value, tag reflect.StructTag) Problems {
	var out Problems
	if allowed := tag.Get("oneof"); allowed != "" {
		if values := strings.Split(allowed, ","); !slices.Contains(values, field.String()) {
			out = append(out, Problem{key, fmt.Sprintf("%q is none of %s", field.String(), strings.Join(values, ", "))})
		}
	}
	if least := tag.Get("min"); least != "" {
		out = append(out, checkMin(key, field, least)...)
	}
	return out
}

// Off switches a part off where an address is expected.
const Off = "off"

func checkMin(key string, field reflect.Value, least string) Problems {
	if field.Type() == reflect.TypeFor[Span]() {
		if bound, err := ParseSpan(least); err == nil && Span(field.Int()) < bound {
			return Problems{{key, fmt.Sprintf("%s is too short, %s is the least", Span(field.Int()), bound)}}
		}
		return nil
	}
	if bound, err := strconv.ParseInt(least, 10, 64); err == nil && field.Int() < bound {
		return Problems{{key, fmt.Sprintf("%d is too small, %d is the least", field.Int(), bound)}}
	}
	return nil
}

func checkAddress(key, address string) Problems {
	_, port, err := net.SplitHostPort(address)
	if n, numeric := strconv.Atoi(port); err == nil && numeric == nil && n >= 0 && n < 1<<16 {
		return nil
	}
	return Problems{{key, fmt.Sprintf("%q is not host:port", address)}}
}

func (c *Config) checkCookie() Problems {
	var out Problems
	if c.Session.AbsoluteTTL < c.Session.TTL {
		out = append(out, Problem{"session_options.absolute_ttl", "a session cannot end before it has been idle for session_options.ttl"})
	}
	if c.Cookie.SameSite == "none" && c.Cookie.Secure == "false" {
		out = append(out, Problem{"cookie_options.secure", "browsers drop a cookie with same_site none that is not secure"})
	}
	return out
}

// checkProviders sees to it that ids are unique. Whether the allow-lists name
// real ones is known only where custom providers are registered.
func (c *Config) checkProviders() Problems {
	var out Problems
	ids := map[string]bool{}
	for _, p := range c.Auth.Providers {
		if ids[p.ID] {
			out = append(out, Problem{"auth.providers", fmt.Sprintf("the id %q is given twice", p.ID)})
		}
		ids[p.ID] = true
	}
	return out
}
