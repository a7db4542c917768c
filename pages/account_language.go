package pages

import "net/http"

// languagePage is the data of account/language.
type languagePage struct {
	accountView

	Form *Form
}

// newLanguagePage offers the languages that mails are written in. Without a choice those
// that the person asks for follow their browser.
func newLanguagePage(v *Visit) (page languagePage, err error) {
	var answer struct {
		Language  string   `json:"language"`
		Languages []string `json:"languages"`
	}
	if err := v.Get("/auth/language", &answer); err != nil {
		return page, err
	}
	choices := []Choice{{"", v.T("account.language_of_request")}}
	for _, tag := range answer.Languages {
		name := tag
		if known := v.language.all.byTag[tag]; known != nil {
			name = known.text("base.language")
		}
		choices = append(choices, Choice{tag, name})
	}
	return languagePage{accountView: v.section(sectionProfile), Form: &Form{
		Button: v.T("account.save"), Fields: []Field{{
			Name: "language", Label: v.T("account.mail_language"), Type: "select", Options: choices, Value: answer.Language,
		}},
	}}, nil
}

func showMailLanguage(v *Visit) error {
	page, err := newLanguagePage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/language", page)
}

func setMailLanguage(v *Visit) error {
	page, err := newLanguagePage(v)
	if err != nil {
		return err
	}
	if !page.Form.Read(v) {
		return v.Show(incomplete, "account/language", page)
	}
	body := map[string]any{"language": nil}
	if chosen := page.Form.Field("language").Value; chosen != "" {
		body["language"] = chosen
	}
	if err := v.Post("/auth/language", body, nil); err != nil {
		return v.refuse(page.Form, err, "account/language", page)
	}
	v.Notice("account.mail_language_saved", "")
	return v.Redirect(v.Path(accountPath))
}
