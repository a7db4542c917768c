package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// audited records what an administrator asks to be changed, before it is changed: so no
// change is without its author, even if this process ends in the middle of it. It stands
// behind the authentication and before the permissions, so that refusals are recorded too.
func (s *Server) audited(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c)
		if k.prefix != prefixAdmin || k.audit != nil || !s.changes(c) {
			return next(c)
		}
		entry, err := s.deps.Store.BeginAudit(k.lookups(c), s.auditEntry(c))
		if err != nil {
			return err
		}
		k.audit = &entry
		return next(c)
	}
}

// changes reports whether the request of a known caller may change something. A method of
// the auth service that only reads changes nothing, although it is called with POST.
func (s *Server) changes(c echo.Context) bool {
	match := wire.Of(c).Match
	if match == nil || callOf(c).auth.Claims() == nil {
		return false
	}
	switch c.Request().Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	if match.Path == serviceRoute {
		operation, known := auth.MethodOperation(c.Param("method"))
		return known && operation != "read"
	}
	return true
}

// serviceRoute is the route of the auth service, whose methods are part of the action.
const serviceRoute = "/admin/auth/:method"

// auditEntry is what is known of a request before it is handled: who, what, to what and
// from where. Nothing of its body is kept but the id of the record that it names.
func (s *Server) auditEntry(c echo.Context) everlatch.AuditEntry {
	k, claims, path := callOf(c), callOf(c).auth.Claims(), wire.Of(c).Match.Path
	_, network := s.clientOf(c)
	e := everlatch.AuditEntry{
		ActorType: claims.ActorType, ActorID: claims.ActorID,
		Method: methodOf(c.Request()), Action: path, TargetID: c.Param("id"), PartID: partOf(c),
		Network: network, RequestID: k.id,
	}
	if claims.ActorType == everlatch.ActorAPIKey {
		if user := k.auth.UserID(); user != "" {
			e.ActorType, e.ActorID, e.APIKeyID = everlatch.ActorUser, user, claims.ActorID
		} else {
			e.APIKeyID = claims.ActorID
		}
	}
	switch {
	case path == serviceRoute:
		e.Action = strings.Replace(path, ":method", c.Param("method"), 1)
		e.TargetID = namedIdentity(Body(c))
	case strings.HasPrefix(path, "/admin/users/me/"):
		e.TargetID = e.ActorID
	}
	e.TargetID, e.PartID = idOnly(e.TargetID), idOnly(e.PartID)
	return e
}

// partOf is the parameter of a route that names something within the record of :id.
func partOf(c echo.Context) string {
	for _, name := range slices.Backward(c.ParamNames()) {
		if name != "id" && strings.HasSuffix(name, "id") {
			return c.Param(name)
		}
	}
	return ""
}

// namedIdentity is the record that the arguments of a method are about, "" for none or
// several.
func namedIdentity(body map[string]any) string {
	for _, name := range []string{"auth_identity_id", "id"} {
		if id, ok := body[name].(string); ok {
			return id
		}
	}
	return ""
}

// maxAuditID is longer than any id of ours.
const maxAuditID = 128

// idOnly keeps what can be an id. Other text may be anything: an address, or a secret that
// was sent in the wrong place.
func idOnly(text string) string {
	if len(text) > maxAuditID || !isToken(text) || strings.Contains(text, "@") {
		return ""
	}
	return text
}

// endAudit records how a change went. It has been made or not by then, so an outage is
// no reason for another answer: the entry stays without an outcome, which says just that.
func (s *Server) endAudit(c echo.Context, k *call) {
	if k.audit == nil {
		return
	}
	e := *k.audit
	status := c.Response().Status
	e.Status, e.FlowID = &status, k.notes.WorkflowID()
	switch {
	case status < http.StatusBadRequest:
		e.Outcome = everlatch.AuditDone
	case status < http.StatusInternalServerError:
		e.Outcome = everlatch.AuditRefused
	default:
		e.Outcome = everlatch.AuditFailed
	}
	// The client may be gone, and what was done is to be known all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), lookupWithin)
	defer cancel()
	if failed := s.deps.Store.EndAudit(ctx, e); failed != nil {
		s.deps.Log.WarnContext(ctx, "the outcome of what an administrator did is not recorded", slog.String("request_id", k.id),
			slog.String("audit", e.ID), slog.Any("cause", everlatch.Cause(failed)))
	}
}

// noteCreated names the record that a request has created: the first field of an answer is
// its id.
func (k *call) noteCreated(name string, body []byte) {
	if k == nil || k.audit == nil || k.audit.TargetID != "" {
		return
	}
	rest, ok := bytes.CutPrefix(body, []byte(`{"`+name+`":{"id":`))
	if !ok {
		return
	}
	var id string
	if json.NewDecoder(bytes.NewReader(rest)).Decode(&id) == nil {
		k.audit.TargetID = idOnly(id)
	}
}

var auditTable = render.Table[everlatch.AuditEntry]{
	render.Text("id", func(e *everlatch.AuditEntry) string { return e.ID }),
	render.Text("actor_type", func(e *everlatch.AuditEntry) string { return e.ActorType }),
	render.Text("actor_id", func(e *everlatch.AuditEntry) string { return e.ActorID }),
	render.Text("api_key_id", func(e *everlatch.AuditEntry) string { return e.APIKeyID }),
	render.Text("method", func(e *everlatch.AuditEntry) string { return e.Method }),
	render.Text("action", func(e *everlatch.AuditEntry) string { return e.Action }),
	render.Text("target_id", func(e *everlatch.AuditEntry) string { return e.TargetID }),
	render.Text("part_id", func(e *everlatch.AuditEntry) string { return e.PartID }),
	render.Text("network", func(e *everlatch.AuditEntry) string { return e.Network }),
	render.Text("request_id", func(e *everlatch.AuditEntry) string { return e.RequestID }),
	render.Text("flow_id", func(e *everlatch.AuditEntry) string { return e.FlowID }),
	{Name: "status", Write: func(b []byte, e *everlatch.AuditEntry) []byte {
		if e.Status == nil {
			return append(b, "null"...)
		}
		return wire.AppendInt(b, *e.Status)
	}},
	render.Text("outcome", func(e *everlatch.AuditEntry) string { return e.Outcome }),
	render.Time("created_at", func(e *everlatch.AuditEntry) time.Time { return e.CreatedAt }),
}

var (
	auditShape   = render.ShapeOf(auditTable)
	auditFilters = query.Schema{
		{Name: "actor_id", Kind: query.Text},
		{Name: "target_id", Kind: query.Text},
		{Name: "request_id", Kind: query.Text},
		{Name: "action", Kind: query.Text},
		{Name: "outcome", Kind: query.Choice, Choices: slices.Concat(auditOutcomes, []string{auditPending})},
		query.Moment("from"),
		query.Moment("to"),
	}
	auditOutcomes = []string{everlatch.AuditDone, everlatch.AuditRefused, everlatch.AuditFailed}
)

const (
	auditPage = 50
	// auditPending selects entries without an outcome.
	auditPending = "unknown"
)

// listAudit lists what administrators did.
func (s *Server) listAudit(c echo.Context) error {
	p, err := s.listed(c, auditShape, auditFilters, auditPage)
	if err != nil {
		return err
	}
	in := p.Filters
	f := store.AuditFilter{
		ActorID: in.Plain("actor_id"), TargetID: in.Plain("target_id"), RequestID: in.Plain("request_id"), Action: in.Plain("action"),
		Outcome: in.Text("outcome"), From: in.Moment("from"), Until: in.Moment("to"),
	}
	if f.Outcome != nil && *f.Outcome == auditPending {
		f.Outcome = new(everlatch.AuditUnknown)
	}
	found, count, err := s.deps.Store.Audit(lookups(c), f, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "entries", auditTable, p, found, count)
}
