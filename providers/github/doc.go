// Package github signs people in with GitHub, or with a GitHub Enterprise Server
// (docs/contract.md#s3-5).
//
// Who somebody is says the number of their account, which never changes; logins
// and addresses do. Their address is the primary one, and only when GitHub says
// that it is verified: anything weaker would let an account be taken over by
// adding its address to a GitHub account (see [Options.RequireVerifiedEmail]).
//
// # Secrets
//
// The client secret, codes, verifiers and tokens travel in bodies and headers,
// never in a URL (docs/weak-spots.md#w47). No error holds them, in its message or in its cause; what
// GitHub says in words is left out for that reason. Tokens are forgotten after
// use unless [Options.KeepTokens] asks for them (docs/weak-spots.md#w50).
//
// # Answers and outages
//
// No answer and a status of 5xx are outages ([everlatch.CodeUnavailable]), as is
// an exceeded rate limit of the API. Every other answer that is not what was
// asked for is a refusal: a code is good for one answer. When that answer is lost
// on its way, the next attempt with the same code is refused.
package github
