package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// SetUpRBAC sees to it that the built-in roles and policies are there; see
// [store.Store.SetUpRBAC]. A process that serves the API does it at each start,
// with the actor types of people's own as resources.
func SetUpRBAC(ctx context.Context, s *store.Store, resources ...string) (store.RBACState, error) {
	return s.SetUpRBAC(ctx, api.BuiltInPolicies(resources...))
}

func (a *App) setUpRBAC(ctx context.Context) error {
	if !a.cfg.RBAC.Enabled || !a.has(API) {
		return nil
	}
	resources := make([]string, len(a.actorTypes))
	for i, t := range a.actorTypes {
		resources[i] = t.Name
	}
	state, err := SetUpRBAC(ctx, a.store, resources...)
	if err != nil {
		return err
	}
	if state.Granted > 0 {
		a.log.InfoContext(ctx, "roles are switched on; every administrator of now is a super admin", slog.Int("administrators", state.Granted))
	}
	if !state.SuperAdmin {
		a.log.WarnContext(ctx, "there is no super admin; create one with `"+a.opts.command+" user create` or `"+a.opts.command+" role grant role_super_admin E-MAIL`")
	}
	if state.IdleKeys > 0 {
		a.log.WarnContext(ctx, "secret API keys that no administrator created have no permissions while roles are in use; create others with `"+a.opts.command+" key create --user E-MAIL`",
			slog.Int("keys", state.IdleKeys))
	}
	return nil
}

// CreateRole creates a role under a new id; see [store.Store.CreateRole].
func CreateRole(
	ctx context.Context, s *store.Store, by store.Authority, r everlatch.Role, policyIDs []string, now func() time.Time,
) (everlatch.Role, error) {
	r.ID = ids.New(ids.Role, now())
	return s.CreateRole(ctx, by, r, policyIDs)
}
