package standin

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Options configure [New]. All but Now are needed.
type Options struct {
	// Issuer is the address under which it is reached, such as
	// http://localhost:9901.
	Issuer string
	// Name is shown on the page.
	Name string
	// ClientID and ClientSecret are those of the one client that it knows, and
	// CallbackURLs are the allowed callback URLs.
	ClientID, ClientSecret string
	CallbackURLs           []string
	// People are the accounts.
	People []Person
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// Person is an account.
type Person struct {
	// ID is what a person is called in addresses: …&as=ada.
	ID string
	// Note is shown beside the name.
	Note string
	// Claims are those of the ID token, beside the ones that every token has.
	Claims map[string]any
}

// provider is the provider. A code is good once, for a minute, and only with the
// verifier of its request.
type provider struct {
	Options

	signer jose.Signer
	keys   jose.JSONWebKeySet

	mu    sync.Mutex
	codes map[string]grant
}

// grant is what a code stands for.
type grant struct {
	redirectURI, challenge, nonce string
	claims                        map[string]any
	until                         time.Time
}

// keyBits is the length of the key that signs ID tokens.
const keyBits = 2048

// New returns the handler of a provider.
func New(o Options) (http.Handler, error) {
	if u, err := url.Parse(o.Issuer); err != nil || u.Host == "" || strings.HasSuffix(o.Issuer, "/") {
		return nil, fmt.Errorf("the issuer %q is not an address such as http://localhost:9901", o.Issuer)
	}
	if o.Name == "" || o.ClientID == "" || o.ClientSecret == "" || len(o.CallbackURLs) == 0 || len(o.People) == 0 {
		return nil, errors.New("a stand-in needs a name, a client with its secret and callback URLs, and people")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &provider{Options: o, codes: map[string]grant{}}
	if err := p.makeKey(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, p.keys) })
	return mux, nil
}

func (p *provider) makeKey() error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	// A new name each time: who has kept the old key fetches this one.
	id := rand.Text()
	p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		return fmt.Errorf("make a signer: %w", err)
	}
	p.keys.Keys = []jose.JSONWebKey{{Key: key.Public(), KeyID: id, Algorithm: string(jose.RS256), Use: "sig"}}
	return nil
}

// person finds an account by its id.
func (p *provider) person(id string) (Person, bool) {
	i := slices.IndexFunc(p.People, func(who Person) bool { return who.ID == id })
	if i < 0 {
		return Person{}, false
	}
	return p.People[i], true
}
