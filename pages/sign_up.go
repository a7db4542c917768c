package pages

import (
	"net/http"
	"net/url"
)

// signUpStep asks for everything that a new account needs.
func signUpStep(v *Visit, rules signUpRules, passkey bool) step {
	form := &Form{Button: v.T("signin.sign_up"), Fields: []Field{v.emailField("username")}}
	form.Fields[0].Reasons = append(form.Fields[0].Reasons, "email_registered", "customer_email_taken", "account_email_taken")
	if !rules.ConfirmedByMail {
		form.Fields = append(form.Fields, v.newPassword(rules))
		form.Fields[1].Label = v.T("signin.password")
		if !rules.VerifiedFirst {
			form.Fields = append(form.Fields, rules.inputs(v)...)
		}
	}
	out := step{
		Name: "sign-up", Title: v.T("signin.sign_up_title"), Lead: v.T("signin.sign_up_lead", "Brand", v.site.opts.Brand), Form: form,
		Links: []link{{Ask: v.T("signin.have_account"), Label: v.T("signin.sign_in")}},
	}
	if passkey {
		out.Links = append([]link{{Label: v.T("signin.sign_up_passkey"), Page: "sign-up/passkey"}}, out.Links...)
	}
	return out
}

// newAccount reads the rules of sign-ups and which method has passwords. Where users are
// invited there is no such page.
func (v *Visit) newAccount() (rules signUpRules, provider string, err error) {
	if rules, err = v.signUpRules(); err != nil {
		return rules, "", err
	}
	have, err := v.methods()
	if err != nil {
		return rules, "", err
	}
	if provider = have.kind(kindPassword); provider == "" || !rules.Open {
		return rules, "", errNotFound
	}
	return rules, provider, nil
}

func showSignUp(v *Visit) error {
	if query := v.R.URL.Query(); query.Has("return_to") {
		return beginFor(v, query, "sign-up")
	}
	passkey, err := v.passkeySignUp()
	if err != nil {
		return err
	}
	rules, _, err := v.newAccount()
	if err != nil && passkey.possible { // there are no passwords
		return v.Redirect(v.Path("sign-up/passkey"))
	}
	if err != nil {
		return err
	}
	return signUpStep(v, rules, passkey.possible).show(v, 0)
}

func signUp(v *Visit) error {
	rules, provider, err := v.newAccount()
	if err != nil {
		return err
	}
	s := signUpStep(v, rules, false)
	return s.submit(v, func() error {
		body := map[string]any{"email": v.Value("email"), "password": v.Value("password")}
		switch {
		case rules.ConfirmedByMail:
			body["password"] = unusedPassword
		case !rules.VerifiedFirst:
			body["actor"] = rules.account(v)
		}
		var answer signInAnswer
		status, err := v.Do(Call{Path: v.authRoute(provider, "register"), Body: body, Into: &answer})
		switch {
		case err != nil:
			return err
		case rules.ConfirmedByMail && status == http.StatusAccepted:
			return v.sent("registration", v.Value("email"))
		case rules.VerifiedFirst:
			return v.verifyFirst(answer.Token, v.Value("email"))
		}
		return proceed(v, answer)
	})
}

// unusedPassword is sent with a registration that is confirmed by mail. The API checks its
// form and keeps nothing of it: the owner of the mailbox chooses one with the link.
const unusedPassword = "chosen with the link of the mail"

// confirmStep asks for the password and the account of a registration that is confirmed.
func confirmStep(v *Visit, rules signUpRules) step {
	return step{
		Name: "confirm-registration", Title: v.T("signin.confirm_title"), Lead: v.T("signin.confirm"),
		Form: &Form{Button: v.T("signin.sign_up"), Fields: append(v.passwordFor(rules), rules.inputs(v)...)}, Links: []link{toSignIn(v)},
	}
}

func showConfirmRegistration(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	return confirmStep(v, rules).show(v, 0)
}

func confirmRegistration(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	s := confirmStep(v, rules)
	return s.submit(v, func() error {
		p := v.Pending()
		body := map[string]any{"token": p.Link, "password": v.Value("password")}
		if rules.Open {
			body["actor"] = rules.account(v)
		}
		var answer signInAnswer
		path := v.authRoute(linkOf(p.Link).Provider, "register", "confirm")
		if _, err := v.Do(Call{Path: path, Body: body, Into: &answer}); err != nil {
			return err
		}
		p.Link = ""
		v.Keep(p)
		return proceed(v, answer)
	})
}

// completeStep asks an identity without an account for what the account needs, with what
// its provider says about it filled in.
func completeStep(v *Visit, rules signUpRules) step {
	s := step{
		Name: "complete", Title: v.T("signin.complete_title"), Lead: v.T("signin.complete", "Brand", v.site.opts.Brand),
		Form: &Form{Button: v.T("signin.sign_up"), Fields: rules.inputs(v)}, Links: []link{toSignIn(v)},
	}
	said := claimsOf(v.Pending().Token)
	for name, claim := range map[string]string{"first_name": "given_name", "last_name": "family_name"} {
		if f := s.Form.Field(prefixOfAccount + name); f != nil {
			f.Value = said.text(claim)
		}
	}
	return s
}

// withToken is a page that goes on with the token that waits.
func (v *Visit) withToken() (token string, err error) {
	if token = v.Pending().Token; token == "" {
		return "", v.Redirect(v.Path(""))
	}
	return token, nil
}

func showComplete(v *Visit) error {
	if token, err := v.withToken(); token == "" {
		return err
	}
	rules, err := v.signUpRules()
	switch {
	case err != nil:
		return err
	case !rules.Open:
		return step{
			Name: "no-account", Title: v.T("signin.no_account_title"), Lead: v.T("signin.no_account", "Brand", v.site.opts.Brand), Links: []link{toSignIn(v)},
		}.show(v, http.StatusForbidden)
	}
	return completeStep(v, rules).show(v, 0)
}

func complete(v *Visit) error {
	token, err := v.withToken()
	if token == "" {
		return err
	}
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	s := completeStep(v, rules)
	return s.submit(v, func() error {
		account := rules.account(v)
		if email := claimsOf(token).text("email"); email != "" && rules.asksEmail() {
			account["email"] = email
		} else if known := v.Pending().Email; known != "" && rules.asksEmail() {
			account["email"] = known
		}
		status, err := v.Do(Call{Path: v.accountRoute(), Bearer: token, Body: account})
		if err != nil {
			return err
		}
		if status == http.StatusAccepted {
			return v.Redirect(v.Path("waiting"))
		}
		return renewed(v, token)
	})
}

func (r signUpRules) asksEmail() bool {
	for _, f := range r.Fields {
		if f.Name == "email" {
			return true
		}
	}
	return false
}

// renewed goes on with a token that knows the account which was just made.
func renewed(v *Visit, token string) error {
	var answer signInAnswer
	if _, err := v.Do(Call{Method: http.MethodPost, Path: "/auth/token/refresh", Bearer: token, Into: &answer}); err != nil {
		return err
	}
	return proceed(v, answer)
}

func showWaiting(v *Visit) error {
	return step{
		Name: "waiting", Title: v.T("signin.waiting_title"), Lead: v.T("signin.waiting"), Links: []link{toSignIn(v)},
	}.show(v, 0)
}

// inviteStep asks an invited administrator for a password and their name.
func inviteStep(v *Visit, rules signUpRules) step {
	s := step{
		Name: "invite", Title: v.T("signin.invite_title"), Lead: v.T("signin.invite", "Brand", v.site.opts.Brand),
		Form: &Form{Button: v.T("signin.invite_button"), Fields: []Field{
			v.emailField("username"),
			{Name: "first_name", Label: v.T("signin.field_first_name"), Autocomplete: "given-name"},
			{Name: "last_name", Label: v.T("signin.field_last_name"), Autocomplete: "family-name"},
			v.newPassword(rules),
		}},
	}
	s.Form.Fields[3].Hint += " " + v.T("signin.invite_password_hint")
	if of := linkOf(v.Pending().Link); of.Email != "" {
		s.Form.Fields[0].Value = of.Email
	}
	return s
}

func showInvite(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	return inviteStep(v, rules).show(v, 0)
}

// acceptInvite registers the invited person, or signs in who has a password already, and
// makes them an administrator.
func acceptInvite(v *Visit) error {
	rules, err := v.signUpRules()
	if err != nil {
		return err
	}
	s := inviteStep(v, rules)
	return s.submit(v, func() error {
		login := map[string]string{"email": v.Value("email"), "password": v.Value("password")}
		var answer signInAnswer
		_, err := v.Do(Call{Path: v.authRoute(kindPassword, "register"), Body: login, Into: &answer})
		if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized {
			if _, again := v.Do(Call{Path: v.authRoute(kindPassword), Body: login, Into: &answer}); again == nil {
				err = nil
			}
		}
		if err != nil {
			return err
		}
		body := map[string]string{"token": v.Pending().Link}
		for _, name := range []string{"first_name", "last_name"} {
			if value := v.Value(name); value != "" {
				body[name] = value
			}
		}
		if _, err := v.Do(Call{Path: "/admin/invites/accept", Bearer: answer.Token, Body: body}); err != nil {
			return err
		}
		v.Forget()
		return renewed(v, answer.Token)
	})
}

// signInFirst leads to the sign-in and back to a page.
func (v *Visit) signInFirst(page string) error {
	return v.Redirect(v.Path("") + "?return_to=" + url.QueryEscape(v.Path(page)))
}
