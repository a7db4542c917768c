package tokens

// Registration is the content of a token that confirms a registration. The flow
// ConfirmedRegistration knows which ids are valid; the token alone creates nothing.
type Registration Reset

// IssueRegistration issues the token of a registration. Times are truncated to
// seconds.
func (t *Tokens) IssueRegistration(r Registration) (string, error) {
	return t.issueFor(PurposeRegistration, Reset(r))
}

// VerifyRegistration returns the content of the token of a registration. It fails
// like [Tokens.Verify].
func (t *Tokens) VerifyRegistration(raw string) (Registration, error) {
	r, err := t.verifyFor(PurposeRegistration, raw)
	return Registration(r), err
}
