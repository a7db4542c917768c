package app

import (
	"cmp"
	"context"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/nexusservice"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/worker"
)

// servesNexus says whether this process handles the operations of the Nexus service:
// where the flows are that they wait for.
func (a *App) servesNexus() bool {
	return a.cfg.Nexus.Enabled && a.serves(worker.Interactive) && !a.opts.quiet
}

func (a *App) nexusRing() *vault.KeyRing { return a.rings.Vault.Derive(nexusservice.Purpose) }

// newNexusWorker returns the worker of the Nexus service.
func (a *App) newNexusWorker() (sdkworker.Worker, error) {
	plain, err := a.plain()
	if err != nil {
		return nil, err
	}
	a.onClose = append(a.onClose, plain.Close)
	return worker.NewNexus(plain, nexusservice.New(nexusservice.Deps{
		Store: a.store, Auth: a.auth, Flows: a.flows, Providers: a.registry, Tokens: a.tokens, Ring: a.nexusRing(), Limits: a.limiter,
		RBAC: a.cfg.RBAC.Enabled, TakesUsers: api.ResetPolicy(a.cfg.Admin.ResetTokens) == api.ResetsAll,
		MaxResetMetadata: int(a.cfg.Limits.ResetMetadata), Message: api.Message, Log: a.log, Now: a.opts.now,
	}), worker.Options{TaskQueue: a.cfg.Temporal.TaskQueue, StopWithin: a.cfg.Worker.StopWithin.Duration()}), nil
}

// NexusKeys returns the public keys to which callers of the Nexus service seal their
// inputs, as a JSON Web Key Set. The API serves them, too.
func (a *App) NexusKeys() ([]byte, error) { return nexusservice.PublicKeys(a.nexusRing()) }

// SetNexusEndpoint creates the Nexus endpoint of the service in the cluster
// (nexus.endpoint). changed says that it did not exist. One of this name that leads
// elsewhere is [everlatch.CodeConflict], unless replace is set. It needs an operator's
// rights in the cluster.
func (a *App) SetNexusEndpoint(ctx context.Context, replace bool) (changed bool, err error) {
	opts, err := temporalOptions(&a.cfg, a.opts.environ)
	if err != nil {
		return false, err
	}
	return a.flows.SetNexusEndpoint(ctx, a.cfg.Nexus.Endpoint, cmp.Or(opts.Namespace, client.DefaultNamespace),
		worker.NexusQueue(a.cfg.Temporal.TaskQueue), replace)
}
