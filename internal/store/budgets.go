package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Budget is how often something may happen: Size times at once, and once more
// whenever Every has passed.
type Budget struct {
	// ID is a keyed hash of what is counted.
	ID    string
	Size  int
	Every time.Duration
}

// A budget is one time, up to which it is spent. Spending moves it by one step,
// in one statement, so that parallel requests never spend the same unit twice.
const (
	spendBudget = `INSERT INTO limit_budget (id, used_until) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET used_until =
			CASE WHEN limit_budget.used_until > $3 THEN limit_budget.used_until + $4 ELSE $2 END
		WHERE limit_budget.used_until <= $5
		RETURNING used_until`
	overspendBudget = `INSERT INTO limit_budget (id, used_until) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET used_until = CASE
			WHEN limit_budget.used_until > $5 THEN limit_budget.used_until
			WHEN limit_budget.used_until > $3 THEN limit_budget.used_until + $4
			ELSE $2 END
		RETURNING used_until`
	selectBudget  = `SELECT used_until FROM limit_budget WHERE id = $1`
	selectBudgets = `SELECT id, used_until FROM limit_budget WHERE id IN ($1, $2)`
	sweepBudgets  = `DELETE FROM limit_budget WHERE used_until <= $1
		AND id IN (SELECT id FROM limit_budget WHERE used_until <= $1 ORDER BY used_until LIMIT $2)`
)

// SpendBudget takes one unit of a budget. When there is none, it takes nothing
// and returns how long it is until there is one.
func (s *Store) SpendBudget(ctx context.Context, b Budget) (wait time.Duration, err error) {
	now := s.now()
	err = s.unsynced(ctx, func(q querier) error {
		_, err := first(ctx, q, scanned[int64], spendBudget,
			b.ID, now.Add(b.Every).UnixMicro(), now.UnixMicro(), b.Every.Microseconds(), b.fullBefore(now))
		if errors.Is(err, sql.ErrNoRows) {
			wait, err = b.ask(ctx, q, now)
		}
		return err
	})
	return wait, s.fail(ctx, "spend budget", err)
}

// OverspendBudget takes one unit of a budget even when there is none, for what
// has happened already. It returns how long it is until there is one again: at
// most twice the time in which all units return.
func (s *Store) OverspendBudget(ctx context.Context, b Budget) (wait time.Duration, err error) {
	now := s.now()
	var used int64
	err = s.unsynced(ctx, func(q querier) (err error) {
		used, err = first(ctx, q, scanned[int64], overspendBudget,
			b.ID, now.Add(b.Every).UnixMicro(), now.UnixMicro(), b.Every.Microseconds(),
			now.Add(2*time.Duration(b.Size)*b.Every).UnixMicro())
		return err
	})
	if err != nil {
		return 0, s.fail(ctx, "overspend budget", err)
	}
	return b.wait(used, now), nil
}

// BudgetWaits returns, for each budget, how long it is until it has a unit: 0 when
// it has one. It spends nothing.
func (s *Store) BudgetWaits(ctx context.Context, budgets ...Budget) ([]time.Duration, error) {
	now, waits := s.now(), make([]time.Duration, len(budgets))
	var err error
	if len(budgets) == 2 { // an address and its network, before every sign-in
		err = s.bothWaits(ctx, budgets, waits, now)
		return waits, s.fail(ctx, "read budgets", err)
	}
	for i, b := range budgets {
		if waits[i], err = b.ask(ctx, s.reads, now); err != nil {
			break
		}
	}
	return waits, s.fail(ctx, "read budgets", err)
}

func (s *Store) bothWaits(ctx context.Context, budgets []Budget, waits []time.Duration, now time.Time) error {
	found, err := all(ctx, s.reads, scanUsed, selectBudgets, budgets[0].ID, budgets[1].ID)
	for _, f := range found {
		for i, b := range budgets {
			if b.ID == f.id {
				waits[i] = b.wait(f.until, now)
			}
		}
	}
	return err
}

type used struct {
	id    string
	until int64
}

func scanUsed(row scanner) (u used, err error) {
	err = row.Scan(&u.id, &u.until)
	return u, err
}

func (b Budget) ask(ctx context.Context, q querier, now time.Time) (time.Duration, error) {
	until, err := first(ctx, q, scanned[int64], selectBudget, b.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return b.wait(until, now), err
}

// fullBefore is the latest use at which a unit is left, in microseconds.
func (b Budget) fullBefore(now time.Time) int64 {
	return now.Add(time.Duration(b.Size-1) * b.Every).UnixMicro()
}

func (b Budget) wait(used int64, now time.Time) time.Duration {
	return time.Duration(max(0, used-b.fullBefore(now))) * time.Microsecond
}
