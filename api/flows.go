package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/trails"
	"github.com/everlatch/everlatch/internal/wire"
)

// flowTable is a flow as administrators see it. Why and advice are those of a flow that
// needs attention.
var flowTable = render.Table[flows.Attention]{
	render.Text("id", func(a *flows.Attention) string { return a.Flow.ID }),
	render.Text("run_id", func(a *flows.Attention) string { return a.Flow.RunID }),
	render.Text("workflow", func(a *flows.Attention) string { return a.Flow.Workflow }),
	render.Text("title", func(a *flows.Attention) string { return a.Flow.Title }),
	render.Text("status", func(a *flows.Attention) string { return a.Flow.Status }),
	render.Text("outcome", func(a *flows.Attention) string { return a.Flow.Outcome }),
	render.Text("actor_type", func(a *flows.Attention) string { return a.Flow.ActorType }),
	render.Text("actor_id", func(a *flows.Attention) string { return a.Flow.ActorID }),
	render.Text("auth_provider", func(a *flows.Attention) string { return a.Flow.Provider }),
	render.Text("auth_identity_id", func(a *flows.Attention) string { return a.Flow.AuthIdentityID }),
	render.Text("request_id", func(a *flows.Attention) string { return a.Flow.RequestID }),
	render.Time("started_at", func(a *flows.Attention) time.Time { return a.Flow.StartedAt }),
	render.NullableTime("closed_at", func(a *flows.Attention) *time.Time { return a.Flow.ClosedAt }),
	render.Text("why", func(a *flows.Attention) string { return a.Why }),
	render.Text("advice", func(a *flows.Attention) string { return a.Advice }),
	render.Text("why_code", func(a *flows.Attention) string { return a.Code }),
	{Name: "why_params", Write: func(b []byte, a *flows.Attention) []byte { return appendParams(b, a.Params) }},
}

var flowShape = render.ShapeOf(flowTable)

const (
	flowPage = 50
	// mostFlows bounds how far a list reaches: Temporal's lists know no offset.
	mostFlows = 1000
)

var flowFilters = query.Schema{
	{Name: "id", Kind: query.Text},
	{Name: "auth_identity_id", Kind: query.Text},
	{Name: "actor_id", Kind: query.Text},
	{Name: "email", Kind: query.Text},
	{Name: "request_id", Kind: query.Text},
	{Name: "workflow", Kind: query.Text},
	{Name: "outcome", Kind: query.Text},
	{Name: "attention", Kind: query.Choice, Choices: []string{"true", "false"}},
}

func (s *Server) book() trails.Book { return trails.Book{Flows: s.deps.Flows, Store: s.deps.Store} }

// listFlows lists flows, or those that need an operator.
func (s *Server) listFlows(c echo.Context) error {
	p, err := s.listed(c, flowShape, flowFilters, flowPage)
	if err != nil {
		return err
	}
	var found []flows.Attention
	if p.Filters.Plain("attention") == "true" {
		found, err = s.book().Attention(c.Request().Context())
	} else {
		found, err = s.findFlows(c, p)
	}
	if err != nil {
		return err
	}
	count := len(found)
	found = found[min(p.Offset, count):]
	return writeList(c, "flows", flowTable, p, found[:min(p.Limit, len(found))], count)
}

// findFlows reads as many flows as the page reaches to, and one more at most: the count of
// a longer list says that there are more.
func (s *Server) findFlows(c echo.Context, p query.Page) ([]flows.Attention, error) {
	found, err := s.book().Find(c.Request().Context(), trails.Person{
		IdentityID: p.Filters.Plain("auth_identity_id"), ActorID: p.Filters.Plain("actor_id"), Email: p.Filters.Plain("email"),
	}, flows.FlowFilter{
		WorkflowID: p.Filters.Plain("id"), RequestID: p.Filters.Plain("request_id"), Workflow: p.Filters.Plain("workflow"),
		Outcome: p.Filters.Plain("outcome"), Limit: min(p.Offset+p.Limit+1, mostFlows),
	})
	out := make([]flows.Attention, len(found))
	for i, f := range found {
		out[i].Flow = f
	}
	return out, err
}

// readFlow tells what happened in a flow.
func (s *Server) readFlow(c echo.Context) error {
	told, err := s.book().Tell(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	b := flowTable.Append([]byte(`{"flow":`), &flows.Attention{Flow: told.FlowInfo}, flowShape.Defaults())
	b = wire.AppendText(append(b, `,"now":`...), told.Now)
	b = wire.AppendText(append(b, `,"now_code":`...), told.NowCode)
	b = appendParams(append(b, `,"now_params":`...), told.NowParams)
	b = append(b, `,"moments":[`...)
	for i, m := range told.Moments {
		if i > 0 {
			b = append(b, ',')
		}
		b = wire.AppendTime(append(b, `{"at":`...), m.At)
		b = wire.AppendText(append(b, `,"text":`...), m.Text)
		b = wire.AppendText(append(b, `,"code":`...), m.Code)
		b = append(appendParams(append(b, `,"params":`...), m.Params), '}')
	}
	return writeJSON(c, append(b, "]}"...))
}

// appendParams writes what belongs to a code, an object in any case.
func appendParams(b []byte, params map[string]string) []byte {
	if params == nil {
		params = map[string]string{}
	}
	return wire.AppendJSON(b, params)
}
