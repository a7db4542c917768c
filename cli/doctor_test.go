//go:build !noembedded

package cli_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/internal/doctor"
)

// patient is for examinations of a server that a busy machine runs beside all other tests.
const patient = "--within=60s"

// examination runs `everlatch doctor` and remembers what it has found about Temporal.
type examination struct {
	t      *testing.T
	caused map[string]bool
}

func (e *examination) run(environ []string, opts ...app.Option) doctor.Report {
	e.t.Helper()
	var out, log bytes.Buffer
	err := cli.Run(e.t.Context(), []string{"doctor", "--json", patient}, environ, strings.NewReader(""), &out, &log, opts...)
	var report doctor.Report
	require.NoError(e.t, json.Unmarshal(out.Bytes(), &report), "%s%s", out.String(), log.String())
	require.Equal(e.t, report.OK, err == nil, "%v", err)
	for _, f := range report.Findings {
		e.caused[f.Check+" "+string(f.Status)] = true
	}
	return report
}

func (e *examination) finds(r doctor.Report, check, about string, status doctor.Status, message, advice string) {
	e.t.Helper()
	for _, f := range r.Findings {
		if f.Check == check && f.About == about {
			require.Equal(e.t, status, f.Status, f.Message)
			require.Regexp(e.t, message, f.Message)
			require.Regexp(e.t, advice, f.Advice)
			return
		}
	}
	require.Fail(e.t, "not found", "%s %s in %+v", check, about, r.Findings)
}

// TestDoctor goes the way of an operator, from an installation of which nothing exists to one
// where all is well. Each fault and warning about Temporal is among what it finds.
func TestDoctor(t *testing.T) {
	t.Parallel()
	e := &examination{t: t, caused: map[string]bool{}}
	environ := append(production(t), "EVERLATCH_HTTP_TRUST_PROXY=1", "STORE_CORS=https://shop.example", "ADMIN_CORS=https://shop.example")
	in := func(namespace string, others ...string) []string {
		return append(append([]string{"TEMPORAL_NAMESPACE=" + namespace}, environ...), others...)
	}
	run := func(namespace string, args ...string) {
		_, _, err := execute(t, in(namespace), "", args...)
		require.NoError(t, err)
	}

	first := e.run(in("shop"))
	e.finds(first, "database.reachable", "", doctor.Fault, `everlatch.db: there is no such file`, "`everlatch migrate up`")
	e.finds(first, "temporal.namespace", "", doctor.Fault, `^Temporal has no namespace shop$`, "`everlatch temporal setup`")
	e.finds(first, "temporal.workers", "", doctor.Skipped, `the namespace does not exist`, "")

	bare := e.run(in("default")) // of the server, without what setup does
	e.finds(bare, "temporal.namespace", "", doctor.OK, `default exists`, "")
	e.finds(bare, "temporal.retention", "", doctor.Warning, `kept for 24h, deliveries are retried for 72h`, "--retention 72h")
	e.finds(bare, "temporal.search_attributes", "", doctor.Warning, `missing: EverlatchActorId, .*EverlatchSubject`, "temporal setup")
	e.finds(bare, "temporal.workers", "interactive", doctor.Fault, `no worker polls everlatch: `, "worker.queues")
	e.finds(bare, "temporal.clock", "", doctor.Skipped, `no worker polls`, "")
	short := e.run(in("default", "EVERLATCH_EVENTS_RETRY_FOR=1h"))
	e.finds(short, "temporal.retention", "", doctor.OK, `24h`, "")

	run("typed", "temporal", "setup", "--retention", "12h")
	retype(t, environ, "typed")
	typed := e.run(in("typed", "EVERLATCH_EVENTS_RETRY_FOR=1h"))
	e.finds(typed, "temporal.search_attributes", "", doctor.Fault, `EverlatchOutcome exists with the type Int, and must be a Keyword`, "temporal setup")
	e.finds(typed, "temporal.retention", "", doctor.Warning, `12h, and so long a repeated Idempotency-Key`, "--retention 24h")

	run("shop", "temporal", "setup")
	run("shop", "migrate", "up")
	api := begin(t, in("shop"), "api")
	api.stderr.await(t, api.ended, "worker started")
	half := e.run(in("shop"))
	e.finds(half, "temporal.workers", "interactive", doctor.OK, `^1 worker polls everlatch$`, "")
	e.finds(half, "temporal.workers", "slow", doctor.Warning, `no worker polls everlatch-slow`, "slow in worker.queues")
	e.finds(half, "temporal.workers", "deliveries", doctor.Fault, `mails, webhooks and scheduled jobs wait`, "deliveries in worker.queues")

	worker := begin(t, in("shop"), "worker")
	worker.stderr.await(t, worker.ended, "worker started")
	var well doctor.Report
	require.Eventually(t, func() bool { well = e.run(in("shop")); return well.OK }, patience, 100*time.Millisecond)
	for _, f := range well.Findings {
		switch f.Check {
		case "database.version", "mail.server": // SQLite, and no mail
			require.Equal(t, doctor.Warning, f.Status)
		default:
			require.Contains(t, []doctor.Status{doctor.OK, doctor.Skipped}, f.Status, "%+v", f)
		}
	}
	e.finds(well, "temporal.workers", "interactive", doctor.OK, `^1 worker polls everlatch$`, "") // both have the name of this process
	e.finds(well, "temporal.partitions", "", doctor.OK, `^1 partition$`, "")
	e.finds(well, "temporal.reachable", "", doctor.OK, `answers \(server \d+\.\d+\.\d+\)$`, "")
	shifted := func(by time.Duration) app.Option {
		return app.WithClock(func() time.Time { return time.Now().Add(-by) })
	}
	e.finds(e.run(in("shop"), shifted(75*time.Second)), "temporal.clock", "", doctor.Fault, `the clock of Temporal is .* ahead`, "NTP")
	e.run(in("shop"), shifted(20*time.Second)) // a worker polls once a minute at least

	e.finds(e.run(in("shop", "TEMPORAL_DEPLOYMENT_NAME=shop")), "temporal.versions", "", doctor.OK, `no worker of the deployment has started`, "")
	api.cancel()
	require.NoError(t, worker.stop())
	e.finds(e.run(append(in("shop"), "TEMPORAL_ADDRESS=127.0.0.1:1")), "temporal.reachable", "", doctor.Fault, `^127.0.0.1:1: connection refused$`, "temporal.address")
	for _, c := range doctor.Checks() { // the doctor has tests of its own for versions
		if strings.HasPrefix(c.ID, "temporal.") && c.ID != "temporal.clock" && c.ID != "temporal.versions" {
			require.Equal(t, c.Fault != "", e.caused[c.ID+" fault"], c.ID)
			require.Equal(t, c.Warning != "", e.caused[c.ID+" warning"], c.ID)
		}
	}
}

// retype gives a search attribute of a namespace another type.
func retype(t *testing.T, environ []string, namespace string) {
	t.Helper()
	address := ""
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, "TEMPORAL_ADDRESS="); ok {
			address = value
		}
	}
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()
	const name = "EverlatchOutcome"
	_, err = c.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: []string{name},
	})
	require.NoError(t, err)
	_, err = c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: map[string]enumspb.IndexedValueType{name: enumspb.INDEXED_VALUE_TYPE_INT},
	})
	require.NoError(t, err)
}

// TestDoctorOnDev looks at a dev service, and says so where none runs.
func TestDoctorOnDev(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	_, _, err := execute(t, nil, "", "doctor", "--data", data)
	require.ErrorContains(t, err, "no dev service runs on the folder "+data)
	require.NoDirExists(t, data)

	dev, _ := beginDev(t, "--data", data)
	out, _, err := execute(t, nil, "", "doctor", "--data", data, patient)
	require.NoError(t, err, out)
	require.Regexp(t, `(?m)^ok +temporal\.workers deliveries +1 worker polls everlatch-deliveries$`, out)
	require.Regexp(t, `(?m)^skipped +configuration \(5 checks\) +dev needs none of it$`, out)
	require.Regexp(t, `\n0 faults, 0 warnings, \d+ ok\n$`, out)
	require.NoError(t, dev.stop())

	_, _, err = execute(t, nil, "", "doctor", "--skip", "temporal.wrokers")
	require.ErrorContains(t, err, `--skip: there is no check "temporal.wrokers"; there are configuration.settings, `)
	out, _, err = execute(t, []string{"TEMPORAL_ADDRESS=127.0.0.1:1"}, "", "doctor", "--skip", "temporal.reachable,configuration.settings,configuration.secrets")
	require.NoError(t, err, "what is left out does not count:\n%s", out)
}
