package config

import (
	"maps"
	"net"
)

// defaultDashboard is the default of mail.urls for administrators: a path of the
// API at the default http.address.
const defaultDashboard = "http://localhost:9000/app"

// FollowAddress has the default link for administrators in mail.urls lead to the
// host:port that the API really listens on. A link that was set stays.
func (c *Config) FollowAddress(address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || c.Mail.URLs["user"] != defaultDashboard {
		return
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	c.Mail.URLs = maps.Clone(c.Mail.URLs)
	c.Mail.URLs["user"] = "http://" + net.JoinHostPort(host, port) + "/app"
}
