package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

func TestSignUp(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass/register", http.StatusOK, full)
	p := w.Open("/ui/customer/sign-up")
	require.Contains(t, p.Text(), "First name optional")
	require.Contains(t, p.Text(), "At least 12 characters.", "as configured")
	p = p.Submit("", map[string]string{"email": "ada@example.com", "password": "correct horse", "account.first_name": "Ada"})
	require.Equal(t, "/ui/customer/account", p.Path)
	require.Equal(t, map[string]any{
		"email": "ada@example.com", "password": "correct horse", "actor": map[string]any{"first_name": "Ada"},
	}, w.writes()[0].Body)
	require.Equal(t, http.StatusNotFound, w.Open("/ui/user/sign-up").Status, "administrators are invited")
}

func TestSignUpOfACustomActorType(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.rules("courier", `{"open":true,"confirmed_by_mail":false,"verified_first":false,"fields":[
		{"name":"licence_plate","kind":"string","required":true,"max_length":10},{"name":"vehicle","kind":"string","required":true,"enum":["bike","van"]},
		{"name":"seats","kind":"integer","required":false},{"name":"night","kind":"boolean","required":true},{"name":"tags","kind":"list","required":false}]}`)
	w.api.On("POST /auth/courier/emailpass/register", http.StatusBadRequest, `{"type":"invalid_data","message":"…"}`,
		"Everlatch-Reason", "value_too_big; field=seats; most=8")
	p := w.Open("/ui/courier/sign-up")
	require.Contains(t, p.Text(), "Licence plate")
	p = p.Submit("", map[string]string{
		"email": "ada@example.com", "password": "correct horse", "account.licence_plate": "B-AB 12", "account.vehicle": "van",
		"account.seats": "9", "account.night": "true",
	})
	require.Equal(t, http.StatusBadRequest, p.Status)
	require.Contains(t, p.Text(), "At most 8.", "beside the field")
	form, _ := p.Form("")
	require.Equal(t, "B-AB 12", form["account.licence_plate"])
	require.Equal(t, "van", form["account.vehicle"])
	require.Empty(t, form["password"])
	require.Equal(t, map[string]any{"licence_plate": "B-AB 12", "vehicle": "van", "seats": float64(9), "night": true}, w.writes()[0].Body["actor"])

	missing := p.Submit("", map[string]string{"account.licence_plate": " ", "password": "correct horse"})
	require.Equal(t, http.StatusUnprocessableEntity, missing.Status)
	require.Contains(t, missing.Text(), "Fill in this field.")
	require.Empty(t, w.writes())
}

func TestNeutralSignUp(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.rules("customer", `{"open":true,"confirmed_by_mail":true,"verified_first":false,"fields":[{"name":"first_name","kind":"string","required":false}]}`)
	w.api.On("POST /auth/customer/emailpass/register", http.StatusAccepted, `{"registration_requested":true}`)
	p := w.Open("/ui/customer/sign-up")
	form, _ := p.Form("")
	require.NotContains(t, form, "password", "it is chosen with the link")
	p = p.Submit("", map[string]string{"email": "ada@example.com"})
	require.Equal(t, "/ui/customer/sent/registration", p.Path)
	w.writes()

	w.api.On("POST /auth/customer/emailpass/register/confirm", http.StatusOK, full)
	link := token(`{"provider":"emailpass"}`)
	p = w.Open("/ui/customer/confirm-registration?token=" + link)
	require.Empty(t, w.writes())
	p = p.Submit("", map[string]string{"password": "correct horse", "account.first_name": "Ada"})
	require.Equal(t, "/ui/customer/account", p.Path)
	require.Equal(t, map[string]any{"token": link, "password": "correct horse", "actor": map[string]any{"first_name": "Ada"}}, w.writes()[0].Body)
}

func TestSignUpWithAVerifiedAddress(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.rules("customer", `{"open":true,"confirmed_by_mail":false,"verified_first":true,"fields":[
		{"name":"email","kind":"email","required":true},{"name":"first_name","kind":"string","required":false}]}`)
	registered := token(`{"actor_id":""}`)
	w.api.On("POST /auth/customer/emailpass/register", http.StatusOK, `{"token":"`+registered+`"}`)
	w.api.On("POST /auth/verification/request", http.StatusCreated, `{"verification":{}}`)
	p := w.Open("/ui/customer/sign-up").Submit("", map[string]string{"email": "ada@example.com", "password": "correct horse"})
	require.Equal(t, "/ui/customer/verify", p.Path)
	require.Contains(t, p.Text(), "ada@example.com")
	calls := w.writes()
	require.NotContains(t, calls[0].Body, "actor", "there is no account before")
	require.Equal(t, registered, calls[1].Bearer)
	require.Equal(t, map[string]any{"entity_type": "email", "entity_id": "ada@example.com", "code_provider": "token"}, calls[1].Body)
	p = p.Submit("", nil)
	require.Contains(t, p.Text(), "A link is on its way to ada@example.com.")

	w.api.On("POST /auth/verification/confirm", http.StatusOK, `{"verification":{}}`)
	w.api.On("POST /auth/token/refresh", http.StatusOK, `{"token":"`+registered+`"}`)
	p = w.Open("/ui/customer/verify-email?code=c0de").Submit("", nil)
	require.Equal(t, "/ui/customer/complete", p.Path, "it goes on in this browser")
	w.writes()

	w.api.On("POST /store/customers", http.StatusOK, `{"customer":{}}`)
	w.api.On("POST /auth/token/refresh", http.StatusOK, full)
	p = p.Submit("", map[string]string{"account.first_name": "Ada"})
	require.Equal(t, "/ui/customer/account", p.Path)
	calls = w.writes()
	require.Equal(t, []string{"POST /store/customers", "POST /auth/token/refresh", "POST /auth/session"}, pagestest.Routes(calls))
	require.Equal(t, "Ada", calls[0].Body["first_name"])
}

func TestAnIdentityWithoutAnAccount(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/google/callback", http.StatusOK, `{"token":"`+token(`{"actor_id":"","user_metadata":{"email":"ada@example.com","given_name":"Ada"}}`)+`"}`)
	p := w.Open("/ui/customer/callback/google?code=c&state=s")
	require.Equal(t, "/ui/customer/complete", p.Path)
	form, _ := p.Form("")
	require.Equal(t, "Ada", form["account.first_name"])

	w.api.On("POST /auth/user/emailpass", http.StatusOK, `{"token":"`+token(`{"actor_id":""}`)+`"}`)
	p = w.Open("/ui/user").Submit("/ui/user", map[string]string{"email": "ada@example.com", "password": "p"})
	require.Equal(t, http.StatusForbidden, p.Status)
	require.Equal(t, "There is no account for you", p.Title())
	require.Equal(t, "/ui/customer", w.Open("/ui/customer/verify").Path[:len("/ui/customer")])
}
