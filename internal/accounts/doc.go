// Package accounts holds the rules about accounts, API keys and roles that the
// API, the workflows and the command line share: which e-mails are accepted,
// what follows a changed e-mail, how a key is made, which policies are built in.
// It words nothing: a refusal names a reason, and the API has its sentence.
package accounts
