// Package codes holds the built-in code providers: "token", the random text in the link
// of a mail, and "otp", six digits that a user types.
package codes
