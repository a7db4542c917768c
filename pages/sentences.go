package pages

import "regexp"

// sentence is what a refusal without a reason says: providers word theirs themselves, as the
// contract has it.
type sentence struct {
	text   *regexp.Regexp
	reason string
}

// sentences give those refusals a reason of the pages, by which they are translated and
// shown beside their field. The group of a pattern is the detail bound.
var sentences = []sentence{
	{regexp.MustCompile(`^Invalid email or password$`), "credentials_wrong"},
	{regexp.MustCompile(`^Identity with email already exists$`), "identity_taken"},
	{regexp.MustCompile(`^Email should be a valid email address$|^Enter your email address\.$`), "email_invalid"},
	{regexp.MustCompile(`^Password must have at least (\d+) characters\.$`), "password_short"},
	{regexp.MustCompile(`^Password must have at most (\d+) (?:characters|bytes)\.$`), "password_long"},
	{regexp.MustCompile(`^Password is one of the most common passwords`), "password_common"},
	{regexp.MustCompile(`^Authentication failed$|^No code provided$|^The provided callback URL is not allowed$`), "authentication_failed"},
	{regexp.MustCompile(`^The invite is for another email\.$`), "invite_other"},
	{regexp.MustCompile(`^The actor type .* is not allowed to use the auth provider `), "method_not_allowed"},
}

// name gives a refusal without a reason one by what it says.
func (r *RefusalError) name() {
	if r.Reason != "" || r.Message == "" {
		return
	}
	for _, s := range sentences {
		found := s.text.FindStringSubmatch(r.Message)
		if found == nil {
			continue
		}
		r.Reason = s.reason
		if len(found) > 1 {
			r.Details = map[string]string{"bound": found[1]}
		}
		return
	}
}
