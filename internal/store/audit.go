package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// DefaultAuditRetention applies unless [Store.SetAuditRetention] is called.
const DefaultAuditRetention = 365 * 24 * time.Hour

// SetAuditRetention sets how long [Store.Sweep] keeps what administrators did; 0 is
// forever. It must be called before the store is used.
func (s *Store) SetAuditRetention(d time.Duration) { s.auditRetention = d }

const (
	auditColumns = `id, actor_type, actor_id, api_key_id, method, action, target_id, part_id, network, request_id, created_at,
			status, outcome, flow_id`

	insertAudit = `INSERT INTO audit_entry (` + auditColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, '', '') ON CONFLICT (id) DO NOTHING`

	// Once: the first outcome stays. A target that was known stays too.
	endAudit = `UPDATE audit_entry SET status = $2, outcome = $3, flow_id = $4,
			target_id = CASE WHEN target_id = '' THEN $5 ELSE target_id END
		WHERE id = $1 AND outcome = ''`

	sweepAudit = `DELETE FROM audit_entry WHERE created_at <= $1
		AND id IN (SELECT id FROM audit_entry WHERE created_at <= $1 ORDER BY created_at LIMIT $2)`
)

// BeginAudit records what an administrator is about to do, and returns the entry. One without
// an id gets a new one; the same id again changes nothing. A change must not begin when this
// fails: nothing would tell whose it was.
func (s *Store) BeginAudit(ctx context.Context, e everlatch.AuditEntry) (everlatch.AuditEntry, error) {
	e.CreatedAt = s.now()
	if e.ID == "" {
		e.ID = ids.New(ids.Audit, e.CreatedAt)
	}
	_, err := s.writes.exec(ctx, insertAudit, e.ID, e.ActorType, e.ActorID, e.APIKeyID, e.Method, e.Action, e.TargetID, e.PartID,
		e.Network, e.RequestID, e.CreatedAt)
	return e, s.fail(ctx, "record what an administrator does", err)
}

// EndAudit records how it went: the status, the outcome and the flow of an entry, and its
// target where it had none, because it was created. Only the first call changes something.
func (s *Store) EndAudit(ctx context.Context, e everlatch.AuditEntry) error {
	_, err := s.writes.exec(ctx, endAudit, e.ID, e.Status, e.Outcome, e.FlowID, e.TargetID)
	return s.fail(ctx, "record what an administrator did", err)
}

// AuditFilter selects entries; zero fields select all.
type AuditFilter struct {
	ActorID, TargetID, RequestID, Action string
	// Outcome is one of an entry, and nil selects all.
	Outcome *string
	// From is the first moment, and Until the first one that is too late.
	From, Until time.Time
}

// Audit lists what administrators did and counts it, the latest first unless the page says
// otherwise (order: created_at).
func (s *Store) Audit(ctx context.Context, f AuditFilter, page Page) ([]everlatch.AuditEntry, int, error) {
	var where conditions
	where.equal("actor_id", f.ActorID)
	where.equal("target_id", f.TargetID)
	where.equal("request_id", f.RequestID)
	where.equal("action", f.Action)
	if f.Outcome != nil {
		where.add("outcome = %s", *f.Outcome)
	}
	if !f.From.IsZero() {
		where.add("created_at >= %s", f.From)
	}
	if !f.Until.IsZero() {
		where.add("created_at < %s", f.Until)
	}
	return list(ctx, s, "list what administrators did", listing[everlatch.AuditEntry]{
		table: "audit_entry", columns: auditColumns, scan: scanAudit,
		where: where, page: page, defaultOrder: "created_at DESC, id DESC", orders: []string{"created_at"},
	})
}

func scanAudit(row scanner) (e everlatch.AuditEntry, err error) {
	var status sql.NullInt64
	err = row.Scan(&e.ID, &e.ActorType, &e.ActorID, &e.APIKeyID, &e.Method, &e.Action, &e.TargetID, &e.PartID, &e.Network, &e.RequestID,
		toTime{&e.CreatedAt}, &status, &e.Outcome, &e.FlowID)
	if status.Valid {
		e.Status = new(int(status.Int64))
	}
	return e, err
}

// sweepAudits deletes what is past its retention.
func (s *Store) sweepAudits(ctx context.Context, limit int) (int64, error) {
	if s.auditRetention == 0 {
		return 0, nil
	}
	return s.writes.exec(ctx, sweepAudit, s.now().Add(-s.auditRetention), limit)
}
