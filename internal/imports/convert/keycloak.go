package convert

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// Keycloak reads a realm that `kc.sh export` has written with its users, or one of the files
// with users of an export into a directory.
func Keycloak(r io.Reader, o Options) Units {
	return o.units("keycloak", accountsOf(r, "users", func(a *account, in keycloakUser) error {
		in.read(a)
		return nil
	}))
}

type keycloakUser struct {
	ID             text                 `json:"id"`
	Username       string               `json:"username"`
	Email          string               `json:"email"`
	EmailVerified  bool                 `json:"emailVerified"`
	Enabled        *bool                `json:"enabled"`
	Created        moment               `json:"createdTimestamp"`
	FirstName      string               `json:"firstName"`
	LastName       string               `json:"lastName"`
	Attributes     map[string]any       `json:"attributes"`
	Credentials    []keycloakCredential `json:"credentials"`
	Federated      []keycloakLink       `json:"federatedIdentities"`
	Actions        []string             `json:"requiredActions"`
	ServiceAccount string               `json:"serviceAccountClientId"`
	FederationLink string               `json:"federationLink"`
}

type keycloakLink struct {
	Provider string `json:"identityProvider"`
	UserID   text   `json:"userId"`
}

// keycloakCredential has its secrets and parameters as JSON in texts; before Keycloak 8, as
// fields.
type keycloakCredential struct {
	Type           string `json:"type"`
	SecretData     string `json:"secretData"`
	CredentialData string `json:"credentialData"`
	Value          string `json:"hashedSaltedValue"`
	Salt           string `json:"salt"`
	Iterations     int64  `json:"hashIterations"`
	Algorithm      string `json:"algorithm"`
}

type keycloakSecret struct {
	Value string `json:"value"`
	Salt  string `json:"salt"`
}

type keycloakData struct {
	Iterations int64               `json:"hashIterations"`
	Algorithm  string              `json:"algorithm"`
	Parameters map[string][]string `json:"additionalParameters"`
	SubType    string              `json:"subType"`
	Digits     int                 `json:"digits"`
	Period     int                 `json:"period"`
	Encoding   string              `json:"secretEncoding"`
}

// passwordAction asks for a new password at the next sign-in.
const passwordAction = "UPDATE_PASSWORD"

func (in keycloakUser) read(a *account) {
	if in.ServiceAccount != "" {
		a.refusal = "The user is the service account of a client."
		return
	}
	a.id, a.email, a.verified, a.created = string(in.ID), in.Email, in.EmailVerified, in.Created.Time
	a.first, a.last = in.FirstName, in.LastName
	a.disabled = in.Enabled != nil && !*in.Enabled
	if a.email == "" && strings.Contains(in.Username, "@") {
		a.email = in.Username
	}
	if in.Username != "" && !sameEmail(in.Username, a.email) {
		a.note("The user name was left out: users sign in with their e-mail address.")
	}
	a.attributes(in.Attributes)
	for _, f := range in.Federated {
		a.links = append(a.links, link{provider: f.Provider, subject: string(f.UserID)})
	}
	a.byEmail = len(in.Federated) == 0
	if in.FederationLink != "" {
		a.note("The password has to be reset: it is in the directory that the realm is connected to.")
	}
	for _, c := range in.Credentials {
		c.read(a, slices.Contains(in.Actions, passwordAction))
	}
	actions := slices.DeleteFunc(slices.Clone(in.Actions), func(action string) bool {
		return action == passwordAction || action == "VERIFY_EMAIL"
	})
	if len(actions) > 0 {
		a.note("Required actions were left out: %s.", strings.Join(actions, ", "))
	}
}

// attributes are lists of texts, most of one.
func (a *account) attributes(attributes map[string]any) {
	for name, value := range attributes {
		list, isList := value.([]any)
		if isList && len(list) == 1 {
			value = list[0]
		}
		if written, isText := value.(string); isText && (name == "phoneNumber" || name == "phone_number" || name == "phone") {
			a.phone = written
			continue
		}
		a.addMetadata(map[string]any{name: value})
	}
}

var errTemporary = errors.New("it was a temporary one")

func (c keycloakCredential) read(a *account, temporary bool) {
	secret, data := keycloakSecret{c.Value, c.Salt}, keycloakData{Iterations: c.Iterations, Algorithm: c.Algorithm}
	if c.SecretData != "" && json.Unmarshal([]byte(c.SecretData), &secret) != nil ||
		c.CredentialData != "" && json.Unmarshal([]byte(c.CredentialData), &data) != nil {
		a.note("A credential of type %s was left out: it cannot be read.", c.Type)
		a.byEmail = a.byEmail || c.Type == "password"
		return
	}
	switch {
	case c.Type == "password" && temporary:
		a.password("", errTemporary)
	case c.Type == "password":
		a.password(data.stored(secret))
	case c.Type == "otp" && data.SubType == "totp":
		key := secret.Value
		if data.Encoding != "BASE32" { // the text itself is the key
			key = base32.StdEncoding.EncodeToString([]byte(key))
		}
		a.authenticator(key, data.Algorithm, data.Digits, data.Period)
	case c.Type == "otp":
		a.note("An authenticator app was left out: it counts (%s), and only codes by time are supported.", data.SubType)
	default:
		a.note("A credential of type %s was left out.", c.Type)
	}
}

// stored is the form in which a hash is stored here.
func (d keycloakData) stored(secret keycloakSecret) (string, error) {
	if d.Algorithm == "bcrypt" {
		return secret.Value, nil
	}
	salt, key, err := twoOf(secret.Salt, secret.Value)
	if err != nil {
		return "", err
	}
	switch d.Algorithm {
	case "pbkdf2":
		return pbkdf2Hash("sha1", d.Iterations, salt, key)
	case "pbkdf2-sha256", "pbkdf2-sha512":
		return pbkdf2Hash(strings.TrimPrefix(d.Algorithm, "pbkdf2-"), d.Iterations, salt, key)
	case "argon2":
		if v := d.parameter("version"); v != "" && v != "1.3" {
			return "", errAlgorithm
		}
		n := numbers([]string{d.parameter("memory"), d.parameter("parallelism")})
		return argon2Hash(d.parameter("type"), n[0], d.Iterations, n[1], salt, key), nil
	default:
		return "", errAlgorithm
	}
}

func (d keycloakData) parameter(name string) string {
	if values := d.Parameters[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
