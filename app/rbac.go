package app

import (
	"context"
	"log/slog"

	"github.com/everlatch/everlatch/internal/accounts"
)

func (a *App) setUpRBAC(ctx context.Context) error {
	if !a.cfg.RBAC.Enabled || !a.has(API) {
		return nil
	}
	resources := make([]string, len(a.actorTypes))
	for i, t := range a.actorTypes {
		resources[i] = t.Name
	}
	state, err := (&accounts.Accounts{Store: a.store, Providers: a.registry, Now: a.opts.now}).SetUpRBAC(ctx, resources...)
	if err != nil {
		return err
	}
	if state.Granted > 0 {
		a.log.InfoContext(ctx, "roles are switched on; every existing administrator is a super admin", slog.Int("administrators", state.Granted))
	}
	if !state.SuperAdmin {
		a.log.WarnContext(ctx, "there is no super admin", slog.String("create_one_with", a.opts.command+" user create"),
			slog.String("or", a.opts.command+" role grant role_super_admin E-MAIL"))
	}
	if state.IdleKeys > 0 {
		a.log.WarnContext(ctx, "secret API keys that no administrator created have no permissions while roles are in use",
			slog.String("create_others_with", a.opts.command+" key create --user E-MAIL"),
			slog.Int("keys", state.IdleKeys))
	}
	return nil
}
