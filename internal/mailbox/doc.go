// Package mailbox says when two e-mail addresses are the same mailbox, so that
// providers, accounts and the store decide it by one rule.
package mailbox
