package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

// hits are the people of one kind.
type hits struct {
	Title string
	Found []found
	// More leads to the whole list, "" for none; Count is how many there are.
	More  string
	Count int
}

type searchPage struct {
	frame

	Query  string
	Result []hits
	Flows  []flow
	Asked  bool
	// Problem says why the search was refused, "" for one that was not.
	Problem string
}

// mostHits is how many people and flows of each kind a search shows.
const mostHits = "8"

// searches reports whether the administrator may find people of any kind.
func (v *visit) searches() bool {
	return slices.ContainsFunc(v.kinds(), func(kind kindOfPeople) bool { return v.can(kind.need) })
}

// kindOfPeople is a kind of record that GET /admin/people finds.
type kindOfPeople struct {
	name, need, title string
	// list is the path of the whole list, "" for none.
	list string
	read func(item json.RawMessage) (found, error)
}

// kinds are those that there are, in the order in which they are shown.
func (v *visit) kinds() []kindOfPeople {
	out := []kindOfPeople{
		{"customers", "customer:read", v.T("console.customers"), Path + "/customers", reader(v.customer)},
		{"users", "user:read", v.T("console.users"), Path + "/users", reader(v.user)},
	}
	for _, t := range v.console.ActorTypes {
		out = append(out, kindOfPeople{t.Plural, t.Name + ":read", t.Plural, "", reader(t.found)})
	}
	return append(out, kindOfPeople{"auth_identities", "auth_identity:read", v.T("console.identities"), "", reader(v.identity)})
}

// reader reads records of a kind.
func reader[T any](show func(T) found) func(json.RawMessage) (found, error) {
	return func(item json.RawMessage) (found, error) {
		var record T
		if err := json.Unmarshal(item, &record); err != nil {
			return found{}, fmt.Errorf("read what was found: %w", err)
		}
		return show(record), nil
	}
}

// found shows an account of a custom type, whatever fields it has.
func (t ActorType) found(record map[string]any) found {
	email, id := fieldOf(record, "email"), fieldOf(record, "id")
	return found{Name: actorName(record), Detail: email, Kind: t.Name, Path: personPath(t.Name, id), Since: fieldOf(record, "created_at")}
}

// identity shows what someone signs in with, and leads to the account where there is one.
func (v *visit) identity(i identity) found {
	f := found{
		Name: i.Entity(), Detail: i.ID, Kind: v.T("console.no_account"), Path: personPath(ofIdentity, i.ID), Disabled: i.DisabledAt != nil, Since: i.CreatedAt,
	}
	if actors := i.Actors(); len(actors) > 0 {
		f.Kind, f.Path = v.kind(actors[0].Type), actors[0].Path()
	}
	return f
}

// kind is what an actor type is called.
func (v *visit) kind(actorType string) string {
	switch actorType {
	case ofCustomer, ofUser, ofIdentity:
		return v.T("console.kind_" + actorType)
	}
	return actorType
}

// searchPeople finds people by address, name or id among all that the caller may read, and
// flows by the id of a request.
func (c *console) searchPeople(v *visit) error {
	if !v.searches() {
		return v.permitted([]string{"auth_identity:read"})
	}
	q := strings.TrimSpace(v.R.URL.Query().Get("q"))
	p := searchPage{frame: v.frame(), Query: q, Asked: q != ""}
	if q == "" {
		return v.show(http.StatusOK, "people", p)
	}
	err := v.findPeople(q, &p)
	if refused, ok := pages.Refused(err); ok && refused.Status == http.StatusBadRequest {
		p.Problem = v.Explain(refused)
		return v.show(http.StatusBadRequest, "people", p)
	}
	if err == nil {
		err = v.findFlows(q, &p)
	}
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "people", p)
}

func (v *visit) findPeople(q string, p *searchPage) error {
	var answer struct {
		People map[string]struct {
			Items []json.RawMessage
			Count int
		}
	}
	if err := v.Get("/admin/people?"+url.Values{"q": {q}, "limit": {mostHits}}.Encode(), &answer); err != nil {
		return err
	}
	for _, kind := range v.kinds() {
		of := answer.People[kind.name]
		if len(of.Items) == 0 {
			continue
		}
		h := hits{Title: kind.title, Count: of.Count}
		for _, item := range of.Items {
			f, err := kind.read(item)
			if err != nil {
				return err
			}
			h.Found = append(h.Found, f)
		}
		if of.Count > len(of.Items) && kind.list != "" {
			h.More = kind.list + "?q=" + url.QueryEscape(q)
		}
		p.Result = append(p.Result, h)
	}
	return nil
}

// requestIDForm is what ids of requests look like: ours, and those that proxies give.
var requestIDForm = regexp.MustCompile(`^[0-9A-Za-z._:-]{8,128}$`)

// findFlows finds the flows that a request has started, for support that was told its id.
func (v *visit) findFlows(q string, p *searchPage) error {
	if !v.can("flow:read") || !requestIDForm.MatchString(q) {
		return nil
	}
	var answer struct{ Flows []flow }
	err := v.Get("/admin/flows?"+url.Values{"request_id": {q}, "limit": {mostHits}}.Encode(), &answer)
	p.Flows = v.wordAll(answer.Flows)
	return err
}
