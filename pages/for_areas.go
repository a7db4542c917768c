package pages

import (
	"maps"
	"strings"
)

// This file is what the account pages share with areas in packages of their own.

// ProviderNames returns what people call the auth providers of an actor type, by their ids, in
// the visitor's language. An id that is not known is its own name.
func (v *Visit) ProviderNames(actorType string) (func(id string) string, error) {
	known, err := v.providersOf(actorType)
	return func(id string) string { return v.providerName(known, id) }, err
}

// FactorName is what people call a provider of second factors; one that is not known is
// called by its id.
func (v *Visit) FactorName(id string) string {
	if message := "account.method_" + id; v.language.has(message) {
		return v.T(message)
	}
	return id
}

// AddressForm asks for an address, given as the API has it; nil asks for a new one.
func (v *Visit) AddressForm(of map[string]any) *Form { return addressForm(v, of) }

// ReadAddress returns what an [Visit.AddressForm] sends, as the API takes it, and reports
// whether it is complete.
func (v *Visit) ReadAddress(form *Form) (body map[string]any, complete bool) {
	return readAddress(v, form)
}

// AddressLines are how an address of the API is written on an envelope.
func (v *Visit) AddressLines(of map[string]any) []string {
	written := address(maps.Clone(of))
	if written == nil {
		return nil
	}
	written["country"] = v.country(strings.ToLower(record(of).text("country_code")))
	return written.Lines()
}

// Has reports whether there is a message.
func (v *Visit) Has(id string) bool { return v.language.has(id) }
