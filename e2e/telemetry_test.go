package e2e_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector receives traces by OTLP.
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	all   []*tracepb.Span
	lines strings.Builder // everything that was received, as JSON
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// env has a process send its traces here, soon.
func (c *collector) env() []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_BSP_SCHEDULE_DELAY=100"}
}

// ServeHTTP implements [http.Handler].
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	raw, err := io.ReadAll(body)
	var request collectorpb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not a request of traces", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines.WriteString(protojson.Format(&request))
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.all = append(c.all, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines.String()
}

func (c *collector) spans() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// requireTrace waits until the trace of a request has spans of these names, each with those
// of its parents before it.
func (c *collector) requireTrace(t *testing.T, request string, names ...string) {
	t.Helper()
	var paths []string
	require.Eventually(t, func() bool {
		paths = nil
		spans := c.spans()
		byID := map[string]*tracepb.Span{}
		for _, s := range spans {
			byID[string(s.GetSpanId())] = s
		}
		at := slices.IndexFunc(spans, func(s *tracepb.Span) bool { return s.GetName() == request })
		if at < 0 {
			return false
		}
		for _, s := range spans {
			if string(s.GetTraceId()) != string(spans[at].GetTraceId()) {
				continue
			}
			path := s.GetName()
			for p := byID[string(s.GetParentSpanId())]; p != nil; p = byID[string(p.GetParentSpanId())] {
				path = p.GetName() + " > " + path
			}
			paths = append(paths, path)
		}
		return !slices.ContainsFunc(names, func(want string) bool { return !slices.Contains(paths, want) })
	}, waitFor, tick, "%v in %v", names, c.describe(&paths))
}

// describe is read when a wait has failed.
func (c *collector) describe(paths *[]string) stringer {
	return func() string { return strings.Join(*paths, "\n") }
}

type stringer func() string

func (s stringer) String() string { return s() }

// TestTelemetry uses a service and looks at what it tells: one trace from a request to
// SQL, metrics for all that alerts and dashboard ask, and no address in any of them.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	p := startDev(t, devOptions{env: append(c.env(), "EVERLATCH_EVENTS_LOGINS=true")})
	token := p.signUp(t)
	require.Equal(t, 200, p.call(t, "POST", "/auth/session", nil, bearer(token)...).status)
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "wrong"}).status)
	require.Equal(t, 404, p.call(t, "GET", "/nothing-here/ada@example.com?email=ada@example.com", nil).status)
	p.forgot(t, "customer", "ada@example.com")
	reset := p.resetToken(t, "ada@example.com", 1)
	require.Equal(t, 200, p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": "another good one"}, bearer(reset)...).status)
	p.mailTo(t, "ada@example.com", "auth.password_changed", 1)

	const signIn, work = "POST /auth/:actor_type/:auth_provider", " > StartWorkflow:Authenticate > RunWorkflow:Authenticate > StartActivity:CheckCredentials > RunActivity:CheckCredentials"
	c.requireTrace(t, signIn, signIn+work+" > SELECT", signIn+" > INSERT")
	const update = "POST /auth/:actor_type/:auth_provider/update"
	c.requireTrace(t, update, update+" > UpdateWorkflow:Complete > HandleUpdate:Complete > StartActivity:ChangePassword > RunActivity:ChangePassword > UPDATE")

	metrics := string(p.call(t, "GET", "/metrics", nil).raw)
	for _, line := range []string{
		`everlatch_flows_total{flow="Authenticate",outcome="refused"} 1`,
		`everlatch_flows_total{flow="Register",outcome="registered"} 1`,
		`everlatch_mails_total{outcome="sent",template="auth.password_reset"} 1`,
		`everlatch_http_requests_total{method="POST",route="/auth/:actor_type/:auth_provider",status="401"} 1`,
		`everlatch_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		"everlatch_sessions 0", // the new password has ended it
	} {
		require.Contains(t, metrics, line+"\n")
	}
	requireNames(t, metrics)

	p.stop(t)
	log := p.logText()
	require.Regexp(t, `msg=request request_id=req_\w+ method=POST route=/auth/:actor_type/:auth_provider status=200 ms=[\d.]+ bytes=\d+ workflow_id=authenticate/customer/\w+ identity_id=authid_\w+ trace_id=[0-9a-f]{32}`, log)
	_, log, _ = strings.Cut(log, "There is no administrator yet.") // the greeting has an example
	for where, text := range map[string]string{"traces": c.text(), "metrics": metrics, "log": log} {
		require.NotContains(t, text, "ada@", where)
		require.NotContains(t, text, "nothing-here", where)
	}
	require.Contains(t, c.text(), `"db.query.text"`)
}

var (
	// metricName finds the identifiers of a query that may name a metric.
	metricName = regexp.MustCompile(`\b[a-z_][a-z0-9_]*\b`)
	// notMetrics are what else stands in a query: labels and their values, ranges, and
	// the label that a variable lists.
	notMetrics = regexp.MustCompile(`"[^"]*"|\{[^{}]*\}|\[[^\]]*\]|\b(by|without) ?\([^)]*\)|, \w+\)$`)
	// functions and words of PromQL that our queries use.
	functions = []string{"sum", "max", "min", "rate", "increase", "histogram_quantile", "topk", "absent", "label_values", "or", "vector"}
	// fromPrometheus are made by Prometheus itself.
	fromPrometheus = []string{"up"}
)

// requireNames checks that every metric that an alert or the dashboard asks for is one
// of the running service, or of Temporal's SDK, which makes some only when a call fails.
func requireNames(t *testing.T, metrics string) {
	t.Helper()
	known := map[string]bool{}
	for line := range strings.Lines(metrics) {
		if name := metricName.FindString(line); !strings.HasPrefix(line, "#") {
			known[name] = true
		}
	}
	for _, name := range append(fromPrometheus, sdkMetrics(t)...) {
		known[name] = true
	}
	queries := queriesOfDeploy(t)
	require.Greater(t, len(queries), 50)
	for where, query := range queries {
		found := 0
		for _, name := range metricName.FindAllString(notMetrics.ReplaceAllString(query, " "), -1) {
			if slices.Contains(functions, name) {
				continue
			}
			found++
			require.True(t, known[name], "%s: there is no metric %s", where, name)
		}
		require.Positive(t, found, "%s asks for nothing: %s", where, query)
	}
}

// sdkMetrics are the names that Temporal's SDK can use, from its source.
func sdkMetrics(t *testing.T) []string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal", "common", "metrics", "constants.go"))
	require.NoError(t, err)
	var out []string
	for _, m := range regexp.MustCompile(`(TemporalMetricsPrefix|TemporalRequest|TemporalLongRequest) \+ "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		name := map[string]string{
			"TemporalMetricsPrefix": "temporal_", "TemporalRequest": "temporal_request", "TemporalLongRequest": "temporal_long_request",
		}[m[1]] + m[2]
		out = append(out, name, name+"_total", name+"_seconds_bucket", name+"_seconds_count", name+"_seconds_sum")
	}
	require.Contains(t, out, "temporal_request_failure_total")
	return out
}

// queriesOfDeploy are those of the alerts and of the dashboard, by their place.
func queriesOfDeploy(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	raw, err := os.ReadFile("../deploy/prometheus/alerts.yml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &rules))
	for _, r := range rules.Groups[0].Rules {
		out["alert "+r.Alert] = r.Expr
	}
	raw, err = os.ReadFile("../deploy/grafana/everlatch.json")
	require.NoError(t, err)
	var d struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				RefID string `json:"refId"`
				Expr  string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct {
				Name       string `json:"name"`
				Definition string `json:"definition"`
			} `json:"list"`
		} `json:"templating"`
	}
	require.NoError(t, json.Unmarshal(raw, &d))
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			out["panel "+p.Title+" "+target.RefID] = target.Expr
		}
	}
	for _, v := range d.Templating.List {
		if v.Definition != "" {
			out["variable "+v.Name] = v.Definition
		}
	}
	return out
}
