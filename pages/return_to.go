package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"

	"github.com/everlatch/everlatch/internal/returnto"
)

// returnArea is what leads back to a storefront that sent its visitor here to sign in
// (docs/guides/embed-storefront.md).
func returnArea() Area {
	return Area{Name: "return", Files: embedded, Routes: map[string]Handler{
		"GET /ui/{actor_type}/continue":  showContinue,
		"POST /ui/{actor_type}/continue": continueAs,
		"GET /ui/{actor_type}/another":   showAnother,
		"POST /ui/{actor_type}/another":  signIn,
	}}
}

// codesRoute makes the code that a storefront exchanges for a token.
const codesRoute = "/auth/authorization-codes"

const (
	reasonReturn    = "page_return_to"
	reasonChallenge = "page_challenge"
	// maxState bounds what a storefront wants to get again, in bytes.
	maxState = 512
)

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// ReturnAllowed reports whether a sign-in may lead to a URL: a page of this service, or
// what the allow-list has.
func (s *Site) ReturnAllowed(to string) bool { return ownPath(to) || s.returnTo.Allows(to) }

// asked is what a query says about where a sign-in leads. A storefront has to send a
// challenge along, because it gets a code; a page of this service needs none.
func (v *Visit) asked(query url.Values) (Pending, error) {
	p := Pending{
		ReturnTo: query.Get("return_to"), State: query.Get("state"),
		CodeChallenge: query.Get("code_challenge"), ChallengeMethod: query.Get("code_challenge_method"),
	}
	switch {
	case !v.site.ReturnAllowed(p.ReturnTo):
		return p, &RefusalError{Status: http.StatusBadRequest, Reason: reasonReturn}
	case ownPath(p.ReturnTo):
		return Pending{ReturnTo: p.ReturnTo}, nil
	case !challengeForm.MatchString(p.CodeChallenge) || p.ChallengeMethod != "S256" || len(p.State) > maxState:
		return p, &RefusalError{Status: http.StatusBadRequest, Reason: reasonChallenge}
	}
	return p, nil
}

// forStorefront reports whether a sign-in leads to a storefront.
func (p Pending) forStorefront() bool { return p.ReturnTo != "" && !ownPath(p.ReturnTo) }

// handOver leads the visitor to the storefront with a code for the token of their sign-in.
// Without a bearer the code is for the session of the browser. The address is checked
// again by the API, which makes no code for one that isn't allowed.
func handOver(v *Visit, p Pending, bearer string) error {
	var made struct {
		Code string `json:"code"`
	}
	_, err := v.Do(Call{Path: codesRoute, Bearer: bearer, Body: map[string]string{
		"return_to": p.ReturnTo, "code_challenge": p.CodeChallenge, "code_challenge_method": p.ChallengeMethod,
	}, Into: &made})
	if err != nil {
		return err
	}
	v.Forget()
	answer := url.Values{"code": {made.Code}}
	if p.State != "" {
		answer.Set("state", p.State)
	}
	return v.Leave(returnto.With(p.ReturnTo, answer))
}

// meRoute returns the route and the name of the signed-in account of an actor type.
func meRoute(actorType string) string {
	switch actorType {
	case "customer":
		return "/store/customers/me"
	case "user":
		return "/admin/users/me"
	}
	return "/" + url.PathEscape(actorType) + "/me"
}

// signedInAs returns by what the visitor knows the account that this browser is signed in
// to, "" where it is not.
func (v *Visit) signedInAs() string {
	var answer map[string]struct {
		ID    string `json:"id"`
		Email string `json:"email"`
	}
	if err := v.Get(meRoute(v.ActorType), &answer); err != nil {
		return "" // then a sign-in says what is wrong
	}
	for _, account := range answer {
		return cmp.Or(account.Email, account.ID)
	}
	return ""
}

// offersToContinue leads a visitor who is signed in already to the question whether to go
// on with that account, and reports whether it has. They are asked, because the storefront
// learns who is at the browser: no link and no hidden frame may find that out without a
// click.
func offersToContinue(v *Visit) (bool, error) {
	if !v.Pending().forStorefront() || v.signedInAs() == "" {
		return false, nil
	}
	return true, v.Redirect(v.Path("continue"))
}

func showContinue(v *Visit) error {
	p := v.Pending()
	name := v.signedInAs()
	to, err := url.Parse(p.ReturnTo)
	if err != nil || name == "" || !p.forStorefront() || !v.site.ReturnAllowed(p.ReturnTo) {
		return v.Redirect(v.Path(""))
	}
	return v.Show(http.StatusOK, "return/continue", struct{ Name, Host string }{name, to.Host})
}

// continueAs goes on with the account that the browser is signed in to.
func continueAs(v *Visit) error {
	p := v.Pending()
	if !p.forStorefront() || v.signedInAs() == "" {
		return v.Redirect(v.Path(""))
	}
	return handOver(v, p, "")
}

// showAnother is the sign-in page for a visitor who is signed in, and wants another account.
func showAnother(v *Visit) error {
	return showSignInWith(v, http.StatusOK, passwordForm(v))
}
