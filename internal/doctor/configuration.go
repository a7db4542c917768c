package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/everlatch/everlatch/config"
)

// configuration looks at the settings alone. Those of dev need not be fit for production.
func (s *Subject) configuration(_ context.Context, n *notes) {
	s.unread(n)
	s.required(n)
	s.unmade(n)
	if s.Dev {
		for _, p := range s.Config.WeakSecrets() {
			n.warn(configurationSecrets, p.Key+": "+p.Message, "Only dev starts with it: make a strong one before you move on.")
		}
	} else {
		for _, d := range s.Config.Doubts(s.Now()) {
			n.warn("configuration."+string(d.Topic), d.Message, d.Advice)
		}
	}
	s.signIn(n)
	for _, sound := range []struct{ check, message string }{
		{configurationSettings, "every setting can be read"},
		{configurationSecrets, "secrets and keys are set and strong"},
		{configurationParts, "everything can be made of its settings"},
		{configurationMailLinks, "links in mails lead to public pages by https"},
		{configurationOrigins, "browsers are admitted from public origins by https"},
		{configurationCookies, "session cookies are Secure"},
		{configurationProxies, "the address of a caller is taken from trusted proxies"},
		{configurationCompatibility, "no exception for a migration is on"},
	} {
		forProduction := sound.check != configurationSettings && sound.check != configurationSecrets && sound.check != configurationParts
		switch {
		case n.has(sound.check):
		case s.Dev && forProduction:
			n.add(Finding{Check: sound.check, Status: Skipped, Message: "dev needs none of it"})
		case sound.check == configurationMailLinks && s.Config.Mail.SMTP.Address == "":
			n.add(Finding{Check: sound.check, Status: Skipped, Message: "no mail is sent"})
		default:
			n.ok(sound.check, "%s", sound.message)
		}
	}
}

// signIn says how sign-ins run, with Temporal and without.
func (s *Subject) signIn(n *notes) {
	mode, away := s.Config.Auth.SignIn.Mode, s.Config.Auth.SignIn.WhenTemporalAway
	switch {
	case mode == config.SignInDirect:
		n.ok(configurationSignIn, "sign-ins have no workflow (auth.sign_in.mode is direct)")
	case away == config.AwayDirect:
		n.ok(configurationSignIn, "sign-ins are workflows, and go on without them while Temporal is away")
	default:
		n.warn(configurationSignIn, "sign-ins are workflows, and each is answered 503 while Temporal is away", "Set auth.sign_in.when_temporal_is_away to direct, unless every sign-in must be in Temporal's history.")
	}
}

func (s *Subject) unread(n *notes) {
	problems, _ := errors.AsType[config.Problems](s.Unread)
	for _, p := range problems {
		n.problem(configurationSettings, p, "Correct it; docs/configuration.md says what each setting takes.")
	}
	if s.Unread != nil && len(problems) == 0 {
		n.fault(configurationSettings, s.Unread.Error(), "Correct it; docs/configuration.md says what each setting takes.")
	}
}

// problem is a fault in the words of the configuration, which often ends with what to do.
func (n *notes) problem(check string, p config.Problem, advice string) {
	message, remedy, found := strings.Cut(p.Message, "; ")
	switch {
	case found && strings.Contains(remedy, "://"): // a form
		advice = "Set it to " + remedy + "."
	case found:
		advice = sentence(remedy)
	}
	n.fault(check, p.Key+": "+message, advice)
}

// required looks for what no process starts without.
func (s *Subject) required(n *notes) {
	require := s.Config.Require
	if s.Dev {
		require = s.Config.RequireDev
	}
	problems, _ := errors.AsType[config.Problems](require())
	for _, p := range problems {
		check := configurationSecrets
		switch {
		case strings.HasPrefix(p.Key, "mail."):
			check = configurationMailLinks
		case strings.HasPrefix(p.Key, "database."), strings.HasPrefix(p.Key, "auth."):
			check = configurationSettings
		}
		n.problem(check, p, "Set it; docs/configuration.md says how.")
	}
}

// unmade reports what cannot be made of the settings, a finding each.
func (s *Subject) unmade(n *notes) {
	for _, err := range split(s.Unmade) {
		n.fault(configurationParts, err.Error(), "Correct the setting; docs/configuration.md and docs/guides/provider-options.md describe them.")
	}
	for _, remark := range s.Remarks {
		n.warn(configurationParts, remark, "Register it in auth.providers, or take it out of the list.")
	}
}

// split returns the errors that were joined to one, however deep.
func split(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var out []error
	for _, one := range several.Unwrap() {
		out = append(out, split(one)...)
	}
	return out
}

// sentence makes one of a phrase.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, `"`) || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
