package devpages

// step is one page: a form, and what it does.
type step struct {
	Title, Intro, Button string
	Fields               []field
	// success is what the page says when the API has accepted the form.
	success string
	run     func(c *call) error
}

// field is a field of a form.
type field struct {
	Name, Label, Type string
	// Autocomplete tells password managers what the field is for.
	Autocomplete string
	Optional     bool
}

const password = "password"

var (
	emailField       = field{Name: "email", Label: "Email address", Type: "email", Autocomplete: "username"}
	passwordField    = field{Name: password, Label: "Password", Type: password, Autocomplete: "current-password"}
	newPasswordField = field{Name: password, Label: "New password", Type: password, Autocomplete: "new-password"}
)

// stepOf returns the page of a path below the actor type. The paths are those of
// the links in mails.
func stepOf(name, token string) (step, bool) {
	if name == "reset-password" && token == "" {
		name = "request-reset"
	}
	s, found := steps[name]
	return s, found
}

var steps = map[string]step{
	"": {
		Title: "Sign in", Intro: "Signing in also keeps an account that is scheduled for deletion.", Button: "Sign in",
		Fields:  []field{emailField, passwordField},
		success: "You have signed in. This page keeps no session: your storefront does.",
		run:     func(c *call) error { _, err := c.signIn(); return err },
	},
	"request-reset": {
		Title: "Reset your password", Button: "Send a link", Fields: []field{emailField},
		success: "If there is an account with this address, a mail with a link was sent.",
		run: func(c *call) error {
			return c.post("/auth/"+c.actorType+"/emailpass/reset-password", "", object{"identifier": c.value("email")}, nil)
		},
	},
	"reset-password": {
		Title: "Choose a new password", Button: "Set password", Fields: []field{newPasswordField},
		success: "The password was changed, and all sessions have ended. You can sign in with the new password.",
		run: func(c *call) error {
			return c.post(c.provider()+"/update", c.token, object{password: c.value(password)}, nil)
		},
	},
	"confirm-registration": {
		Title: "Confirm your account", Intro: "Choose the password of your new account.", Button: "Create account",
		Fields:  []field{newPasswordField},
		success: "Your account is confirmed. You can sign in with your password.",
		run: func(c *call) error {
			return c.post(c.provider()+"/register/confirm", "", object{"token": c.token, password: c.value(password)}, nil)
		},
	},
	"confirm-email": {
		Title: "Confirm your new email address", Intro: "Sign in with your current address to confirm the new one.", Button: "Confirm",
		Fields:  []field{emailField, passwordField},
		success: "Your email address was changed. You sign in with the new one from now on.",
		run: func(c *call) error {
			bearer, err := c.signIn()
			if err != nil {
				return err
			}
			return c.post(c.account()+"/email/confirm", bearer, object{"token": c.token}, nil)
		},
	},
	"verify-email": {
		Title: "Confirm your email address", Intro: "Press the button to confirm that this address is yours.", Button: "Confirm",
		success: "Your email address is confirmed. You can sign in now.",
		run: func(c *call) error {
			return c.post("/auth/verification/confirm", "", object{"code": c.value("code")}, nil)
		},
	},
	"request-code": {
		Title: "Sign in with a code", Button: "Send a code", Fields: []field{emailField},
		success: "If this address may sign in, a mail with a code and a link was sent. Enter the code at enter-code, or open the link in this browser.",
		run: func(c *call) error {
			return c.post("/auth/"+c.actorType+"/emailcode", "", object{"email": c.value("email")}, nil)
		},
	},
	"enter-code": {
		Title: "Enter your code", Button: "Sign in",
		Fields:  []field{emailField, {Name: "code", Label: "Code", Type: "text", Autocomplete: "one-time-code"}},
		success: "You have signed in. This page keeps no session: your storefront does.",
		run: func(c *call) error {
			return c.post("/auth/"+c.actorType+"/emailcode/callback", "", object{"email": c.value("email"), "code": c.value("code")}, nil)
		},
	},
	"sign-in-link": {
		Title: "Sign in", Intro: "Press the button to sign in. It works in the browser where you asked for the link.", Button: "Sign in",
		success: "You have signed in. This page keeps no session: your storefront does.",
		run: func(c *call) error {
			return c.post("/auth/"+c.actorType+"/emailcode/callback", "", object{"token": c.token}, nil)
		},
	},
	"undo-email": {
		Title: "Keep your previous email address", Intro: "This undoes the change of your email address.", Button: "Undo the change",
		success: "The change was undone, and all sessions have ended. Reset your password if you didn't make the change.",
		run: func(c *call) error {
			return c.post(c.account()+"/email/undo", "", object{"token": c.token}, nil)
		},
	},
	"not-me": {
		Title: "End a sign-in that wasn't you", Intro: "This signs that device out of your account.", Button: "It wasn't me",
		success: "The device was signed out. Reset your password now: the person who signed in knows your password.",
		run: func(c *call) error {
			return c.post("/auth/sessions/disown", "", object{"token": c.token}, nil)
		},
	},
	"invite": {
		Title: "Accept your invite", Intro: "Create your account as an administrator.", Button: "Create account",
		Fields: []field{
			emailField,
			{Name: "first_name", Label: "First name", Type: "text", Autocomplete: "given-name", Optional: true},
			{Name: "last_name", Label: "Last name", Type: "text", Autocomplete: "family-name", Optional: true},
			newPasswordField,
		},
		success: "You are an administrator now, and can sign in with your password.",
		run: func(c *call) error {
			bearer, err := c.register()
			if err != nil {
				return err
			}
			body := object{"token": c.token}
			for _, name := range []string{"first_name", "last_name"} {
				if value := c.value(name); value != "" {
					body[name] = value
				}
			}
			return c.post("/admin/invites/accept", bearer, body, nil)
		},
	},
}
