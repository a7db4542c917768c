package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/everlatch/everlatch/pages"
)

// here is the page of the person that an action is about.
func (v *visit) here() string { return personPath(v.R.PathValue("type"), v.R.PathValue("id")) }

// identityRoute is the route of the API for the identity of a form.
func (v *visit) identityRoute(action string) string {
	return "/admin/auth-identities/" + url.PathEscape(v.Value("identity")) + action
}

// disable asks why, and refuses every way in from then on.
func (c *console) disable(v *visit) error {
	return v.confirm(confirmation{
		Title:  v.T("console.disable_title"),
		Points: []string{v.T("console.disable_1"), v.T("console.disable_2"), v.T("console.disable_3")},
		Button: v.T("console.disable"), Reason: true, Back: v.here(),
	}, func() error {
		if err := v.Post(v.identityRoute("/disable"), map[string]string{"reason": v.Value("reason")}, nil); err != nil {
			return err
		}
		return v.done("console.disabled_done", "", v.here())
	})
}

func (c *console) enable(v *visit) error {
	if err := v.Post(v.identityRoute("/enable"), map[string]string{}, nil); err != nil {
		return err
	}
	return v.done("console.enabled_done", "", v.here())
}

func (c *console) endSessions(v *visit) error {
	if err := v.Delete(v.identityRoute("/sessions"), nil); err != nil {
		return err
	}
	return v.done("console.sessions_ended", "", v.here())
}

func (c *console) endSession(v *visit) error {
	if err := v.Delete(v.identityRoute("/sessions/"+url.PathEscape(v.Value("session"))), nil); err != nil {
		return err
	}
	return v.done("console.session_ended", "", v.here())
}

// sendReset mails a link for a new password, as if its owner had asked for it.
func (c *console) sendReset(v *visit) error {
	p, err := c.person(v)
	if err != nil {
		return err
	}
	if err := v.permitted(resetNeeds(p.Type)); err != nil {
		return err
	}
	address := p.passwordAddress(v.Value("identity"))
	if p.Type == ofIdentity || address == "" {
		return notFound(v)
	}
	if err := v.Post(v.identityRoute("/reset-password"), map[string]string{"actor_type": p.Type}, nil); err != nil {
		return err
	}
	return v.done("console.reset_sent", address, v.here())
}

// passwordAddress is what an identity of the person signs in with by password, "" for one
// without a password and for those of others.
func (p *person) passwordAddress(identityID string) string {
	for _, identity := range p.Identities {
		for _, way := range identity.Providers {
			if identity.ID == identityID && way.Provider == passwordProvider {
				return way.EntityID
			}
		}
	}
	return ""
}

// scheduleDeletion has a customer removed later, which can be undone until then.
func (c *console) scheduleDeletion(v *visit) error {
	p, err := c.person(v)
	if err != nil {
		return err
	}
	if p.Type != ofCustomer {
		return notFound(v)
	}
	return v.confirm(confirmation{
		Title:  v.T("console.schedule_deletion_title", "Name", p.Name),
		Points: []string{v.T("console.schedule_deletion_1"), v.T("console.schedule_deletion_2")},
		Button: v.T("console.schedule_deletion"), Back: v.here(),
	}, func() error {
		if err := v.Post(deletionRoute(p.ID), map[string]string{}, nil); err != nil {
			return err
		}
		return v.done("console.schedule_deletion_done", p.Name, v.here())
	})
}

// deletionRoute is the route of the API for a removal that waits.
func deletionRoute(customerID string) string {
	return "/admin/customers/" + url.PathEscape(customerID) + "/deletion"
}

// keepCustomer undoes a removal that waits, of its owner or an administrator.
func (c *console) keepCustomer(v *visit) error {
	if v.R.PathValue("type") != ofCustomer {
		return notFound(v)
	}
	if err := v.Delete(deletionRoute(v.R.PathValue("id")), nil); err != nil {
		return err
	}
	return v.done("console.kept", "", v.here())
}

// removeFactor removes the second factor of someone who has lost it.
func (c *console) removeFactor(v *visit) error {
	return v.confirm(confirmation{
		Title:  v.T("console.remove_factor_title"),
		Points: []string{v.T("console.remove_factor_1"), v.T("console.remove_factor_2")},
		Button: v.T("console.remove_factor"), Reason: true, Back: v.here(),
	}, func() error {
		_, err := v.Do(pages.Call{
			Method: http.MethodDelete,
			Path:   "/admin/auth-identities/" + url.PathEscape(v.R.PathValue("identity")) + "/factors/" + url.PathEscape(v.R.PathValue("factor")),
			Body:   map[string]string{"reason": v.Value("reason")},
		})
		if err != nil {
			return err
		}
		return v.done("console.factor_removed", "", v.here())
	})
}

// deletePerson deletes an account for good. Its address, or its id, has to be typed.
func (c *console) deletePerson(v *visit) error {
	p, err := c.person(v)
	if err != nil {
		return err
	}
	if err := v.permitted(deleteNeeds(p.Type)); err != nil {
		return err
	}
	word := p.Email
	if word == "" {
		word = p.ID
	}
	route, list := c.deleteRoute(p)
	return v.confirm(confirmation{
		Title:  v.T("console.delete_title", "Name", p.Name),
		Points: []string{v.T("console.delete_1"), v.T("console.delete_2"), v.T("console.delete_3")},
		Button: v.T("console.delete_for_good"), Word: word, Back: v.here(),
	}, func() error {
		status, err := v.Do(pages.Call{Method: http.MethodDelete, Path: route})
		if err != nil {
			return err
		}
		if status == http.StatusAccepted {
			return v.done("console.delete_pending", p.Name, v.here())
		}
		return v.done("console.deleted", p.Name, list)
	})
}

// deleteRoute is the route that deletes an account, and the page to show afterwards.
func (c *console) deleteRoute(p person) (route, list string) {
	id := url.PathEscape(p.ID)
	switch p.Type {
	case ofCustomer:
		return "/admin/customers/" + id, Path + "/customers"
	case ofUser:
		return "/admin/users/" + id, Path + "/users"
	case ofIdentity:
		return "/admin/auth-identities/" + id, Path + "/people"
	}
	i := slices.IndexFunc(c.ActorTypes, func(t ActorType) bool { return t.Name == p.Type })
	return "/admin/" + url.PathEscape(c.ActorTypes[i].Plural) + "/" + id, Path + "/people"
}

func (c *console) grantRole(v *visit) error {
	err := v.Post("/admin/users/"+url.PathEscape(v.R.PathValue("id"))+"/roles", map[string]any{"roles": []string{v.Value("role")}}, nil)
	if err != nil {
		return err
	}
	return v.done("console.role_granted", "", v.here())
}

func (c *console) revokeRole(v *visit) error {
	err := v.Delete("/admin/users/"+url.PathEscape(v.R.PathValue("id"))+"/roles/"+url.PathEscape(v.Value("role")), nil)
	if err != nil {
		return err
	}
	return v.done("console.role_revoked", "", v.here())
}
