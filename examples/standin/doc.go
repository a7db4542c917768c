// Package standin is a small OpenID provider for examples: it stands in for
// providers such as Google, so that no client id is needed. On its page the user
// chooses an account or cancels.
//
// It has no passwords, so it is only for examples.
package standin
