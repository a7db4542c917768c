package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/everlatch/everlatch/flows"
)

// idempotentFor is how long clients may expect a repeated Idempotency-Key to get its first
// answer. A key is a workflow id, which Temporal forgets with the workflow.
const idempotentFor = 24 * time.Hour

func (s *Subject) temporal(ctx context.Context, n *notes) {
	t := s.Temporal
	if t.Err != nil {
		n.fault(temporalReachable, t.Err.Error(), "Correct the TEMPORAL_* variables.")
		n.skipRest("Temporal is not reached")
		return
	}
	// gRPC repeats its attempts until the end, and then knows only that time is up.
	if err := dial(ctx, t.Address); err != nil {
		n.fault(temporalReachable, Cause(err), "Start Temporal, or correct temporal.address (TEMPORAL_ADDRESS); it is "+t.Address+".")
		n.skipRest("Temporal does not answer")
		return
	}
	found, err := flows.Inspect(ctx, t.Client, flows.InspectOptions{Namespace: t.Namespace, TaskQueue: s.Config.Temporal.TaskQueue, Now: s.Now})
	if err != nil {
		s.temporalError(n, err)
		return
	}
	server := ""
	if found.Server != "" {
		server = " (server " + found.Server + ")"
	}
	n.ok(temporalReachable, "%s answers%s", t.Address, server)
	n.ok(temporalNamespace, "%s exists", t.Namespace)
	s.retention(n, found.Retention)
	s.attributes(n, found)
	s.workers(n, found.Queues)
	s.versions(ctx, n, found.Queues)
}

// versions is about workers with versions: the current one must work, and so must each that
// flows stay with.
func (s *Subject) versions(ctx context.Context, n *notes, queues []flows.QueueInspection) {
	if s.Temporal.Versions == nil {
		var builds []string
		for _, q := range queues {
			builds = append(builds, q.Builds...)
		}
		slices.Sort(builds)
		if builds = slices.Compact(builds); len(builds) == 0 {
			n.ok(temporalVersions, "workers are not versioned")
		} else {
			n.ok(temporalVersions, "%s", strings.Join(builds, ", "))
		}
		return
	}
	found, err := s.Temporal.Versions(ctx)
	if err != nil {
		n.add(Finding{Check: temporalVersions, Status: Skipped, Message: "not known: " + Cause(err)})
		return
	}
	if len(found) == 0 {
		n.ok(temporalVersions, "no worker of the deployment has started yet")
	}
	for _, v := range found {
		if (v.Status == flows.VersionDrained || v.Status == flows.VersionNew) && len(v.Polled) == 0 {
			continue
		}
		n.add(s.version(v))
	}
}

func (s *Subject) version(v flows.Version) Finding {
	f := Finding{Check: temporalVersions, About: v.BuildID, Status: OK, Message: v.Status}
	lacks := strings.Join(v.Lacks(), ", ")
	switch {
	case v.Status == flows.VersionCurrent && lacks != "":
		f.Status, f.Message = Fault, "the current version, and none of its workers polls "+lacks+": new flows wait"
		f.Advice = "Start workers of this version, or make another one current: `" + s.Command + " temporal deployment set-current BUILD_ID`."
	case v.Status == flows.VersionRamping && lacks != "":
		f.Status, f.Message = Warning, fmt.Sprintf("gets %v %% of new flows, and none of its workers polls %s", v.Percent, lacks)
		f.Advice = "Start workers of this version, or take its share back: `" + s.Command + " temporal deployment ramp " + v.BuildID + " 0`."
	case v.Pinned > 0 && len(v.Polled) == 0:
		f.Status, f.Message = Fault, staying(v.Pinned)+" with this version, which has no worker: they wait"
		f.Advice = "Start a worker of this version again, until `" + s.Command + " temporal deployment show` says that it is drained."
	case v.Status == flows.VersionDrained:
		f.Message, f.Advice = "drained: no flow stays with this version", "Stop its workers."
	case v.Status == flows.VersionDraining:
		f.Message = "draining: " + staying(v.Pinned) + " with this version"
		if v.Pinned == 0 {
			f.Message = "draining: its last flow has ended, which Temporal notices within minutes"
		}
		f.Advice = "Keep its workers until `" + s.Command + " temporal deployment show` says that it is drained."
	}
	return f
}

// staying counts flows in words.
func staying(count int64) string {
	if count == 1 {
		return "1 flow stays"
	}
	return fmt.Sprintf("%d flows stay", count)
}

// dial reports that no server listens at an address, for host:port.
func dial(ctx context.Context, address string) error {
	if strings.Contains(address, "/") {
		return nil // a resolver of gRPC's
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// temporalError says why a server that listens does not answer.
func (s *Subject) temporalError(n *notes, err error) {
	t := s.Temporal
	if _, absent := errors.AsType[*serviceerror.NamespaceNotFound](err); absent {
		n.ok(temporalReachable, "%s answers", t.Address)
		n.fault(temporalNamespace, "Temporal has no namespace "+t.Namespace, "Create it with `"+s.Command+" temporal setup`, or correct temporal.namespace (TEMPORAL_NAMESPACE).")
		n.skipRest("the namespace does not exist")
		return
	}
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	advice := "Check that " + t.Address + " is Temporal's frontend, and that TEMPORAL_TLS and its certificates fit it."
	if denied || status.Code(err) == codes.Unauthenticated {
		advice = "Set TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_PATH and _KEY_PATH, to credentials of the namespace " + t.Namespace + "."
	}
	n.fault(temporalReachable, named(t.Address, Cause(err)), advice)
	n.skipRest("Temporal does not answer")
}

func (s *Subject) retention(n *notes, retention time.Duration) {
	retry := s.Config.Events.RetryFor.Duration()
	setup := "Run `" + s.Command + " temporal setup --retention %s`"
	switch {
	case retention == 0:
		n.add(Finding{Check: temporalRetention, Status: Skipped, Message: "the credentials do not reach the settings of the namespace"})
		return
	case retention < retry:
		n.warn(temporalRetention, fmt.Sprintf("finished workflows are kept for %s, deliveries are retried for %s: one may be made twice", span(retention), span(retry)),
			fmt.Sprintf(setup+", or shorten events.retry_for.", span(max(retry, idempotentFor))))
	case retention < idempotentFor:
		n.warn(temporalRetention, fmt.Sprintf("finished workflows are kept for %s, and so long a repeated Idempotency-Key gets its first answer", span(retention)),
			fmt.Sprintf(setup+".", span(idempotentFor)))
	default:
		n.ok(temporalRetention, "finished workflows are kept for %s", span(retention))
	}
}

// span is a duration in hours, as flags take it.
func span(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}

func (s *Subject) attributes(n *notes, found flows.Inspection) {
	switch {
	case found.Attributes != nil && outageOf(found.Attributes):
		n.add(Finding{Check: temporalAttributes, Status: Skipped, Message: "the credentials do not reach them: " + Cause(found.Attributes)})
	case found.Attributes != nil:
		n.fault(temporalAttributes, Cause(found.Attributes), "Remove the attribute in Temporal, then run `"+s.Command+" temporal setup`.")
	case len(found.MissingAttributes) > 0:
		n.warn(temporalAttributes, "missing: "+strings.Join(found.MissingAttributes, ", ")+"; flows run, and are not found by them", "Run `"+s.Command+" temporal setup`.")
	default:
		n.ok(temporalAttributes, "all are registered")
	}
}

// outageOf says whether Temporal did not tell, rather than told something wrong.
func outageOf(err error) bool {
	_, isService := err.(serviceerror.ServiceError) //nolint:errorlint // it is not wrapped
	return isService
}

func (s *Subject) workers(n *notes, queues []flows.QueueInspection) {
	var last time.Time
	for _, q := range queues {
		if q.LastPoll.After(last) {
			last = q.LastPoll
		}
		s.worker(n, q)
		if q.Name == flows.QueueInteractive {
			partitions(n, q.Partitions)
		}
	}
	if last.IsZero() {
		n.add(Finding{Check: temporalClock, Status: Skipped, Message: "no worker polls, so Temporal names no time"})
		return
	}
	// A poll is as old as it may be; that it lies ahead of us cannot be.
	n.clock(temporalClock, "Temporal", later(last, s.Now()), s.Now(), 0)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Subject) worker(n *notes, q flows.QueueInspection) {
	f := Finding{Check: temporalWorkers, About: q.Name, Status: OK, Message: fmt.Sprintf("%d workers poll %s", len(q.Workers), q.Queue)}
	if len(q.Workers) == 1 {
		f.Message = "1 worker polls " + q.Queue
	}
	if len(q.Workers) == 0 {
		f.Status, f.Message = Fault, "no worker polls "+q.Queue+": "+waiting[q.Name]
		f.Advice = "Start `" + s.Command + " worker` with " + q.Name + " in worker.queues (the default has all)."
		if q.Name == flows.QueueSlow {
			f.Status = Warning
		}
	}
	n.add(f)
}

// waiting is what does not happen without workers of a queue.
var waiting = map[string]string{
	flows.QueueInteractive: "nothing that a caller waits for is done, sign-ins among it",
	flows.QueueSlow:        "sign-ins with providers elsewhere wait",
	flows.QueueDeliveries:  "mails, webhooks and scheduled jobs wait",
}

// partitions is a hint: only the load tells what is right.
func partitions(n *notes, count int) {
	f := Finding{Check: temporalPartitions, Status: OK, Message: fmt.Sprintf("%d partitions", count)}
	switch count {
	case 0:
		f.Status, f.Message = Skipped, "Temporal does not say"
	case 1:
		f.Message = "1 partition"
	default:
		f.Advice = "With fewer than some hundred sign-ins a second, 1 is faster: see deploy/temporal-dynamic.yaml."
	}
	n.add(f)
}
