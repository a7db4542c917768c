package pages

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// deed is an entry of GET /auth/activity.
type deed struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Data      map[string]any `json:"data"`
	CreatedAt string         `json:"created_at"`

	// Text says what has happened, Detail where or with what, and Mood is a class of the
	// timeline.
	Text, Detail, Mood string `json:"-"`
}

func (d deed) text(name string) string { return record(d.Data).text(name) }

// mostActivity is how many entries the API tells at most.
const mostActivity = 100

// activity reads the latest entries.
func (v *Visit) activity(most int) ([]deed, error) {
	var answer struct {
		Activities []deed `json:"activities"`
	}
	err := v.Get("/auth/activity?limit="+strconv.Itoa(most), &answer)
	return answer.Activities, err
}

// activityPage is the data of account/activity.
type activityPage struct {
	accountView

	Deeds []deed
}

func showActivity(v *Visit) error {
	deeds, err := v.activity(mostActivity)
	if err != nil {
		return err
	}
	known, err := v.providers()
	if err != nil {
		return err
	}
	page := activityPage{accountView: v.section(sectionActivity)}
	for _, d := range deeds {
		if v.word(&d, known) {
			page.Deeds = append(page.Deeds, d)
		}
	}
	return v.Show(http.StatusOK, "account/activity", page)
}

// worrying are the entries that a person should look at twice, welcome those that make the
// account safer.
var (
	worrying = []string{"auth.login_failed", "auth.sign_in_locked", "auth.passkey_cloned", "auth.mfa_challenge_failed", "auth.mfa_disabled", "auth.identity_disabled"}
	welcome  = []string{"auth.mfa_enabled", "auth.identity_linked", "auth.verification_confirmed", "auth.identity_enabled"}
)

// word says in plain words what an entry is about, and reports whether there are any: an
// event that these pages don't know yet is left out.
func (v *Visit) word(d *deed, known []provider) bool {
	name, found := strings.CutPrefix(d.Name, "auth.")
	id := "account.event_" + name
	if !found || !v.language.has(id) {
		return false
	}
	d.Text = v.T(id, "Provider", v.providerName(known, d.text("provider")), "Email", d.text("email"), "Number", v.language.number(d.text("count")), "Left", d.text("left"))
	switch d.Name {
	case "auth.login_succeeded":
		d.Detail = joined(cmp.Or(v.language.device(d.text("device")), v.T("account.unknown_device")), v.language.network(d.text("network")))
	case "auth.identity_linked", "auth.identity_unlinked", "auth.verification_confirmed":
		if d.text("provider") != passkeyProvider {
			d.Detail = v.language.apart(d.text("entity_id"))
		}
	}
	for mood, names := range map[string][]string{"bad": worrying, "good": welcome} {
		for _, n := range names {
			if n == d.Name {
				d.Mood = mood
			}
		}
	}
	return true
}

func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
