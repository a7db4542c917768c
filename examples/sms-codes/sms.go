package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// goodFor is how long a code can be entered.
const goodFor = 10 * time.Minute

// gateway sends text messages.
type gateway interface {
	Send(ctx context.Context, to, text string) error
}

// sms is a second factor whose codes arrive by SMS.
type sms struct {
	gateway gateway
	now     func() time.Time
}

var (
	_ providers.Prompter   = (*sms)(nil)
	_ providers.SlowFactor = (*sms)(nil)
)

func newSMS(g gateway) *sms { return &sms{gateway: g, now: time.Now} }

// Method implements [providers.SecondFactor].
func (s *sms) Method() string { return "sms" }

// DisplayName implements [providers.SecondFactor].
func (s *sms) DisplayName() string { return "SMS" }

// Slow implements [providers.SlowFactor]: the gateway is another machine.
func (s *sms) Slow() bool { return true }

// record is what is stored, encrypted: the number, and the code that was sent.
type record struct {
	Phone string    `json:"phone,omitempty"`
	Code  string    `json:"code,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// Enroll sends a code to the number in the metadata of the request.
func (s *sms) Enroll(ctx context.Context, in providers.FactorEnrollment) (out providers.EnrolledFactor, err error) {
	phone, _ := in.Metadata["phone"].(string)
	if !phoneNumber.MatchString(phone) {
		return out, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "metadata.phone must be a number such as +491701234567."}
	}
	sent, err := s.send(ctx, phone)
	if err != nil {
		return out, err
	}
	sent.Phone = phone
	out.Secret, err = json.Marshal(sent)
	out.Public = everlatch.Metadata{"sent_to": masked(phone)}
	return out, err
}

// Prompt sends a code for a challenge.
func (s *sms) Prompt(ctx context.Context, factors []providers.FactorRecord) (out providers.FactorPrompt, err error) {
	var known record
	if err := json.Unmarshal(factors[0].Secret, &known); err != nil {
		return out, errors.New("the stored number cannot be read")
	}
	sent, err := s.send(ctx, known.Phone)
	if err != nil {
		return out, err
	}
	out.Secret, err = json.Marshal(sent)
	out.Public = everlatch.Metadata{"sent_to": masked(known.Phone)}
	return out, err
}

var errCode = &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Invalid SMS code"}

// Verify compares the answer with the code that was sent. The first one proves the
// number, which is all that is kept of it.
func (s *sms) Verify(_ context.Context, in providers.FactorAnswer) (out providers.FactorVerdict, err error) {
	kept := in.Prompt
	if in.Setup {
		kept = in.Factor.Secret
	}
	var sent record
	if len(kept) == 0 || json.Unmarshal(kept, &sent) != nil || sent.Code == "" || s.now().After(sent.Until) {
		return out, errCode
	}
	if subtle.ConstantTimeCompare([]byte(sent.Code), []byte(in.Code)) != 1 {
		return out, errCode
	}
	if in.Setup {
		out.Secret, err = json.Marshal(record{Phone: sent.Phone})
	}
	return out, err
}

// send sends a new code.
func (s *sms) send(ctx context.Context, phone string) (record, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return record{}, err
	}
	sent := record{Code: fmt.Sprintf("%06d", n), Until: s.now().Add(goodFor)}
	return sent, s.gateway.Send(ctx, phone, sent.Code+" is your code. Never tell it to anyone.")
}

// masked leaves enough of a number for its owner to know it.
func masked(phone string) string {
	const shown = 3
	return "…" + phone[max(0, len(phone)-shown):]
}
