package doctor_test

import (
	"net/http"
	"time"

	"github.com/everlatch/everlatch/internal/doctor"
)

var webhooksWrongs = map[string]wrong{
	"a receiver that fails": {
		"webhooks.answer", doctor.Fault, set(), webhook(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, true),
		`answers 502$`, `crm in subscribers; deliveries are retried for 72h`,
	},
	"a receiver in the private network": {
		"webhooks.answer", doctor.Fault, set(), webhook(func(http.ResponseWriter, *http.Request) {}, false),
		`its address is private`, `crm in subscribers`,
	},
	"a receiver with another time": {
		"webhooks.clock", doctor.Fault, set(), both(ahead(-time.Minute), webhook(func(http.ResponseWriter, *http.Request) {}, true)),
		`the clock of crm is .* ahead`, `NTP`,
	},
	"a receiver that is a little late": {
		"webhooks.clock", doctor.Warning, set(), both(ahead(10*time.Second), webhook(func(http.ResponseWriter, *http.Request) {}, true)),
		`the clock of crm is .* behind`, `NTP`,
	},
}
