package pages

import (
	"net/http"
	"net/url"
)

// session is one of the account, as GET /auth/sessions has it.
type session struct {
	ID         string  `json:"id"`
	Current    bool    `json:"current"`
	Provider   string  `json:"auth_provider"`
	Device     *string `json:"device"`
	Network    *string `json:"network"`
	CreatedAt  string  `json:"created_at"`
	LastUsedAt string  `json:"last_used_at"`

	// Way is how the session began, worded.
	Way string `json:"-"`
}

// sessionsPage is the data of account/sessions.
type sessionsPage struct {
	accountView

	Sessions []session
	// Others says that there is more than the current one.
	Others bool
}

func showSessions(v *Visit) error {
	var answer struct {
		Sessions []session `json:"sessions"`
	}
	if err := v.Get("/auth/sessions", &answer); err != nil {
		return err
	}
	known, err := v.providers()
	if err != nil {
		return err
	}
	page := sessionsPage{accountView: v.section(sectionSessions)}
	for _, s := range answer.Sessions {
		s.Way = v.providerName(known, s.Provider)
		if s.Current { // comes first
			page.Sessions = append([]session{s}, page.Sessions...)
			continue
		}
		page.Sessions, page.Others = append(page.Sessions, s), true
	}
	return v.Show(http.StatusOK, "account/sessions", page)
}

func endSession(v *Visit) error {
	if v.Value("id") == "" {
		return errNotFound
	}
	if err := v.Delete("/auth/sessions/"+url.PathEscape(v.Value("id")), nil); err != nil {
		return err
	}
	v.Notice("account.session_ended", "")
	return v.Redirect(v.account("sessions"))
}

func endOtherSessions(v *Visit) error {
	if err := v.Delete("/auth/sessions", nil); err != nil {
		return err
	}
	v.Notice("account.others_ended", "")
	return v.Redirect(v.account("sessions"))
}
