// Package emailcode is the provider whose users sign in with a code of six digits, or a
// link, that is mailed to them.
package emailcode
