package store

import "context"

// SweepResult counts the rows that a sweep has deleted.
type SweepResult struct {
	// Sessions are sessions or sign-ins, the fuller of the two tables.
	Sessions int
	// Sealed are sealed secrets or authorization codes, the fuller of the two tables.
	Sealed int
	// Limits are counters of limits, the fuller of the two tables.
	Limits int
	// Audit are entries about administrators that are past their retention.
	Audit int
}

// Both parts have the condition: the inner one finds rows by index, the outer
// one is evaluated again when a row has changed in the meantime.
const (
	sweepSessions = `DELETE FROM session WHERE idle_expires_at <= $1
		AND id IN (SELECT id FROM session WHERE idle_expires_at <= $1 ORDER BY idle_expires_at LIMIT $2)`
	sweepSealed = `DELETE FROM sealed_secret WHERE expires_at <= $1
		AND id IN (SELECT id FROM sealed_secret WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
)

// Sweep deletes expired sessions, sealed secrets, authorization codes, sign-ins and
// counters of limits, and what administrators did long ago, at most limit of each, and the
// holds of e-mail changes that cannot be
// undone any more.
// Nothing depends on it: reads do not see expired rows.
func (s *Store) Sweep(ctx context.Context, limit int) (SweepResult, error) {
	var result SweepResult
	sessions, err := s.writes.exec(ctx, sweepSessions, s.now(), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep sessions", err)
	}
	result.Sessions = int(sessions)
	sealed, err := s.writes.exec(ctx, sweepSealed, s.now(), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep sealed secrets", err)
	}
	result.Sealed = int(sealed)
	budgets, err := s.writes.exec(ctx, sweepBudgets, s.now().UnixMicro(), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep budgets", err)
	}
	attempts, err := s.writes.exec(ctx, sweepAttempts, s.now(), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep attempts", err)
	}
	result.Limits = int(max(budgets, attempts))
	if _, err := s.writes.exec(ctx, sweepEndedSignIns, s.now(), limit); err != nil {
		return result, s.fail(ctx, "sweep ended sign-ins", err)
	}
	signIns, err := s.writes.exec(ctx, sweepSignIns, s.now().Add(-useResolution-s.signIns.History), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep sign-ins", err)
	}
	result.Sessions = int(max(sessions, signIns))
	codes, err := s.writes.exec(ctx, sweepAuthorizationCodes, s.now().Add(-codeKept), limit)
	if err != nil {
		return result, s.fail(ctx, "sweep authorization codes", err)
	}
	result.Sealed = int(max(sealed, codes))
	audits, err := s.sweepAudits(ctx, limit)
	if err != nil {
		return result, s.fail(ctx, "sweep the audit", err)
	}
	result.Audit = int(audits)
	_, err = s.writes.exec(ctx, sweepHolds, s.now()) // a few at a time, one for each e-mail change
	return result, s.fail(ctx, "sweep holds", err)
}
