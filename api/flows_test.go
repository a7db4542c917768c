package api_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
)

// fakeTrails knows one reset of ada@example.com.
type fakeTrails struct {
	listed []flows.FlowFilter
}

const resetID = "password-reset/emailpass/h:1"

var aReset = flows.FlowInfo{
	ID: resetID, RunID: "run_1", Workflow: "PasswordReset", Title: "Password reset", Status: "running",
	StartedAt: time.Date(2026, 1, 2, 10, 2, 0, 0, time.UTC),
}

func (f *fakeTrails) ListFlows(_ context.Context, filter flows.FlowFilter) ([]flows.FlowInfo, error) {
	f.listed = append(f.listed, filter)
	return []flows.FlowInfo{aReset, {ID: "authenticate/customer/1", Outcome: "refused", StartedAt: aReset.StartedAt}}, nil
}

func (f *fakeTrails) Trail(_ context.Context, id string) (flows.FlowTrail, error) {
	if id != resetID {
		return flows.FlowTrail{}, everlatch.ErrNotFound
	}
	return flows.FlowTrail{
		FlowInfo: aReset, Now: "Waits until 10:17.", NowCode: "waits", NowParams: map[string]string{"until": "2026-11-30T10:17:00Z"},
		Moments: []flows.Moment{{At: aReset.StartedAt, Saying: flows.Say("asked", "asked_mailed", "actor_type", "customer")}},
	}, nil
}

func (f *fakeTrails) Attention(context.Context) ([]flows.Attention, error) {
	return []flows.Attention{{Flow: aReset, Why: "Not everything could be undone (DiscardCustomer).", Advice: "Undo it.", Code: "not_undone"}}, nil
}

func (f *fakeTrails) DeliveryFlowID(d everlatch.Delivery) string {
	return "deliver-event/" + d.EventID
}

func TestFlows(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 401, w.do("GET", "/admin/flows", nil).StatusCode)
	admin := bearer(w.admin("root@example.com"))

	list := w.do("GET", "/admin/flows?email=Ada@Example.com&limit=1&fields=id,status", nil, admin)
	list.is(t, `{"flows":[{"id":"`+resetID+`","status":"running"}],"count":2,"offset":0,"limit":1}`)
	require.Equal(t, []string{"Ada@Example.com", "ada@example.com"}, w.flows.listed[0].Addresses)
	require.Equal(t, 2, w.flows.listed[0].Limit, "one more than the page")

	second := w.do("GET", "/admin/flows?limit=1&offset=1&fields=id,outcome", nil, admin)
	second.is(t, `{"flows":[{"id":"authenticate/customer/1","outcome":"refused"}],"count":2,"offset":1,"limit":1}`)
	require.Equal(t, 400, w.do("GET", "/admin/flows?attention=maybe", nil, admin).StatusCode)
	for _, filter := range []string{"id", "request_id", "workflow", "outcome", "actor_id"} {
		for _, text := range []string{"a%00b", "%ff"} {
			asked := len(w.flows.listed)
			w.do("GET", "/admin/flows?"+filter+"="+text, nil, admin).is(t, `{"type":"invalid_data","message":"Text must be valid UTF-8 without the character U+0000."}`)
			require.Len(t, w.flows.listed, asked, "Temporal is not asked for %s", text)
		}
	}

	attention := w.do("GET", "/admin/flows?attention=true&fields=id,why,advice,why_code,why_params", nil, admin)
	attention.is(t, `{"flows":[{"id":"`+resetID+`","why":"Not everything could be undone (DiscardCustomer).","advice":"Undo it.","why_code":"not_undone","why_params":{}}],"count":1,"offset":0,"limit":50}`)

	told := w.do("GET", "/admin/flows/"+url.PathEscape(resetID), nil, admin)
	require.Equal(t, 200, told.StatusCode, told.body)
	require.Equal(t, "Password reset", told.text(t, "flow.title"))
	require.Contains(t, told.body, `"now":"Waits until 10:17.","now_code":"waits","now_params":{"until":"2026-11-30T10:17:00Z"},`+
		`"moments":[{"at":"2026-01-02T10:02:00.000Z","text":"asked","code":"asked_mailed","params":{"actor_type":"customer"}}]}`)
	require.Equal(t, 404, w.do("GET", "/admin/flows/nope", nil, admin).StatusCode)
}
