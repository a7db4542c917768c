package pages

import (
	"encoding/json"
	"net/http"
)

// Passkeys need JavaScript: everlatch.js asks for options, has the device sign them, and
// sends the answer in a form.

// passkeyOptions are those of navigator.credentials.get.
func passkeyOptions(v *Visit) error {
	var answer json.RawMessage
	if _, err := v.Do(Call{Method: http.MethodPost, Path: v.authRoute(kindPasskey), Body: struct{}{}, Into: &answer}); err != nil {
		return v.json(err, nil)
	}
	return v.json(nil, answer)
}

// json answers the module with JSON of the API, or with the words of a refusal.
func (v *Visit) json(err error, answer []byte) error {
	status := http.StatusOK
	if err != nil {
		refused, ok := Refused(err)
		if !ok {
			return err
		}
		v.retryAfter(refused)
		status = refused.Status
		if answer, err = json.Marshal(map[string]string{"message": v.Explain(refused)}); err != nil {
			return err
		}
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.WriteHeader(status)
	_, _ = v.W.Write(answer) // the browser may be gone
	return nil
}

// passkeySignIn takes the answer of a device.
func passkeySignIn(v *Visit) error {
	form := passwordForm(v)
	credential := json.RawMessage(v.R.PostFormValue("credential"))
	if !json.Valid(credential) {
		return &RefusalError{Status: http.StatusBadRequest, Reason: reasonForm}
	}
	var answer signInAnswer
	_, err := v.Do(Call{
		Path: v.authRoute(kindPasskey, "callback"), Body: map[string]json.RawMessage{"credential": credential}, Into: &answer,
	})
	if err != nil {
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return showSignInWith(v, status, form)
	}
	return proceed(v, answer)
}
