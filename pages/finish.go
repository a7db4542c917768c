package pages

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// signInAnswer is what the API answers to a proven first factor, and to a second one.
type signInAnswer struct {
	// Token is empty while a request waits for an approval.
	Token string `json:"token"`
	// Challenge is due if MFARequired.
	MFARequired bool       `json:"mfa_required"`
	Challenge   *Challenge `json:"mfa_challenge"`
	// VerificationRequired says that an address has to be verified first.
	VerificationRequired bool `json:"verification_required"`
	Verification         *struct {
		EntityID string `json:"entity_id"`
	} `json:"verification"`
}

// claims are what a token says about itself. The pages only choose the next one by them;
// the API verifies the token.
type claims struct {
	ActorID      string         `json:"actor_id"`
	IdentityID   string         `json:"auth_identity_id"`
	UserMetadata map[string]any `json:"user_metadata"`
}

func claimsOf(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
		_ = json.Unmarshal(payload, &c) // without claims there is no account
	}
	return c
}

// text returns a text of the profile at the provider, "" for none.
func (c claims) text(name string) string {
	value, _ := c.UserMetadata[name].(string)
	return value
}

// proceed goes on with what the API still asks for. Every way of signing in comes here.
func proceed(v *Visit, a signInAnswer) error {
	p := v.Pending()
	p.Token, p.Challenge = a.Token, nil
	switch {
	case a.Token == "":
		v.Keep(p)
		return v.Redirect(v.Path("waiting"))
	case a.MFARequired && a.Challenge != nil:
		p.Challenge = a.Challenge
		v.Keep(p)
		return v.Redirect(v.Path("second-factor"))
	case a.VerificationRequired:
		if a.Verification != nil {
			p.Email = a.Verification.EntityID
		} else if typed := v.R.PostFormValue("email"); typed != "" {
			p.Email = typed
		}
		v.Keep(p)
		return v.Redirect(v.Path("verify"))
	case claimsOf(a.Token).ActorID == "":
		v.Keep(p)
		return v.Redirect(v.Path("complete"))
	}
	return finish(v, a.Token)
}

// finish ends every way of signing in: the token becomes the session of this browser, a new
// one whatever session it had, and the visitor goes where the sign-in was to lead.
func finish(v *Visit, token string) error {
	if _, err := v.Do(Call{Method: http.MethodPost, Path: sessionRoute, Bearer: token}); err != nil {
		return err
	}
	p := v.Pending()
	v.Forget()
	return goOn(v, p, token)
}

// goOn leads to where a sign-in was to lead, by default to the account. A page of this
// service may go on with the link that brought the visitor here.
func goOn(v *Visit, p Pending, token string) error {
	to := cmp.Or(p.ReturnTo, v.home())
	if !v.site.ReturnAllowed(to) {
		to = v.home()
	}
	if !ownPath(to) {
		return handOver(v, p, token)
	}
	if p.Link != "" && p.ReturnTo != "" {
		v.Keep(Pending{Link: p.Link, Email: p.Email})
	}
	return v.Redirect(to)
}

// home is where a sign-in leads that came from nowhere.
func (v *Visit) home() string { return v.Path("account") }

// linkClaims are what the token of a link says about itself.
type linkClaims struct {
	Provider string `json:"provider"`
	Email    string `json:"email"`
}

// linkOf reads the token of a link, whose provider is that of passwords where it says none.
func linkOf(token string) (c linkClaims) {
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(payload, &c) // the API refuses what is none
		}
	}
	c.Provider = cmp.Or(c.Provider, kindPassword)
	return c
}
