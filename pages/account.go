package pages

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

const (
	accountPath = "account"
	// at is the path of the account page in routes.
	at = Prefix + "{actor_type}/account"
)

// accountArea is what a person does with their own account, once signed in.
func accountArea() Area {
	routes := map[string]Handler{
		"GET " + at + "/confirm":          showConfirm,
		"POST " + at + "/confirm":         confirm,
		"POST " + at + "/confirm/prompt":  promptConfirm,
		"POST " + at + "/confirm/options": confirmOptions,
		"GET " + at + "/deleted":          showDeleted,
	}
	for pattern, handle := range map[string]Handler{
		"GET " + at:                      showProfile,
		"POST " + at:                     changeProfile,
		"GET " + at + "/language":        showMailLanguage,
		"POST " + at + "/language":       setMailLanguage,
		"GET " + at + "/addresses":       showAddresses,
		"GET " + at + "/addresses/new":   showNewAddress,
		"POST " + at + "/addresses/new":  addAddress,
		"GET " + at + "/addresses/{id}":  showAddress,
		"POST " + at + "/addresses/{id}": changeAddress,

		"GET " + at + "/security":               showSecurity,
		"GET " + at + "/email":                  showEmail,
		"POST " + at + "/email":                 requestEmail,
		"GET " + at + "/password":               showPassword,
		"POST " + at + "/password":              mailPassword,
		"GET " + at + "/add/{provider}":         showAdd,
		"POST " + at + "/add/{provider}":        add,
		"POST " + at + "/add/passkey/options":   newPasskeyOptions,
		"GET " + at + "/ways/{id}":              showWay,
		"POST " + at + "/ways/{id}":             renameWay,
		"POST " + at + "/ways/{id}/remove":      removeWay,
		"POST " + at + "/addresses/{id}/remove": removeAddress,

		"GET " + at + "/factors/new":              showNewFactor,
		"POST " + at + "/factors/new":             addFactor,
		"GET " + at + "/factors/passkey":          showNewKey,
		"POST " + at + "/factors/passkey":         addKey,
		"POST " + at + "/factors/passkey/options": newKeyOptions,
		"GET " + at + "/factors/{id}":             showFactor,
		"POST " + at + "/factors/{id}":            renameFactor,
		"POST " + at + "/factors/{id}/remove":     removeFactor,
		"GET " + at + "/recovery-codes":           showRecoveryCodes,
		"POST " + at + "/recovery-codes":          makeRecoveryCodes,

		"GET " + at + "/sessions":             showSessions,
		"POST " + at + "/sessions/end":        endSession,
		"POST " + at + "/sessions/end-others": endOtherSessions,
		"GET " + at + "/activity":             showActivity,
		"GET " + at + "/data":                 showData,
		"GET " + at + "/data/download":        download,
		"GET " + at + "/delete":               showDelete,
		"POST " + at + "/delete":              deleteAccount,
	} {
		routes[pattern] = signedIn(handle)
	}
	for _, action := range []string{"/ways/{id}/remove", "/addresses/{id}/remove", "/factors/{id}/remove", "/sessions/end", "/sessions/end-others", "/confirm/prompt"} {
		routes["GET "+at+action] = toPageOfAction // a reader who chooses a language after a refusal
	}
	return Area{Name: accountPath, Files: embedded, Routes: routes}
}

// The sections of the account page, for its navigation.
const (
	sectionProfile   = "profile"
	sectionAddresses = "addresses"
	sectionSecurity  = "security"
	sectionSessions  = "sessions"
	sectionActivity  = "activity"
	sectionData      = "data"
)

// accountView is what all pages of the account have in common.
type accountView struct {
	// Section is the one that the page belongs to.
	Section string
	// Customer says that the account is a customer's, which has addresses.
	Customer bool
}

func (v *Visit) section(name string) accountView {
	return accountView{Section: name, Customer: v.ActorType == actorCustomer}
}

// The actor types that the service knows by itself; all others are the program's own.
const (
	actorCustomer = "customer"
	actorUser     = "user"
)

// signedIn has visitors without a session sign in first, and those whose sign-in is too
// old for what they want prove that they are who they were. Both return to where they were.
func signedIn(handle Handler) Handler {
	return func(v *Visit) error {
		err := handle(v)
		refused, ok := Refused(err)
		if !ok || refused.Status != http.StatusUnauthorized {
			return err
		}
		back := pageOfAction(v.R.URL.Path)
		switch refused.Reason {
		case reasonSignInTooOld, reasonFactorMissing, reasonFactorTooOld, reasonFactorToRemove:
			return v.Redirect(ConfirmPath(v.ActorType, back, refused.Reason != reasonSignInTooOld))
		case reasonUnauthenticated:
			return v.Redirect(v.Path("") + "?" + url.Values{"return_to": {back}}.Encode())
		}
		return err
	}
}

// The reasons of the API by which a session is not enough.
const (
	reasonUnauthenticated = "unauthenticated"
	reasonSignInTooOld    = "sign_in_too_old"
	reasonFactorMissing   = "factor_missing"
	reasonFactorTooOld    = "factor_too_old"
	reasonFactorToRemove  = "factor_too_old_to_remove"
)

// account returns the path of a page of the account; "" is the account page itself.
func (v *Visit) account(page string) string { return path.Join(v.Path(accountPath), page) }

// actions are the last parts of the paths of forms that have no page of their own.
var actions = []string{"remove", "end", "end-others", "options", "prompt"}

// pageOfAction returns the page that a form is on.
func pageOfAction(p string) string {
	if slices.Contains(actions, path.Base(p)) {
		return path.Dir(p)
	}
	return strings.TrimSuffix(p, "/download")
}

func toPageOfAction(v *Visit) error { return v.Redirect(pageOfAction(v.R.URL.Path)) }

// refuse shows a page again, with a form that says what was refused. What the visitor has
// to prove first is not about the form.
func (v *Visit) refuse(form *Form, err error, page string, data any) error {
	if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized {
		return err
	}
	status, err := form.Refuse(v, err)
	if err != nil {
		return err
	}
	return v.Show(status, page, data)
}
