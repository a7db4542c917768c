package pages

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
