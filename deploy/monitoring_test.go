package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	alertsFile     = "prometheus/alerts.yml"
	alertsTestFile = "prometheus/alerts_test.yml"
	dashboardFile  = "grafana/everlatch.json"
)

type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

type ruleTests struct {
	Tests []struct {
		Cases []struct {
			Alert    string `yaml:"alertname"`
			Expected []any  `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	} `yaml:"tests"`
}

// dashboard is what is looked at in a dashboard.
type dashboard struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Panels []struct {
		ID      int    `json:"id"`
		Type    string `json:"type"`
		Title   string `json:"title"`
		GridPos struct {
			H, W, X, Y int
		} `json:"gridPos"`
		Targets []struct {
			Expr string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

func load[T any](t *testing.T, path string, unmarshal func([]byte, any) error) (out T) {
	t.Helper()
	require.NoError(t, unmarshal([]byte(read(t, path)), &out))
	return out
}

// Every alert says how bad it is and what to do, and has a test in which it fires and
// one in which it does not.
func TestAlerts(t *testing.T) {
	t.Parallel()
	rules := load[ruleFile](t, alertsFile, yaml.Unmarshal)
	fires, quiet := map[string]int{}, map[string]int{}
	for _, test := range load[ruleTests](t, alertsTestFile, yaml.Unmarshal).Tests {
		for _, c := range test.Cases {
			if len(c.Expected) > 0 {
				fires[c.Alert]++
			} else {
				quiet[c.Alert]++
			}
		}
	}
	require.Len(t, rules.Groups, 1)
	require.NotEmpty(t, rules.Groups[0].Rules)
	for _, r := range rules.Groups[0].Rules {
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		require.Positive(t, fires[r.Alert], "%s never fires in %s", r.Alert, alertsTestFile)
		require.Positive(t, quiet[r.Alert], "%s always fires in %s", r.Alert, alertsTestFile)
	}
}

// TestDashboard checks what Grafana would show wrongly without a word.
func TestDashboard(t *testing.T) {
	t.Parallel()
	d := load[dashboard](t, dashboardFile, json.Unmarshal)
	require.NotEmpty(t, d.UID)
	require.NotEmpty(t, d.Panels)
	ids := map[int]bool{}
	type cell struct{ x, y int }
	taken := map[cell]string{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "id %d is given twice", p.ID)
		ids[p.ID] = true
		require.NotEmpty(t, p.Title)
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Empty(t, taken[cell{x, y}], "%s lies over another panel", p.Title)
				taken[cell{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.Contains(t, target.Expr, `job=~"$job",instance=~"$instance"`, "%s ignores the variables", p.Title)
		}
	}
}

// TestWithPromtool has Prometheus' own tool check the files and test the rules. CI has
// it; elsewhere it is skipped where it is not installed.
func TestWithPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	run := func(args ...string) {
		out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run("check", "rules", alertsFile)
	run("test", "rules", alertsTestFile)
	run("check", "config", "prometheus/prometheus.yml")

	// The queries of the dashboard as rules, so that they are parsed.
	var queries []map[string]string
	for _, p := range load[dashboard](t, dashboardFile, json.Unmarshal).Panels {
		for _, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$job", ".*", "$instance", ".*").Replace(target.Expr)
			queries = append(queries, map[string]string{"record": "query", "expr": expr})
		}
	}
	raw, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": queries}}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "queries.yml")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	run("check", "rules", "--lint=none", path)
}
