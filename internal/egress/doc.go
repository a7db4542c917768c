// Package egress decides where this service may connect to when somebody else
// says where: webhooks, OpenID providers. It refuses addresses of one's own
// network, behind which are databases and metadata services that trust whoever
// reaches them.
package egress
