package pages

import "net/http"

// step is the data of signin/step: a page with one form, or one that only says something.
type step struct {
	// Name tells the pages apart, for templates of a brand.
	Name        string
	Title, Lead string
	Form        *Form
	// Links are shown below the form.
	Links []link
	// Mail says that the next step is in a mail.
	Mail bool
}

// link leads to a page of the actor type. Ask is the question that it answers.
type link struct{ Ask, Label, Page string }

// show answers with a step. status is that of a refusal, 0 for none.
func (s step) show(v *Visit, status int) error {
	if status == 0 {
		status = http.StatusOK
	}
	return v.Show(status, "signin/step", s)
}

// submit reads the form of a step and does what it is for. A refusal is shown in it.
func (s step) submit(v *Visit, do func() error) error {
	if !s.Form.Read(v) {
		return s.show(v, incomplete)
	}
	return s.settle(v, do())
}

// settle shows what do has refused, and passes on every other outcome.
func (s step) settle(v *Visit, err error) error {
	if err == nil {
		return nil
	}
	status, err := s.Form.Refuse(v, err)
	if err != nil {
		return err
	}
	return s.show(v, status)
}

// toSignIn is the way out of most steps.
func toSignIn(v *Visit) link { return link{Label: v.T("signin.back_to_sign_in")} }

// landings are the pages of links in mails, and the pages that go on without the token in
// their URL.
var landings = map[string]string{
	"reset-password":       "reset",
	"confirm-registration": "confirm-registration",
	"confirm-email":        "email/confirm",
	"undo-email":           "email/undo",
	"verify-email":         "verify-email",
	"sign-in-link":         "sign-in-link",
	"not-me":               "not-me",
	"invite":               "invite",
}

// landed takes the token of a link out of the URL, into the cookie, and reports whether it
// has: then the browser is on its way to the page without it. Nothing is confirmed by that,
// because scanners of mails open links, too.
func landed(v *Visit, page string) (bool, error) {
	query := v.R.URL.Query()
	token := query.Get("token")
	if token == "" {
		token = query.Get("code")
	}
	if token == "" {
		return false, nil
	}
	p := v.Pending()
	p.Link, p.Email = token, query.Get("email")
	v.Keep(p)
	return true, v.Redirect(v.Path(landings[page]))
}

// landing is the page of a link that needs its token.
func landing(page string, show Handler) Handler {
	return func(v *Visit) error {
		if done, err := landed(v, page); done || err != nil {
			return err
		}
		if v.Pending().Link == "" {
			return v.linkMissing(page)
		}
		return show(v)
	}
}

// withLink is a form that needs the token of a link.
func withLink(page string, submit Handler) Handler {
	return func(v *Visit) error {
		if v.Pending().Link == "" {
			return v.linkMissing(page)
		}
		return submit(v)
	}
}

// linkMissing says that a page needs the link of a mail, which a browser that was away for
// longer than the cookie lasts doesn't have.
func (v *Visit) linkMissing(page string) error {
	return step{
		Name: page, Title: v.T("signin.link_missing_title"), Lead: v.T("signin.link_missing"), Links: []link{toSignIn(v)},
	}.show(v, http.StatusBadRequest)
}

// done forgets the link and says what was done, on the sign-in page.
func (v *Visit) done(notice string) error {
	p := v.Pending()
	p.Link = ""
	v.Keep(p)
	v.Notice(notice, "")
	return v.Redirect(v.Path(""))
}
