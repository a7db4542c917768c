package pages

import (
	"net/http"
)

// verifyStep says that an address has to be verified, and has the mail sent again.
func verifyStep(v *Visit) step {
	return step{
		Name: "verify", Title: v.T("signin.verify_title"), Lead: v.T("signin.verify", "Email", v.Pending().Email), Mail: true,
		Form: &Form{Button: v.T("signin.verify_button")}, Links: []link{toSignIn(v)},
	}
}

// verifyFirst has an address verified before there is an account.
func (v *Visit) verifyFirst(token, email string) error {
	p := v.Pending()
	p.Token, p.Email = token, email
	v.Keep(p)
	if err := v.sendVerification(); err != nil {
		return err
	}
	return v.Redirect(v.Path("verify"))
}

// sendVerification has the link mailed. For an address that was verified meanwhile none is.
func (v *Visit) sendVerification() error {
	p := v.Pending()
	_, err := v.Do(Call{Path: "/auth/verification/request", Bearer: p.Token, Body: map[string]string{
		"entity_type": "email", "entity_id": p.Email, "code_provider": "token",
	}})
	return err
}

func showVerify(v *Visit) error {
	if token, err := v.withToken(); token == "" {
		return err
	}
	return verifyStep(v).show(v, 0)
}

func requestVerification(v *Visit) error {
	if token, err := v.withToken(); token == "" {
		return err
	}
	s := verifyStep(v)
	return s.submit(v, func() error {
		if err := v.sendVerification(); err != nil {
			return err
		}
		v.Notice("signin.verify_sent", v.Pending().Email)
		return v.Redirect(v.Path("verify"))
	})
}

func verifyEmailStep(v *Visit) step {
	return step{
		Name: "verify-email", Title: v.T("signin.verify_email_title"), Lead: v.T("signin.verify_email"),
		Form: &Form{Button: v.T("signin.verify_email_button")}, Links: []link{toSignIn(v)},
	}
}

func showVerifyEmail(v *Visit) error { return verifyEmailStep(v).show(v, 0) }

// verifyEmail verifies an address with the code of the link. In the browser in which the
// sign-up began it goes on from there.
func verifyEmail(v *Visit) error {
	s := verifyEmailStep(v)
	return s.submit(v, func() error {
		p := v.Pending()
		err := v.Post("/auth/verification/confirm", map[string]string{"code": p.Link, "code_provider": "token"}, nil)
		if err != nil {
			return err
		}
		if p.Token == "" {
			return v.done("signin.verify_done")
		}
		p.Link = ""
		v.Keep(p)
		return renewed(v, p.Token)
	})
}

func confirmEmailStep(v *Visit) step {
	return step{
		Name: "email-confirm", Title: v.T("signin.confirm_email_title"), Lead: v.T("signin.confirm_email"),
		Form: &Form{Button: v.T("signin.confirm_email_button")}, Links: []link{toSignIn(v)},
	}
}

func showConfirmEmail(v *Visit) error { return confirmEmailStep(v).show(v, 0) }

// confirmEmail changes the address of the account that is signed in: the link proves who
// reads the address, the session whose account it is.
func confirmEmail(v *Visit) error {
	s := confirmEmailStep(v)
	return s.submit(v, func() error {
		p := v.Pending()
		err := v.Post(v.accountRoute()+"/me/email/confirm", map[string]string{"token": p.Link}, nil)
		if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized && refused.Reason == "unauthenticated" {
			v.Notice("signin.confirm_email_sign_in", "")
			return v.signInFirst("email/confirm")
		}
		if err != nil {
			return err
		}
		p.Link = ""
		v.Keep(p)
		v.Notice("signin.confirm_email_done", "")
		return v.Redirect(v.Path("account"))
	})
}

func undoEmailStep(v *Visit) step {
	return step{
		Name: "email-undo", Title: v.T("signin.undo_email_title"), Lead: v.T("signin.undo_email"),
		Form: &Form{Button: v.T("signin.undo_email_button")}, Links: []link{toSignIn(v)},
	}
}

func showUndoEmail(v *Visit) error { return undoEmailStep(v).show(v, 0) }

// undoEmail restores the previous address and leads to a new password: the person who made
// the change may know the current one.
func undoEmail(v *Visit) error {
	s := undoEmailStep(v)
	return s.submit(v, func() error {
		p := v.Pending()
		if err := v.Post(v.accountRoute()+"/me/email/undo", map[string]string{"token": p.Link}, nil); err != nil {
			return err
		}
		return v.thenReset(p, "signin.undo_email_done")
	})
}

func (v *Visit) thenReset(p Pending, notice string) error {
	p.Link = ""
	v.Keep(p)
	v.Notice(notice, "")
	return v.Redirect(v.Path("forgot"))
}

func notMeStep(v *Visit) step {
	return step{
		Name: "not-me", Title: v.T("signin.not_me_title"), Lead: v.T("signin.not_me"),
		Form: &Form{Button: v.T("signin.not_me_button"), Danger: true}, Links: []link{toSignIn(v)},
	}
}

func showNotMe(v *Visit) error { return notMeStep(v).show(v, 0) }

// notMe ends a sign-in that its owner did not make, and leads to a new password.
func notMe(v *Visit) error {
	s := notMeStep(v)
	return s.submit(v, func() error {
		p := v.Pending()
		if err := v.Post("/auth/sessions/disown", map[string]string{"token": p.Link}, nil); err != nil {
			return err
		}
		return v.thenReset(p, "signin.not_me_done")
	})
}
