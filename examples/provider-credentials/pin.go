package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

var _ providers.Registrar = (*pins)(nil)

// member is a row of the staff table.
type member struct {
	Name string
	// PIN is the bcrypt hash of it.
	PIN string
}

// pinOptions configure [newPINs].
type pinOptions struct {
	// Staff are the members by their numbers. All hashes must have the same cost.
	Staff map[string]member
	// OnCheck, if set, is told about every hash that is computed.
	OnCheck func()
}

// pins signs in members by staff number and PIN. The table decides: the service
// stores only that a member has registered.
type pins struct {
	staff   map[string]member
	unknown member // checking its PIN costs as much as that of a member
	onCheck func()
}

// newPINs returns a provider, or every problem of its options.
func newPINs(o pinOptions) (*pins, error) {
	var problems []error
	cost := 0
	for number, m := range o.Staff {
		c, err := bcrypt.Cost([]byte(m.PIN))
		switch {
		case canonicalNumber(number) != number:
			problems = append(problems, fmt.Errorf("staff number %q is not 4 to 10 digits", number))
		case err != nil:
			problems = append(problems, fmt.Errorf("the PIN of %s is no bcrypt hash", number))
		case cost != 0 && c != cost:
			problems = append(problems, fmt.Errorf("the hash of %s has a cost of its own", number))
		default:
			cost = c
		}
	}
	if len(o.Staff) == 0 {
		problems = append(problems, errors.New("there is no staff"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("pin options: %w", err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("no digits, so never a PIN"), cost)
	if err != nil {
		return nil, fmt.Errorf("pin options: %w", err)
	}
	p := &pins{staff: o.Staff, unknown: member{PIN: string(hash)}, onCheck: o.OnCheck}
	if p.onCheck == nil {
		p.onCheck = func() {}
	}
	return p, nil
}

// Identifier implements [providers.Provider].
func (*pins) Identifier() string { return "pin" }

// DisplayName implements [providers.Provider].
func (*pins) DisplayName() string { return "Staff number and PIN" }

// Identify implements [providers.Credentials].
func (*pins) Identify(in providers.Input) (providers.Subject, error) {
	number, _, err := readPIN(in)
	if err != nil {
		return providers.Subject{}, err
	}
	return providers.Subject{EntityID: number, EntityKey: number}, nil
}

// Authenticate implements [providers.Credentials]. A member who has not registered
// gets the same refusal as one with a wrong PIN, after the same work.
func (p *pins) Authenticate(ctx context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	m, err := p.check(ctx, in)
	if err != nil {
		return providers.Verdict{}, err
	}
	if rec == nil {
		return providers.Verdict{}, wrongPIN()
	}
	return providers.Verdict{UserMetadata: everlatch.Metadata{"name": m.Name}}, nil
}

// Register implements [providers.Registrar]. It requires the PIN as well: the table
// decides who may register.
func (p *pins) Register(ctx context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	m, err := p.check(ctx, in)
	if err != nil || rec != nil {
		return providers.Verdict{}, err
	}
	return providers.Verdict{UserMetadata: everlatch.Metadata{"name": m.Name}}, nil
}

// check returns the member whose PIN a request holds. It always computes one hash,
// so that response times do not reveal which numbers exist.
func (p *pins) check(ctx context.Context, in providers.Input) (member, error) {
	number, pin, err := readPIN(in)
	if err != nil {
		return member{}, err
	}
	if err := ctx.Err(); err != nil {
		return member{}, err // no refusal: it is tried again
	}
	m, known := p.staff[number]
	if !known {
		m = p.unknown
	}
	p.onCheck()
	if bcrypt.CompareHashAndPassword([]byte(m.PIN), []byte(pin)) != nil || !known {
		return member{}, wrongPIN()
	}
	return m, nil
}

// readPIN reads a request. Numbers and PINs are texts, for zeros may lead.
func readPIN(in providers.Input) (number, pin string, err error) {
	number, _ = in.Body["number"].(string)
	pin, _ = in.Body["pin"].(string)
	if number = canonicalNumber(number); number == "" || !isDigits(pin, 8, 12) {
		return "", "", &everlatch.Error{
			Code: everlatch.CodeInvalidData, Message: "A staff number and a PIN of 8 to 12 digits are required.",
		}
	}
	return number, pin, nil
}

// canonicalNumber is a number without blanks, or "" if it is not a staff number.
func canonicalNumber(number string) string {
	if number = strings.ReplaceAll(number, " ", ""); !isDigits(number, 4, 10) {
		return ""
	}
	return number
}

func isDigits(text string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, "0123456789") == ""
}

func wrongPIN() error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Wrong staff number or PIN."}
}
