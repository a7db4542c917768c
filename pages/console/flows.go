package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) flowRoutes() map[string]pages.Handler {
	read := []string{"flow:read"}
	return map[string]pages.Handler{
		"GET /console/flows":     c.page(read, c.listFlows),
		"GET /console/flows/one": c.page(read, c.showFlow),
	}
}

type flow struct {
	ID         string  `json:"id"`
	RunID      string  `json:"run_id"`
	Workflow   string  `json:"workflow"`
	Title      string  `json:"title"`
	Status     string  `json:"status"`
	Outcome    string  `json:"outcome"`
	ActorType  string  `json:"actor_type"`
	ActorID    string  `json:"actor_id"`
	Provider   string  `json:"auth_provider"`
	IdentityID string  `json:"auth_identity_id"`
	RequestID  string  `json:"request_id"`
	StartedAt  string  `json:"started_at"`
	ClosedAt   *string `json:"closed_at"`
	// Why and Advice are those of a flow that needs attention.
	Why       string            `json:"why"`
	Advice    string            `json:"advice"`
	WhyCode   string            `json:"why_code"`
	WhyParams map[string]string `json:"why_params"`
	// Ended is the outcome in words. English says that Why and Advice are not in the
	// visitor's language.
	Ended   string `json:"-"`
	English bool   `json:"-"`
}

// Path is the page of the flow. Ids have slashes, so they are a parameter.
func (f flow) Path() string { return Path + "/flows/one?id=" + url.QueryEscape(f.ID) }

// Person is the page of the account or identity that the flow is about, "" for none.
func (f flow) Person() string {
	switch {
	case f.ActorID != "" && f.ActorType != "":
		return personPath(f.ActorType, f.ActorID)
	case f.IdentityID != "":
		return personPath(ofIdentity, f.IdentityID)
	}
	return ""
}

// deletes reports whether the flow will delete an account that is still there.
func (f flow) deletes() bool { return f.Workflow == "AccountDeletion" && f.Status == "running" }

type flowsPage struct {
	frame
	listing

	// Attention says that only flows are listed that need an operator.
	Attention bool
	Filters   []link
	Query     string
	Flows     []flow
}

// listFlows lists flows: those that need attention, those of an address or id, or all.
func (c *console) listFlows(v *visit) error {
	query := v.R.URL.Query()
	p := flowsPage{Attention: query.Get("attention") == "true", Query: strings.TrimSpace(query.Get("q"))}
	filter := url.Values{}
	switch {
	case p.Attention:
		filter.Set("attention", "true")
	case strings.Contains(p.Query, "@"):
		filter.Set("email", p.Query)
	case strings.HasPrefix(p.Query, "authid_"):
		filter.Set("auth_identity_id", p.Query)
	case strings.HasPrefix(p.Query, "req_"):
		filter.Set("request_id", p.Query)
	case strings.Contains(p.Query, "/"):
		filter.Set("id", p.Query)
	case p.Query != "":
		filter.Set("actor_id", p.Query)
	}
	var answer struct {
		listing

		Flows []flow
	}
	if err := v.list("/admin/flows", filter, &answer); err != nil {
		return err
	}
	p.frame, p.listing, p.Flows = v.frame(), v.paged(answer.listing, len(answer.Flows)), v.wordAll(answer.Flows)
	p.Filters = []link{
		{v.T("console.all"), Path + "/flows", !p.Attention}, {v.T("console.need_attention"), Path + "/flows?attention=true", p.Attention},
	}
	return v.show(http.StatusOK, "flows", p)
}

type moment struct {
	At string `json:"at"`
	saying

	// Told is what has happened, in words.
	Told told `json:"-"`
}

type flowPage struct {
	frame

	Flow    flow
	Now     told
	Moments []moment
	// Provider is what people call the provider, "" for none.
	Provider string
	// Temporal is the page of the flow in Temporal's web UI, "" where there is none.
	Temporal string
}

// showFlow tells what happened in a flow.
func (c *console) showFlow(v *visit) error {
	var answer struct {
		Flow      flow
		Now       string
		NowCode   string            `json:"now_code"`
		NowParams map[string]string `json:"now_params"`
		Moments   []moment
	}
	if err := v.Get("/admin/flows/"+url.PathEscape(v.R.URL.Query().Get("id")), &answer); err != nil {
		return err
	}
	for i := range answer.Moments {
		answer.Moments[i].Told = v.tell(answer.Moments[i].saying)
	}
	p := flowPage{
		frame: v.frame(), Flow: v.word(answer.Flow), Now: v.tell(saying{answer.Now, answer.NowCode, answer.NowParams}), Moments: answer.Moments,
	}
	if p.Flow.Provider != "" {
		named, err := v.ProviderNames(cmp.Or(p.Flow.ActorType, ofCustomer))
		if err != nil {
			return err
		}
		p.Provider = named(p.Flow.Provider)
	}
	if c.TemporalUI != "" && p.Flow.RunID != "" {
		p.Temporal = strings.TrimSuffix(c.TemporalUI, "/") + "/workflows/" + url.PathEscape(p.Flow.ID) + "/" + url.PathEscape(p.Flow.RunID) + "/history"
	}
	return v.show(http.StatusOK, "flow", p)
}
