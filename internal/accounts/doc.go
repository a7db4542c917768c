// Package accounts holds the rules about accounts, API keys and roles that the
// API, the workflows and the command line share: which e-mails are accepted,
// what a changed e-mail entails, how keys are generated, which policies are
// built in. It contains no messages: a refusal names a reason, which the API
// words.
package accounts
