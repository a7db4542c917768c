package providers_test

import (
	"context"
	"fmt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// badge signs in with the number of a badge and its PIN. A real provider keeps a
// hash of the PIN, and takes as long for a badge that does not exist.
type badge struct{}

func (badge) Identifier() string  { return "badge" }
func (badge) DisplayName() string { return "Badge" }

func (badge) Identify(in providers.Input) (providers.Subject, error) {
	number, _ := in.Body["number"].(string)
	if number == "" {
		return providers.Subject{}, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Show your badge."}
	}
	return providers.Subject{EntityID: number, EntityKey: number}, nil
}

func (badge) Authenticate(_ context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	if rec == nil || rec.ProviderMetadata["pin"] != in.Body["pin"] {
		return providers.Verdict{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Wrong badge or PIN."}
	}
	return providers.Verdict{}, nil
}

// A provider of your own checks what a person typed against a record. Everlatch
// keeps the record, finds it, and runs the sign-in around it.
func Example() {
	registry := providers.NewRegistry()
	if err := registry.Add("badge", badge{}); err != nil { // app.WithProvider does this
		fmt.Println(err)
		return
	}
	provider, err := registry.Credentials("badge")
	if err != nil {
		fmt.Println(err)
		return
	}
	record := &providers.Record{EntityID: "4711", ProviderMetadata: everlatch.Metadata{"pin": "1234"}}
	for _, pin := range []string{"1234", "0000"} {
		in := providers.Input{Body: map[string]any{"number": "4711", "pin": pin}}
		_, err := provider.Authenticate(context.Background(), in, record)
		fmt.Println(pin, err)
	}
	_, err = registry.Registrar("badge")
	fmt.Println(everlatch.ErrorCode(err), "because badges are handed out, not registered")
	// Output:
	// 1234 <nil>
	// 0000 Wrong badge or PIN.
	// unauthorized because badges are handed out, not registered
}
