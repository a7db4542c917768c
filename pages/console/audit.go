package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) auditRoutes() map[string]pages.Handler {
	return map[string]pages.Handler{"GET /console/audit": c.page([]string{"audit:read"}, c.listAudit)}
}

// entry is what an administrator or a command did.
type entry struct {
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	Method    string `json:"method"`
	Action    string `json:"action"`
	TargetID  string `json:"target_id"`
	Network   string `json:"network"`
	Outcome   string `json:"outcome"`
	CreatedAt string `json:"created_at"`
	// Name is what the administrator is called, their id where that is not known. By and
	// Target are the pages of the administrator and of what the entry is about, which may be
	// gone; "" where the caller may not see them.
	Name, By, Target string `json:"-"`
}

// targets are the pages of what entries are about, by the beginnings of ids.
var targets = []struct{ prefix, path, need string }{
	{"cus_", Path + "/people/customer/", "customer:read"},
	{"user_", Path + "/people/user/", "user:read"},
	{"authid_", Path + "/people/identity/", "auth_identity:read"},
	{"cusgroup_", Path + "/groups/", "customer_group:read"},
	{"role_", Path + "/roles/", "rbac_role:read"},
	{"evt_", Path + "/events/", "event:read"},
}

// record is the page of a record by its id, "" where the caller may not see it.
func (v *visit) record(id string) string {
	for _, t := range targets {
		if strings.HasPrefix(id, t.prefix) && v.can(t.need) {
			return t.path + url.PathEscape(id)
		}
	}
	return ""
}

type auditPage struct {
	frame
	listing

	Query   string
	Filters []link
	Entries []entry
}

// auditOutcomes are the filters of the audit log.
var auditOutcomes = []string{"done", "refused", "failed"}

// listAudit shows what administrators and commands did, the latest first.
func (c *console) listAudit(v *visit) error {
	query := v.R.URL.Query()
	outcome := query.Get("outcome")
	var answer struct {
		listing

		Entries []entry `json:"entries"`
	}
	if err := v.list("/admin/audit", url.Values{"actor_id": {query.Get("actor_id")}, "outcome": {outcome}}, &answer); err != nil {
		return err
	}
	if err := v.nameActors(answer.Entries); err != nil {
		return err
	}
	p := auditPage{
		frame: v.frame(), listing: v.paged(answer.listing, len(answer.Entries)), Query: query.Get("actor_id"), Entries: answer.Entries,
		Filters: []link{{v.T("console.all"), Path + "/audit", outcome == ""}},
	}
	for _, o := range auditOutcomes {
		p.Filters = append(p.Filters, link{v.T("console.outcome_" + o), Path + "/audit?outcome=" + o, outcome == o})
	}
	return v.show(http.StatusOK, "audit", p)
}

// nameActors finds out what the administrators of entries are called, those who have been
// removed included.
func (v *visit) nameActors(entries []entry) error {
	query, names := url.Values{"limit": {strconv.Itoa(pageSize)}, "with_deleted": {"true"}}, map[string]string{}
	for _, e := range entries {
		if e.ActorType == ofUser && e.ActorID != "" && names[e.ActorID] == "" {
			names[e.ActorID] = e.ActorID
			query.Add("id[]", e.ActorID)
		}
	}
	if len(names) > 0 && v.can("user:read") {
		var answer struct{ Users []user }
		if err := v.Get("/admin/users?"+query.Encode(), &answer); err != nil {
			return err
		}
		for _, u := range answer.Users {
			names[u.ID] = u.Name()
		}
	}
	for i, e := range entries {
		entries[i].Name, entries[i].Target = cmp.Or(names[e.ActorID], e.ActorID), v.record(e.TargetID)
		if e.ActorType == ofUser {
			entries[i].By = v.record(e.ActorID)
		}
	}
	return nil
}
