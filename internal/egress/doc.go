// Package egress restricts outgoing connections to addresses that come from
// configuration or users, such as webhooks and OpenID providers. It blocks
// addresses of internal networks, where databases and metadata services trust
// every client that can connect.
package egress
