package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/everlatch/everlatch/internal/freeport"
)

// mayBeEmpty are queries that a healthy service may answer with nothing, because what they
// count does not exist before.
var mayBeEmpty = map[string]string{
	"alert EverlatchErrors": "a request has failed", "alert EverlatchHashQueueFull": "a limit has refused a request",
	"alert EverlatchFlowsFail": "a flow has failed", "panel Flows that failed A": "a flow has failed",
	"alert EverlatchMailFails": "a mail has failed", "panel Failures by route A": "a request has failed",
	"alert EverlatchTemporalAway": "a call has failed", "panel Calls that fail A": "a call has failed",
	"alert EverlatchNonDeterminism": "a task has failed", "panel Workflow tasks that failed A": "a task has failed",
	"panel Sticky cache B":                     "a workflow was evicted",
	"panel Wait of tasks for a worker, 95 % B": "an activity has gone through a queue: Temporal hands those of one process back to it",
}

// threshold ends the query of an alert: what it compares is looked at without it.
var threshold = regexp.MustCompile(`\s(>|<|==)\s[0-9.]+\s*$`)

// TestPrometheus has Prometheus itself scrape a service in use, and asks every query of the
// dashboard and of the alerts: each has values, but for those of [mayBeEmpty].
func TestPrometheus(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" needs prometheus (Debian: apt-get download prometheus; dpkg -x).")
		t.Skip("prometheus is not installed")
	}
	p := startDev(t, devOptions{env: []string{"EVERLATCH_EVENTS_LOGINS=true"}})
	m := scrape(t, program, p.base)
	for i := 0; ; i++ { // a rate needs two scrapes between which something happens
		p.uses(t, i)
		if i < 2 {
			m.await(t)
			continue
		}
		open := m.unanswered(t)
		if len(open) == 0 {
			break
		}
		require.Less(t, i, 20, "no values: %v", open)
	}
	m.requireHealthy(t)
}

// uses goes through the flows that panels tell apart, as a new customer.
func (p *process) uses(t *testing.T, i int) {
	t.Helper()
	email := fmt.Sprintf("person%d@example.com", i)
	p.register(t, email, "a good password")
	require.Equal(t, http.StatusOK, p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": "a good password"}).status)
	for range 12 { // and then the limit refuses more
		p.call(t, "POST", "/auth/customer/emailpass", object{"email": "nobody@example.com", "password": "wrong"})
	}
	p.forgot(t, "customer", email)
	p.resetToken(t, email, 1)
}

// monitor is a Prometheus that scrapes a service every second.
type monitor struct {
	base, target string
	queries      map[string]string
}

func scrape(t *testing.T, program, service string) monitor {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs("../deploy/prometheus/alerts.yml")
	require.NoError(t, err)
	m := monitor{base: "http://" + freeport.Addresses(t, 1)[0], target: strings.TrimPrefix(service, "http://"), queries: queriesOfDeploy(t)}
	raw, err := yaml.Marshal(object{
		"global": object{"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": []string{rules},
		"scrape_configs": []object{{"job_name": "everlatch", "static_configs": []object{{"targets": []string{m.target}}}}},
	})
	require.NoError(t, err)
	path := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd := exec.Command(program, "--config.file="+path, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+strings.TrimPrefix(m.base, "http://"))
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	m.await(t)
	return m
}

// get asks Prometheus' API, and reports whether it answered.
func (m monitor) get(t *testing.T, path string, into any) bool {
	t.Helper()
	res, err := httpClient.Get(m.base + path)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusServiceUnavailable { // it starts, and says so as text
		return false
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(into))
	return res.StatusCode == http.StatusOK
}

// sample is what a query has found.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// values are those of a query that are numbers.
func (m monitor) values(t *testing.T, query string) (out []sample) {
	t.Helper()
	var answer struct {
		Error string
		Data  struct{ Result []sample }
	}
	ok := m.get(t, "/api/v1/query?query="+url.QueryEscape(query), &answer)
	require.Empty(t, answer.Error, query)
	for _, s := range answer.Data.Result {
		if ok && s.Value[1] != "NaN" {
			out = append(out, s)
		}
	}
	return out
}

// await waits for two scrapes from now on.
func (m monitor) await(t *testing.T) {
	t.Helper()
	scrapes := func() int {
		found := m.values(t, `count_over_time(up{instance="`+m.target+`"}[1h])`)
		if len(found) == 0 {
			return 0
		}
		n := 0
		_, _ = fmt.Sscan(fmt.Sprint(found[0].Value[1]), &n)
		return n
	}
	first := -1
	require.Eventually(t, func() bool {
		n := scrapes()
		if first < 0 && n > 0 {
			first = n
		}
		return first >= 0 && n >= first+2
	}, waitFor, 100*time.Millisecond, "%s is not scraped", m.target)
}

// unanswered are the queries that have no value and should.
func (m monitor) unanswered(t *testing.T) (out []string) {
	t.Helper()
	m.await(t)
	replaced := strings.NewReplacer("$__rate_interval", "1m", "$job", ".*", "$instance", ".*")
	for where, query := range m.queries {
		if strings.HasPrefix(where, "variable ") || mayBeEmpty[where] != "" {
			continue
		}
		query = threshold.ReplaceAllString(strings.TrimSpace(replaced.Replace(query)), "")
		if inner, is := strings.CutPrefix(query, "absent("); is {
			query = strings.TrimSuffix(inner, ")")
		}
		if len(m.values(t, query)) == 0 {
			out = append(out, where+": "+query)
		}
	}
	return out
}

// requireHealthy checks that Prometheus can evaluate every alert, and that none fires.
func (m monitor) requireHealthy(t *testing.T) {
	t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError, State string }
			}
		}
	}
	require.True(t, m.get(t, "/api/v1/rules", &answer))
	require.Len(t, answer.Data.Groups, 1)
	for _, r := range answer.Data.Groups[0].Rules {
		require.Equal(t, "ok", r.Health, "%s: %s", r.Name, r.LastError)
		require.NotEqual(t, "firing", r.State, r.Name)
	}
}
