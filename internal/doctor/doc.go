// Package doctor looks at everything that an installation depends on: its settings, the
// database, Temporal, the mail server, the services of providers, the targets of webhooks,
// and their clocks. Each finding says in a sentence what is wrong and in another what to do.
//
// It changes nothing, shows no secret, and ends in time: a part that hangs becomes a finding
// and stops no other one.
package doctor
