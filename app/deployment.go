package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
)

// How often a worker looks whether its version should be current: until it is, and then.
const (
	promoteAgain = time.Second
	lookAfter    = time.Minute
)

// ErrNoDeployment is the error of a configuration whose workers have no versions.
var ErrNoDeployment = errors.New("the workers have no versions: set temporal.deployment.name (TEMPORAL_DEPLOYMENT_NAME)")

// OpenDeployment returns the Worker Deployment of the configuration, and a function that
// closes its connection. It needs no secret.
func OpenDeployment(cfg config.Config, environ []string) (*flows.Deployment, func(), error) {
	if cfg.Temporal.Deployment.Name == "" {
		return nil, nil, ErrNoDeployment
	}
	opts, err := temporalOptions(&cfg, environ)
	if err != nil {
		return nil, nil, err
	}
	opts.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.NewLazyClient(opts)
	if err != nil {
		return nil, nil, fmt.Errorf("configure the Temporal client: %w", err)
	}
	return deployment(&cfg, c, time.Now), c.Close, nil //nolint:forbidigo // the command line has no clock to pass
}

func deployment(cfg *config.Config, c client.Client, now func() time.Time) *flows.Deployment {
	return &flows.Deployment{Temporal: c, Name: cfg.Temporal.Deployment.Name, TaskQueue: cfg.Temporal.TaskQueue, Now: now}
}

// workerVersion is the version of the workers of this process; the zero value is none.
func workerVersion(cfg *config.Config, o *options) (out sdkworker.WorkerDeploymentVersion, err error) {
	d := cfg.Temporal.Deployment
	if d.Name == "" {
		return out, nil
	}
	id := cmp.Or(d.BuildID, o.buildID)
	if id == "" {
		id, err = ownBuildID()
	}
	return sdkworker.WorkerDeploymentVersion{DeploymentName: d.Name, BuildID: id}, err
}

// ownBuildID tells programs apart: by the revision that they were built from, or by the
// hash of the executable.
func ownBuildID() (string, error) {
	const long = 12
	settings := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
	}
	if revision := settings["vcs.revision"]; len(revision) >= long && settings["vcs.modified"] != "true" {
		return revision[:long], nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("temporal.deployment.build_id is not set: %w", err)
	}
	f, err := os.Open(path) //nolint:gosec // it is this program
	if err != nil {
		return "", fmt.Errorf("temporal.deployment.build_id is not set: %w", err)
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", fmt.Errorf("temporal.deployment.build_id is not set: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil))[:long], nil
}

// keepDeployment makes the version of this process current where it should be, and frees
// flows that stay with a version whose workers are gone, until ctx ends.
func (a *App) keepDeployment(ctx context.Context) {
	if a.version.BuildID == "" {
		return
	}
	d := deployment(&a.cfg, a.temporal, a.opts.now)
	for again := promoteAgain; ; {
		promoted, err := d.Promote(ctx, a.version.BuildID, a.cfg.Temporal.Deployment.Promote == "manual")
		if promoted {
			a.log.InfoContext(ctx, "this version of the workers is current",
				slog.String("deployment", a.version.DeploymentName), slog.String("build_id", a.version.BuildID))
		}
		released, failed := d.Release(ctx)
		if released > 0 {
			a.log.WarnContext(ctx, "flows of a version without workers go on with the current one", slog.Int("flows", released))
		}
		if err = errors.Join(err, failed); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "the versions of the workers were not looked after", slog.Any("error", everlatch.Cause(err)))
		}
		timer := time.NewTimer(again)
		if again *= 2; again > lookAfter || promoted {
			again = lookAfter
		}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}
