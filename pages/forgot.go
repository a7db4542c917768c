package pages

import (
	"net/url"
)

// forgotStep asks for the address of an account whose password is forgotten.
func forgotStep(v *Visit) step {
	return step{
		Name: "forgot", Title: v.T("signin.forgot_title"), Lead: v.T("signin.forgot"),
		Form:  &Form{Button: v.T("signin.forgot_button"), Fields: []Field{v.emailField("username")}},
		Links: []link{toSignIn(v)},
	}
}

func showForgot(v *Visit) error { return forgotStep(v).show(v, 0) }

// forgot has a link mailed. What follows is the same for every address.
func forgot(v *Visit) error {
	s := forgotStep(v)
	return s.submit(v, func() error {
		have, err := v.methods()
		if err != nil {
			return err
		}
		id := have.kind(kindPassword)
		if id == "" {
			return errNotFound
		}
		err = v.Post(v.authRoute(id, "reset-password"), map[string]string{"identifier": v.Value("email")}, nil)
		if err != nil {
			return err
		}
		return v.sent("reset", v.Value("email"))
	})
}

// sent says that a mail is on its way, whether or not it is.
func (v *Visit) sent(what, email string) error {
	p := v.Pending()
	p.Email = email
	v.Keep(p)
	return v.Redirect(v.Path("sent/" + what))
}

func showSent(v *Visit) error {
	what := v.R.PathValue("what")
	if what != "reset" && what != "registration" {
		return errNotFound
	}
	if v.Pending().Email == "" { // there is nothing to tell
		return v.Redirect(v.Path(map[string]string{"reset": "forgot", "registration": "sign-up"}[what]))
	}
	return step{
		Name: "sent", Title: v.T("signin.sent_title"), Lead: v.T("signin.sent_"+what, "Email", v.Pending().Email), Mail: true,
		Links: []link{toSignIn(v)},
	}.show(v, 0)
}

// fromResetMail is the page that mails about passwords link to, with a token or without.
func fromResetMail(v *Visit) error {
	if done, err := landed(v, "reset-password"); done || err != nil {
		return err
	}
	return v.Redirect(v.Path("forgot"))
}

// newPassword asks for a new password, and says what it must be.
func (v *Visit) newPassword(rules signUpRules) Field {
	out := Field{
		Name: "password", Label: v.T("signin.new_password"), Type: "password", Autocomplete: "new-password", Required: true,
		Hint: v.T("signin.password_advice"), Reasons: passwordReasons,
	}
	if rules.Password != nil && rules.Password.MinLength > 1 {
		out.Hint = v.T("base.sentences", "First", v.T("signin.password_hint", "Least", v.language.number(rules.Password.MinLength)), "Second", out.Hint)
	}
	return out
}

// passwordReasons are the refusals of a new password.
var passwordReasons = []string{"password_short", "password_long", "password_common"}

func resetStep(v *Visit, rules signUpRules) step {
	return step{
		Name: "reset", Title: v.T("signin.reset_title"), Lead: v.T("signin.reset"),
		Form: &Form{Button: v.T("signin.reset_button"), Fields: v.passwordFor(rules)}, Links: []link{toSignIn(v)},
	}
}

// passwordFor asks for a new password of the account that a link is about.
func (v *Visit) passwordFor(rules signUpRules) []Field {
	if v.Pending().Email == "" {
		return []Field{v.newPassword(rules)}
	}
	return []Field{v.accountField(), v.newPassword(rules)}
}

// accountField tells password managers which account a new password belongs to.
func (v *Visit) accountField() Field {
	return Field{Name: "username", Label: v.T("signin.email"), Type: "email", Value: v.Pending().Email, Autocomplete: "username", ReadOnly: true, Required: true}
}

func showReset(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	return resetStep(v, rules).show(v, 0)
}

// reset changes a password with the token of the link, which says of which provider.
func reset(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	s := resetStep(v, rules)
	return s.submit(v, func() error {
		token := v.Pending().Link
		of := linkOf(token)
		path := "/auth/" + url.PathEscape(v.ActorType) + "/" + url.PathEscape(of.Provider) + "/update"
		if _, err := v.Do(Call{Path: path, Bearer: token, Body: map[string]string{"password": v.Value("password")}}); err != nil {
			return err
		}
		return v.done("signin.reset_done")
	})
}
