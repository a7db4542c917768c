package convert

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// FirebaseParameters are the password hash parameters of a project.
type FirebaseParameters struct {
	signerKey, separator []byte
	rounds, memoryCost   int
}

var firebaseParameter = regexp.MustCompile(`(?m)^\s*(algorithm|base64_signer_key|base64_salt_separator|rounds|mem_cost)\s*[:=]\s*"?([^\s",]+)"?,?\s*$`)

// ParseFirebaseParameters reads them as Firebase's console shows them: hash_config { … }.
func ParseFirebaseParameters(config string) (*FirebaseParameters, error) {
	found := map[string]string{}
	for _, parts := range firebaseParameter.FindAllStringSubmatch(config, -1) {
		found[parts[1]] = parts[2]
	}
	if a := found["algorithm"]; a != "" && a != "SCRYPT" {
		return nil, fmt.Errorf("the algorithm of the project is %s, and SCRYPT is expected", a)
	}
	var p FirebaseParameters
	var keyErr, separatorErr, roundsErr, costErr error
	p.signerKey, keyErr = anyBase64(found["base64_signer_key"])
	p.separator, separatorErr = anyBase64(found["base64_salt_separator"])
	p.rounds, roundsErr = strconv.Atoi(found["rounds"])
	p.memoryCost, costErr = strconv.Atoi(found["mem_cost"])
	if keyErr != nil || separatorErr != nil || roundsErr != nil || costErr != nil || len(p.signerKey) == 0 {
		return nil, errors.New("the password hash parameters are incomplete: base64_signer_key, base64_salt_separator, rounds and mem_cost are expected, as Firebase's console shows them")
	}
	return &p, nil
}

// Firebase reads the file of `firebase auth:export`, JSON or CSV. Without parameters, a file
// with passwords is an error.
func Firebase(r io.Reader, p *FirebaseParameters, o Options) Units {
	in, isJSON := peek(r)
	read := func(a *account, u firebaseUser) error { return u.read(a, p) }
	if isJSON {
		return o.units("firebase", accountsOf(in, "users", read))
	}
	return o.units("firebase", firebaseRows(in, read))
}

type firebaseUser struct {
	ID            text               `json:"localId"`
	Email         string             `json:"email"`
	EmailVerified bool               `json:"emailVerified"`
	Hash          string             `json:"passwordHash"`
	Salt          string             `json:"salt"`
	DisplayName   string             `json:"displayName"`
	PhotoURL      string             `json:"photoUrl"`
	CreatedAt     moment             `json:"createdAt"`
	LastSignedIn  moment             `json:"lastSignedInAt"`
	Phone         string             `json:"phoneNumber"`
	Disabled      bool               `json:"disabled"`
	Claims        string             `json:"customAttributes"`
	Providers     []firebaseProvider `json:"providerUserInfo"`
}

type firebaseProvider struct {
	ID    string `json:"providerId"`
	RawID text   `json:"rawId"`
	Email string `json:"email"`
}

var errFirebaseParameters = errors.New("the file has passwords, and the parameters by which they are hashed are missing: name the file with them with --hash-config")

func (u firebaseUser) read(a *account, p *FirebaseParameters) error {
	a.id, a.email, a.verified, a.disabled = string(u.ID), u.Email, u.EmailVerified, u.Disabled
	a.name, a.phone, a.created, a.lastUsed = u.DisplayName, u.Phone, u.CreatedAt.Time, u.LastSignedIn.Time
	if u.PhotoURL != "" {
		a.addMetadata(map[string]any{"picture": u.PhotoURL})
	}
	if u.Claims != "" && decode(json.RawMessage(u.Claims), &a.appMetadata) != "" {
		a.note("The custom claims were left out: they are not a JSON object.")
	}
	for _, provider := range u.Providers {
		switch provider.ID {
		case "password":
			a.byEmail = true
		case "phone":
		default:
			a.links = append(a.links, link{provider: provider.ID, subject: string(provider.RawID)})
		}
		a.email = cmp.Or(a.email, provider.Email)
	}
	switch {
	case u.Hash != "" && p == nil:
		return errFirebaseParameters
	case u.Hash != "":
		a.password(p.stored(u.Salt, u.Hash))
	case len(a.links) == 0:
		a.byEmail = true // by a link in a mail, or with a hash of another algorithm
	}
	return nil
}

func (p *FirebaseParameters) stored(salt, hash string) (string, error) {
	rawSalt, rawHash, err := twoOf(salt, hash)
	if err != nil {
		return "", err
	}
	return emailpass.FirebaseHash(p.memoryCost, p.rounds, p.separator, p.signerKey, rawSalt, rawHash), nil
}

// The columns of the CSV, which has no header.
const (
	firebaseColumns = 27
	firebaseClaims  = 27
)

var firebaseProviders = []struct {
	name  string
	first int
}{{"google.com", 7}, {"facebook.com", 11}, {"twitter.com", 15}, {"github.com", 19}}

// firebaseRows reads the CSV. Quotation marks in names are not doubled in it.
func firebaseRows(r io.Reader, read func(*account, firebaseUser) error) iter.Seq2[account, error] {
	return func(yield func(account, error) bool) {
		in := csv.NewReader(r)
		in.LazyQuotes, in.FieldsPerRecord, in.ReuseRecord = true, -1, true
		for {
			cells, err := in.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var a account
			if err == nil {
				line, _ := in.FieldPos(0)
				a.line = int64(line)
				if len(cells) < firebaseColumns {
					a.refusal = "The line has too few columns."
				} else {
					err = read(&a, firebaseRow(cells))
				}
			}
			if !yield(a, csvError(err)) || err != nil {
				return
			}
		}
	}
}

func firebaseRow(cells []string) firebaseUser {
	u := firebaseUser{
		ID: text(cells[0]), Email: cells[1], EmailVerified: cells[2] == "true", Hash: cells[3], Salt: cells[4],
		DisplayName: cells[5], PhotoURL: cells[6], CreatedAt: parseMoment(cells[23]), LastSignedIn: parseMoment(cells[24]),
		Phone: cells[25], Disabled: cells[26] == "true",
	}
	if len(cells) > firebaseClaims {
		u.Claims = strings.TrimSpace(cells[firebaseClaims])
	}
	for _, p := range firebaseProviders {
		if id := cells[p.first]; id != "" {
			u.Providers = append(u.Providers, firebaseProvider{p.name, text(id), cells[p.first+1]})
		}
	}
	return u
}

// csvError is an error of a CSV without the text that it may quote.
func csvError(err error) error {
	if parse, is := errors.AsType[*csv.ParseError](err); is {
		return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
	}
	return err
}

// peek reports whether a file begins as JSON.
func peek(r io.Reader) (io.Reader, bool) {
	in := bufio.NewReader(r)
	for n := 1; n <= 64; n++ {
		start, err := in.Peek(n)
		if err != nil {
			return in, false
		}
		if c := start[n-1]; !strings.ContainsRune(" \t\r\n\ufeff", rune(c)) && c < 0x80 {
			return in, c == '{' || c == '['
		}
	}
	return in, false
}
