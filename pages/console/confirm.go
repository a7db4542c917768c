package console

import (
	"net/http"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

// confirmation is a page that asks before something is done. Page and form have the same
// path, so that a visitor who signs in again in between returns to the question.
type confirmation struct {
	// Title asks, Points say what will happen, and Button does it.
	Title  string
	Points []string
	Button string
	// Word has to be typed, "" for a click alone. Reason has the visitor say why.
	Word   string
	Reason bool
	// Back is where a change of mind leads.
	Back string
}

type confirmPage struct {
	frame
	confirmation

	Form *pages.Form
}

const confirmed = "confirmed"

// confirm shows a question, or does what was confirmed.
func (v *visit) confirm(c confirmation, do func() error) error {
	form := v.question(c)
	if v.R.Method != http.MethodPost {
		return v.show(http.StatusOK, "confirm", confirmPage{v.frame(), c, form})
	}
	status := http.StatusUnprocessableEntity
	switch word := form.Field("word"); {
	case v.R.PostFormValue(confirmed) == "": // a button elsewhere leads here
	case !form.Read(v.Visit):
	case word != nil && !strings.EqualFold(typed(word.Value), c.Word):
		word.Problem = v.T("console.other_word")
	default:
		err := do()
		if refused, ok := pages.Refused(err); !ok || refused.Status == http.StatusUnauthorized {
			return err
		}
		if status, err = form.Refuse(v.Visit, err); err != nil {
			return err
		}
	}
	return v.show(status, "confirm", confirmPage{v.frame(), c, form})
}

func (v *visit) question(c confirmation) *pages.Form {
	form := &pages.Form{Button: c.Button, Danger: true, Hidden: map[string]string{confirmed: "true"}}
	if c.Reason {
		form.Fields = append(form.Fields, pages.Field{
			Name: "reason", Label: v.T("console.reason"), Hint: v.T("console.reason_hint"), Required: true, Max: maxReason, Autocomplete: "off",
			Reasons: []string{"explanation_invalid"},
		})
	}
	if c.Word != "" {
		form.Fields = append(form.Fields, pages.Field{Name: "word", Label: v.T("console.type_word", "Word", c.Word), Required: true, Autocomplete: "off"})
	}
	return form
}

// typed is what was typed, or copied from a page whose script runs from right to left: such a
// text is between two characters that cannot be seen.
func typed(word string) string { return strings.Trim(word, " \t\u2068\u2069") }

// maxReason is what the API takes, which counts bytes.
const maxReason = 500

// irreversible is a page for what cannot be undone. It asks for a recent second factor
// before it shows the question, and again before it does what was confirmed.
func (c *console) irreversible(needs []string, handle handler) pages.Handler {
	return c.page(needs, func(v *visit) error {
		if !v.recent() {
			return v.stepUp(v.R.URL.EscapedPath())
		}
		return handle(v)
	})
}

// recent reports whether the caller has proved recently who they are. A second factor is
// what counts for those who have one.
func (v *visit) recent() bool {
	if v.session.HasFactor {
		return v.session.RecentFactor
	}
	return v.session.RecentSignIn
}

// showStepUp leads to where the caller proves again who they are, and from there to a page
// of the console.
func (c *console) showStepUp(v *visit) error {
	to := v.R.URL.Query().Get("return_to")
	if !inConsole(to) {
		to = Path
	}
	if v.recent() {
		return v.Redirect(to)
	}
	return v.stepUp(to)
}

// stepUp asks for the second factor of a caller who has one, and otherwise for a way to sign
// in, without ending the session.
func (v *visit) stepUp(to string) error {
	return v.Redirect(pages.ConfirmPath(ofUser, to, v.session.HasFactor))
}
