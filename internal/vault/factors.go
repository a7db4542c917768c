package vault

// FactorKeys open and seal the secrets of second factors, each bound to its record.
type FactorKeys struct {
	// Ring is that of second factors, see [FactorRing].
	Ring *KeyRing
	// Medusa opens secrets that a Medusa installation encrypted; empty where there are none.
	Medusa Secret
}

// FactorRing derives the ring of second factors from the keys that are for them. Its purpose is
// that of the vault: before second factors had keys of their own, they had the vault's.
func FactorRing(ring *KeyRing) *KeyRing { return ring.Derive(Purpose) }

// OpenFactor returns the secret that is stored with a factor.
func (k FactorKeys) OpenFactor(identityID, factorID, stored string) ([]byte, error) {
	open := func() (Secret, error) { return k.Ring.Unwrap(stored, FactorPurpose(identityID, factorID)) }
	if IsMedusa(stored) {
		open = func() (Secret, error) { return OpenMedusa(k.Medusa, stored) }
	}
	secret, err := open()
	return secret.Reveal(), err
}

// SealFactor returns what is to be stored of a secret.
func (k FactorKeys) SealFactor(identityID, factorID string, secret []byte) string {
	return k.Ring.Wrap(NewSecret(secret), FactorPurpose(identityID, factorID))
}

// IsCurrent reports that a stored secret is encrypted with the current key.
func (k FactorKeys) IsCurrent(stored string) bool {
	return !IsMedusa(stored) && k.Ring.IsCurrent(stored)
}

// FactorPurpose binds an encrypted secret to its factor and identity.
func FactorPurpose(identityID, factorID string) string {
	return "second factor " + identityID + " " + factorID
}
