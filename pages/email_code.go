package pages

import "net/http"

// codeStep asks for the address that gets a code.
func codeStep(v *Visit) step {
	return step{
		Name: "code", Title: v.T("signin.code_title"), Lead: v.T("signin.code"),
		Form:  &Form{Button: v.T("signin.code_button"), Fields: []Field{v.emailField("username")}},
		Links: []link{toSignIn(v)},
	}
}

func showCode(v *Visit) error { return codeStep(v).show(v, 0) }

// requestCode has a code mailed. What follows is the same for every address.
func requestCode(v *Visit) error {
	s := codeStep(v)
	return s.submit(v, func() error {
		if err := v.Post(v.authRoute(kindCode), map[string]string{"email": v.Value("email")}, nil); err != nil {
			return err
		}
		p := v.Pending()
		p.Email = v.Value("email")
		v.Keep(p)
		return v.Redirect(v.Path("code/enter"))
	})
}

func enterCodeStep(v *Visit) step {
	return step{
		Name: "code-enter", Title: v.T("signin.enter_code_title"), Lead: v.T("signin.enter_code", "Email", v.Pending().Email), Mail: true,
		Form: &Form{Button: v.T("signin.sign_in"), Fields: []Field{{
			Name: "code", Label: v.T("signin.code_field"), Type: "code", Autocomplete: "one-time-code", Required: true, Focus: true,
			Reasons: []string{"sign_in_code", "sign_in_code_exhausted"},
		}}},
		Links: []link{{Label: v.T("signin.new_code"), Page: "code"}, toSignIn(v)},
	}
}

func showEnterCode(v *Visit) error {
	if v.Pending().Email == "" {
		return v.Redirect(v.Path("code"))
	}
	return enterCodeStep(v).show(v, 0)
}

func enterCode(v *Visit) error {
	s := enterCodeStep(v)
	return s.submit(v, func() error {
		return endCode(v, map[string]string{"email": v.Pending().Email, "code": v.Value("code")})
	})
}

// endCode signs in with a code, or with the token of a link.
func endCode(v *Visit, body map[string]string) error {
	var answer signInAnswer
	if _, err := v.Do(Call{Method: http.MethodPost, Path: v.authRoute(kindCode, "callback"), Body: body, Into: &answer}); err != nil {
		return err
	}
	return proceed(v, answer)
}

func signInLinkStep(v *Visit) step {
	return step{
		Name: "sign-in-link", Title: v.T("signin.sign_in_to", "Brand", v.site.opts.Brand), Lead: v.T("signin.sign_in_link"),
		Form: &Form{Button: v.T("signin.sign_in")}, Links: []link{toSignIn(v)},
	}
}

func showSignInLink(v *Visit) error { return signInLinkStep(v).show(v, 0) }

func useSignInLink(v *Visit) error {
	s := signInLinkStep(v)
	return s.submit(v, func() error {
		p := v.Pending()
		token := p.Link
		p.Link = ""
		v.Keep(p) // what follows doesn't carry it on
		return endCode(v, map[string]string{"token": token})
	})
}
