package providers

// MethodReferrer is a [Provider] or a [SecondFactor] that says by which methods it
// authenticates, in the values of RFC 8176, such as "pwd", "otp", "hwk" and "sms". They
// become the claim amr of tokens.
type MethodReferrer interface {
	AMR() []string
}

// The values of the claim amr that are not a provider's own.
const (
	// amrFederated is that of a [Redirect] provider that names none. RFC 8176 has no
	// value for it.
	amrFederated = "fed"
	amrOTP       = "otp"
)

// AMR returns the methods of a provider: what it says itself, "fed" for one that
// redirects, and none for others.
func (r *Registry) AMR(id string) []string {
	switch p := r.byID[id].(type) {
	case MethodReferrer:
		return p.AMR()
	case Redirect:
		return []string{amrFederated}
	}
	return nil
}

// AMR returns the methods of a second factor. A recovery code is a one-time password.
func (f *Factors) AMR(method string) []string {
	factor, err := f.Method(method)
	if err != nil {
		return []string{amrOTP}
	}
	if referrer, ok := factor.(MethodReferrer); ok {
		return referrer.AMR()
	}
	return nil
}
