package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// What a version of a [Deployment] is for.
const (
	// VersionCurrent gets new flows, and the next task of those that are upgraded.
	VersionCurrent = "current"
	// VersionRamping gets a share of them.
	VersionRamping = "ramping"
	// VersionDraining gets no new flows, and has some that stay with it.
	VersionDraining = "draining"
	// VersionDrained has none: its workers can be stopped.
	VersionDrained = "drained"
	// VersionNew was never current.
	VersionNew = "new"
)

// Deployment are the versions of the workers of an installation, a Worker Deployment of
// Temporal's.
type Deployment struct {
	Temporal client.Client
	// Name is that of the deployment.
	Name string
	// TaskQueue is the configured name, of which the names of all queues are made.
	TaskQueue string
	Now       func() time.Time
}

// Version is one version of the workers.
type Version struct {
	BuildID string `json:"build_id"`
	// Status is one of [VersionCurrent], [VersionRamping], [VersionDraining],
	// [VersionDrained] and [VersionNew]. Temporal notices some minutes late that a version
	// is drained.
	Status string `json:"status"`
	// Percent is the share of a version that is ramping.
	Percent float32 `json:"percent,omitempty"`
	// Since is when Temporal first saw a worker of this version.
	Since time.Time `json:"since"`
	// Polled are the queues, in the words of worker.queues, that a worker of this version
	// has polled in the last minute and a half.
	Polled []string `json:"polled"`
	// Pinned are how many running flows stay with this version.
	Pinned int64 `json:"pinned"`
}

// Lacks are the queues that no worker of this version polls.
func (v Version) Lacks() []string {
	var out []string
	for _, name := range []string{QueueInteractive, QueueSlow, QueueDeliveries} {
		if !slices.Contains(v.Polled, name) {
			out = append(out, name)
		}
	}
	return out
}

// Versions are all versions, the latest first. There are none before the first worker
// with this deployment has started.
func (d *Deployment) Versions(ctx context.Context) ([]Version, error) {
	out, _, err := d.describe(ctx)
	return out, err
}

// describe returns the versions, and the token of what they were read from.
func (d *Deployment) describe(ctx context.Context) ([]Version, []byte, error) {
	found, err := d.handle().Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look at the deployment %s: %w", d.Name, err)
	}
	polled, err := d.polled(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := make([]Version, 0, len(found.Info.VersionSummaries))
	for _, s := range found.Info.VersionSummaries {
		v := Version{BuildID: s.Version.BuildID, Status: status(found.Info.RoutingConfig, s), Since: s.CreateTime, Polled: polled[s.Version.BuildID]}
		if v.Status == VersionRamping {
			v.Percent = found.Info.RoutingConfig.RampingVersionPercentage
		}
		if v.Pinned, err = d.countPinned(ctx, v.BuildID); err != nil {
			return nil, nil, err
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Version) int { return b.Since.Compare(a.Since) })
	return out, found.ConflictToken, nil
}

func status(routing client.WorkerDeploymentRoutingConfig, s client.WorkerDeploymentVersionSummary) string {
	is := func(v *worker.WorkerDeploymentVersion) bool { return v != nil && *v == s.Version }
	switch {
	case is(routing.CurrentVersion):
		return VersionCurrent
	case is(routing.RampingVersion):
		return VersionRamping
	case s.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDraining:
		return VersionDraining
	case s.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained:
		return VersionDrained
	default:
		return VersionNew
	}
}

// polled are the queues that are polled now, by build id.
func (d *Deployment) polled(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	since := d.Now().Add(-pollsWithin)
	for _, q := range polledQueues(d.TaskQueue) {
		described, err := d.Temporal.DescribeTaskQueue(ctx, q.queue, q.kind)
		if err != nil {
			return nil, fmt.Errorf("look at the task queue %s: %w", q.queue, err)
		}
		for _, poller := range described.GetPollers() {
			version := poller.GetDeploymentOptions()
			id := version.GetBuildId()
			if version.GetDeploymentName() == d.Name && version.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED &&
				poller.GetLastAccessTime().AsTime().After(since) && !slices.Contains(out[id], q.name) {
				out[id] = append(out[id], q.name)
			}
		}
	}
	return out, nil
}

// pinnedTo is the query for the running flows that stay with a version.
func (d *Deployment) pinnedTo(buildID string) string {
	return fmt.Sprintf("TemporalWorkerDeploymentVersion = %s AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'",
		quoted(d.Name+":"+buildID))
}

func (d *Deployment) countPinned(ctx context.Context, buildID string) (int64, error) {
	counted, err := d.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: d.pinnedTo(buildID)})
	if err != nil {
		return 0, fmt.Errorf("count the flows of version %s: %w", buildID, err)
	}
	return counted.GetCount(), nil
}

// SetCurrent makes a version the current one, "" the workers without a version. It
// refuses a version that lacks a queue: flows there would wait for ever.
func (d *Deployment) SetCurrent(ctx context.Context, buildID string) error {
	if err := d.check(ctx, buildID); err != nil {
		return err
	}
	_, err := d.handle().SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: buildID})
	return d.refused("make current", buildID, err)
}

// Ramp gives a version a share of the flows, as SetCurrent would give it all. A percent
// of 0 takes it back.
func (d *Deployment) Ramp(ctx context.Context, buildID string, percent float32) error {
	if percent > 0 {
		if err := d.check(ctx, buildID); err != nil {
			return err
		}
	} else {
		buildID = "" // with it, a share of nothing would stay
	}
	_, err := d.handle().SetRampingVersion(ctx, client.WorkerDeploymentSetRampingVersionOptions{BuildID: buildID, Percentage: percent})
	return d.refused("ramp", buildID, err)
}

// refused is the error of a change. A version that polls is known to Temporal only a
// moment later, and its queues another moment later.
func (d *Deployment) refused(what, buildID string, err error) error {
	_, unknown := errors.AsType[*serviceerror.NotFound](err)
	_, incomplete := errors.AsType[*serviceerror.FailedPrecondition](err)
	switch {
	case err == nil:
		return nil
	case unknown || incomplete:
		return fmt.Errorf("%s version %s: %w a queue yet, says Temporal: %s", what, buildID, ErrNoWorkers, err.Error())
	default:
		return fmt.Errorf("%s version %s: %w", what, buildID, err)
	}
}

// ErrNoWorkers is the error of a version that lacks workers.
var ErrNoWorkers = errors.New("no worker of this version polls")

// check reports why flows cannot run on a version.
func (d *Deployment) check(ctx context.Context, buildID string) error {
	if buildID == "" {
		return nil
	}
	polled, err := d.polled(ctx)
	if err != nil {
		return err
	}
	if lacks := (Version{Polled: polled[buildID]}).Lacks(); len(lacks) > 0 {
		return fmt.Errorf("version %s: %w %s", buildID, ErrNoWorkers, strings.Join(lacks, ", "))
	}
	return nil
}

// Promote makes the version of the caller current where it should be, and reports whether
// it did. That is where none is; and unless onlyFirst, also where this version was never
// current before, or the current one lacks workers. One that an operator has ramped, or
// has replaced by another one, stays as it is. Every worker may call it, again and again.
func (d *Deployment) Promote(ctx context.Context, buildID string, onlyFirst bool) (bool, error) {
	versions, token, err := d.describe(ctx)
	if err != nil {
		return false, err
	}
	var own, current *Version
	for i := range versions {
		if versions[i].BuildID == buildID {
			own = &versions[i]
		}
		if versions[i].Status == VersionCurrent {
			current = &versions[i]
		}
	}
	switch {
	case own == nil || own == current || len(own.Lacks()) > 0:
		return false, nil
	case current == nil:
	case onlyFirst, own.Status != VersionNew && len(current.Lacks()) == 0:
		return false, nil
	}
	_, err = d.handle().SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: buildID, ConflictToken: token})
	if err = d.refused("make current", buildID, err); errors.Is(err, ErrNoWorkers) {
		return false, nil // or another worker was faster
	}
	return err == nil, err
}

func (d *Deployment) handle() client.WorkerDeploymentHandle {
	return d.Temporal.WorkerDeploymentClient().GetHandle(d.Name)
}
