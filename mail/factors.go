package mail

import (
	"maps"

	"github.com/everlatch/everlatch"
)

// factorChanged tells the owner of an account about their second factors. An event
// without an address is about a factor that was never enabled: there is nothing to tell.
func (m *Mailer) factorChanged(v *view) (string, error) {
	if email, _ := v.Data["email"].(string); email == "" {
		return "", nil
	}
	if v.Event == everlatch.EventRecoveryCodeUsed {
		v.Data = maps.Clone(v.Data)
		v.Data["left"] = number(v.Data["left"])
	}
	return v.Event, m.needURL(v)
}
