package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// signsIn is redirected to the form, and after the sign-in to the requested page.
func (w *dashboard) signsIn(t *testing.T) {
	root := w.browser(t, "root")
	root.open(t, w.url+"/settings/users")
	root.await(t, "Welcome to Medusa")
	root.picture(t, "is asked to sign in")
	root.complains(t, "401 GET /admin/users/me")
	root.signIn(t, "Root@Example.com", password) // docs/weak-spots.md#w22
	root.await(t, "Last Name")
	root.picture(t, "is signed in")
	root.open(t, w.url)
	root.await(t, atHome)
	root.await(t, "Analytical Engines") // mail.brand
	root.picture(t, "is at home")
	root.complains(t)
	require.Equal(t, "{}", root.eval(t, `JSON.stringify(Object.fromEntries(Object.entries(localStorage).filter(([k]) => /token/.test(k))))`))
	require.Equal(t, "lng=en", root.eval(t, `document.cookie`), "nothing that a script could take away")
}

func (w *dashboard) hasAWrongPassword(t *testing.T) {
	root := w.browser(t, "root")
	root.open(t, w.url+"/login")
	for _, email := range []string{"root@example.com", "unknown@example.com"} { // docs/weak-spots.md#w19
		root.signIn(t, email, "not "+password)
		root.await(t, "Invalid email or password")
		root.complains(t, "401 POST /auth/user/emailpass", "thrown: Invalid email or password")
	}
	root.picture(t, "has a wrong password")
	root.signIn(t, "root@example.com", password)
	root.await(t, atHome)
}

// pages are all of the menus, and a word that each shows.
var pages = []struct{ path, shows string }{
	{"/orders", atHome},
	{"/draft-orders", "No draft orders found"},
	{"/products", "Create your first product to start selling."},
	{"/collections", "Organize products into collections."},
	{"/categories", "Organize products into categories"},
	{"/product-options", "Manage product options"},
	{"/inventory", "Manage your inventory items"},
	{"/reservations", "Manage the reserved quantity"},
	{"/customers", "Customers"},
	{"/customer-groups", "Customer Groups"},
	{"/promotions", "There are no records to show"},
	{"/campaigns", "There are no records to show"},
	{"/price-lists", "Create sales or override prices"},
	{"/settings/store", "Default sales channel"},
	{"/settings/users", "root@example.com"},
	{"/settings/regions", "Create a region for the areas that you sell in."},
	{"/settings/tax-regions", "Manage what you charge your customers"},
	{"/settings/return-reasons", "Manage reasons for returned items."},
	{"/settings/refund-reasons", "Manage reasons for issuing refunds."},
	{"/settings/sales-channels", "No sales channels found"},
	{"/settings/product-types", "Organize your products into types."},
	{"/settings/product-tags", "There are no records to show"},
	{"/settings/locations", "No locations found"},
	{"/settings/publishable-api-keys", "Manage API keys"},
	{"/settings/secret-api-keys", "Manage API keys"},
	{"/settings/workflows", "No workflows have been executed, yet."},
	{"/settings/profile", "Manage your profile details."},
}

// opensEveryPage finds nothing that is missing.
func (w *dashboard) opensEveryPage(t *testing.T) {
	root := w.root(t)
	for _, page := range pages {
		root.open(t, w.url+page.path)
		root.await(t, page.shows)
		root.picture(t, "opens"+strings.ReplaceAll(page.path, "/", " "))
	}
	root.complains(t)
}

func (w *dashboard) invitesAColleague(t *testing.T) {
	root := w.root(t)
	root.open(t, w.url+"/settings/users/invite")
	root.do(t, nil, "type", "john.doe@example.com", "grace@example.com")
	root.press(t, "Send invite")
	root.do(t, nil, "see", "Pending")
	root.picture(t, "has invited")
	root.complains(t)

	grace := w.browser(t, "grace")
	w.mailed(t, grace, "grace@example.com", "invite.created", "/invite")
	grace.await(t, "Create your account below")
	require.Equal(t, "grace@example.com", grace.eval(t, `document.querySelector("[placeholder=Email]").value`), "the dashboard reads the token")
	grace.accept(t, "Grace", "Hopper", password)
	grace.await(t, "Your account has been registered")
	grace.do(t, nil, "gone", "Create your account below")
	grace.picture(t, "has accepted")
	grace.press(t, "Start Medusa Admin")
	grace.signIn(t, "grace@example.com", password)
	grace.await(t, atHome)
	grace.await(t, "Grace Hopper")
	grace.picture(t, "is signed in")
	grace.complains(t)

	root.open(t, w.url+"/settings/users")
	root.await(t, "Hopper")
	root.picture(t, "has a colleague")

	again := w.browser(t, "another")
	w.mailed(t, again, "grace@example.com", "invite.created", "/invite")
	again.accept(t, "Eve", "Else", password)
	again.await(t, "The invite is invalid or has expired.")
	again.picture(t, "has found an invite that was used")
	again.open(t, w.url+"/invite?token=") // what Copy invite link copies (docs/weak-spots.md#w7)
	again.await(t, "Your invite token is invalid")
	again.complains(t, "400 POST /admin/invites/accept", "401 POST /auth/user/emailpass/register")
}

// accept fills the form of an invite in.
func (b browser) accept(t *testing.T, first, last, password string) {
	t.Helper()
	for placeholder, text := range map[string]string{
		"First Name": first, "Last Name": last, "Password": password, "Repeat Password": password,
	} {
		b.do(t, nil, "type", placeholder, text)
	}
	b.picture(t, "fills the form in")
	b.press(t, "Create account")
}

// acceptsInABrowserOfAColleague accepts an invite where a colleague is signed in
// (docs/weak-spots.md#w34, medusajs/medusa#10365), with the address of a customer.
func (w *dashboard) acceptsInABrowserOfAColleague(t *testing.T) {
	w.register(t, "lin@example.com", password)
	root := w.root(t)
	root.open(t, w.url+"/settings/users/invite")
	root.do(t, nil, "type", "john.doe@example.com", "lin@example.com")
	root.press(t, "Send invite")
	root.do(t, nil, "see", "Pending")
	w.mailed(t, root, "lin@example.com", "invite.created", "/invite")
	root.accept(t, "Lin", "Lanying", password)
	root.await(t, "Your account has been registered")
	root.complains(t) // the identity exists, and its password is right
	root.press(t, "Start Medusa Admin")
	root.signIn(t, "lin@example.com", password)
	root.await(t, "Lin Lanying")
	root.picture(t, "is another one")
}

func (w *dashboard) resetsAPassword(t *testing.T) {
	const changed = "another good horse"
	w.command(t, "user", "create", "-e", "ada@example.com", "-p", password)
	elsewhere := w.browser(t, "ada elsewhere")
	elsewhere.open(t, w.url+"/login")
	elsewhere.signIn(t, "ada@example.com", password)
	elsewhere.await(t, atHome)
	elsewhere.complains(t)

	ada := w.browser(t, "ada")
	ada.open(t, w.url+"/login")
	ada.press(t, "Reset")
	ada.do(t, nil, "type", "Email", "ada@example.com")
	ada.press(t, "Send reset instructions")
	ada.await(t, "Successfully sent you an email")
	ada.picture(t, "has asked for a link")
	token := w.mailed(t, ada, "ada@example.com", "auth.password_reset", "/reset-password")
	ada.await(t, "Choose a new password below.")
	require.Equal(t, "ada@example.com", ada.eval(t, `document.querySelector("[type=email]").value`))
	ada.choosePassword(t, "short")
	ada.await(t, "at least 8 characters")
	ada.picture(t, "is told what is wrong")
	ada.complains(t, "400 POST /auth/user/emailpass/update", "thrown: Password must have at least 8 characters.")
	ada.choosePassword(t, changed)
	ada.await(t, "Password reset successful")
	ada.picture(t, "has a new password")
	ada.press(t, "Back to login")
	ada.signIn(t, "ada@example.com", changed)
	ada.await(t, atHome)
	ada.complains(t)

	elsewhere.open(t, w.url+"/orders")
	elsewhere.await(t, "Welcome to Medusa") // docs/weak-spots.md#w25
	elsewhere.open(t, w.url+"/reset-password?token="+token)
	elsewhere.choosePassword(t, "yet another horse") // the same one again would get the first answer
	elsewhere.await(t, "Invalid token")
	elsewhere.picture(t, "has a link that was used")
}

func (b browser) choosePassword(t *testing.T, password string) {
	t.Helper()
	b.do(t, nil, "type", "New password", password)
	b.do(t, nil, "type", "Repeat new password", password)
	b.tap(t, "button[type=submit]")
}

func (w *dashboard) changesTheProfile(t *testing.T) {
	w.command(t, "user", "create", "-e", "mary@example.com", "-p", password)
	mary := w.browser(t, "mary")
	mary.open(t, w.url+"/login")
	mary.signIn(t, "mary@example.com", password)
	mary.await(t, atHome)
	mary.open(t, w.url+"/settings/profile/edit")
	mary.do(t, nil, "fill", "First Name", "Mary")
	mary.do(t, nil, "fill", "Last Name", "Somerville")
	mary.press(t, "Save")
	mary.await(t, "Mary Somerville")
	mary.picture(t, "has a name")
	mary.do(t, nil, "reload")
	mary.await(t, "Mary Somerville")
	mary.complains(t)
	w.loginUser(t, "mary@example.com")
}

func (w *dashboard) signsOut(t *testing.T) {
	root := w.root(t)
	root.tap(t, "button:has-text('root@example.com')")
	root.picture(t, "opens the menu")
	root.do(t, nil, "choose", "Log out")
	root.await(t, "Welcome to Medusa")
	root.picture(t, "is signed out")
	root.complains(t)
	root.open(t, w.url+"/orders")
	root.await(t, "Welcome to Medusa")
	root.complains(t, "401 GET /admin/users/me")
}

// keepsKeysAndCustomers is what else is kept here.
func (w *dashboard) keepsKeysAndCustomers(t *testing.T) {
	root := w.root(t)
	root.open(t, w.url+"/settings/secret-api-keys/create")
	root.do(t, nil, "fill", "Title", "Deployment")
	root.press(t, "Save")
	root.await(t, "Secret Key Created")
	root.picture(t, "is shown a key")

	root.open(t, w.url+"/customers/create")
	root.do(t, nil, "fill", "First Name", "Gil")
	root.do(t, nil, "fill", "Email", "gil@example.com")
	root.tap(t, "button[type=submit]")
	root.await(t, "Guest")
	root.do(t, nil, "gone", "Create a new customer and manage their details.")
	root.picture(t, "has a customer")
	list := w.call(t, "GET", "/admin/customers?email=gil@example.com", nil, bearer(w.loginUser(t, "root@example.com"))...)
	require.Equal(t, "Gil", at[string](t, list.json(t), "customers.0.first_name"))
	root.complains(t)
}
