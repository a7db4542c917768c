//go:build record

package workflows_test

import (
	"testing"
)

// TestRecordCustomWorkflows keeps histories of a custom workflow that uses Steps
// (make history).
func TestRecordCustomWorkflows(t *testing.T) {
	desk := &desk{rows: map[string]string{}}
	r := newRecorder(t, desk)
	h := r.house
	in := func(id, mail, pass string) signUpInput { return signUpInput{ID: id, Request: h.seal(t, mail, pass)} }

	r.keep(t, "signUpCourier/hired", signUpCourier, in("cour_1", email, password))
	r.keep(t, "signUpCourier/refused", signUpCourier, in("cour_2", email, "another password"))

	// A minute: all retries of the step must pass.
	h.faults.set(fault{activities: []string{"AnnounceCourier"}, times: -1})
	r.keepSlow(t, "signUpCourier/undone", signUpCourier, in("cour_3", "grace@example.com", password))
}
