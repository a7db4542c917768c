package console

import (
	"net/http"
	"net/url"

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
}

// Actor is the page of the administrator, "" for a command or a key without an owner.
func (e entry) Actor() string {
	if e.ActorType != ofUser || e.ActorID == "" {
		return ""
	}
	return personPath(ofUser, e.ActorID)
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
	p := auditPage{
		frame: v.frame(), listing: v.paged(answer.listing, len(answer.Entries)), Query: query.Get("actor_id"), Entries: answer.Entries,
		Filters: []link{{v.T("console.all"), Path + "/audit", outcome == ""}},
	}
	for _, o := range auditOutcomes {
		p.Filters = append(p.Filters, link{v.T("console.outcome_" + o), Path + "/audit?outcome=" + o, outcome == o})
	}
	return v.show(http.StatusOK, "audit", p)
}
