package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what a run found; its JSON is the format of -json and -baseline.
type report struct {
	Base    string    `json:"base"`
	Started time.Time `json:"started"`
	Cores   int       `json:"cores"`
	PIDs    []int     `json:"pids,omitempty"`
	RSS     float64   `json:"rss_mib,omitzero"` // before the first request
	Hashing *hashing  `json:"hashing,omitempty"`
	Results []result  `json:"results"`
}

// ratio compares a result with one of the baseline: this divided by that.
type ratio struct {
	PerSecond *float64 `json:"per_second,omitempty"`
	P50       *float64 `json:"p50,omitempty"`
	P90       *float64 `json:"p90,omitempty"`
	P99       *float64 `json:"p99,omitempty"`
	CPU       *float64 `json:"cpu,omitempty"`
	RSS       *float64 `json:"rss,omitempty"`
}

func parseReport(raw []byte) (*report, error) {
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("-baseline: not the -json output of a run: %w", err)
	}
	if len(r.Results) == 0 {
		return nil, errors.New("-baseline: it holds no results")
	}
	return &r, nil
}

func (r *report) failed() bool {
	for _, result := range r.Results {
		if result.Errors > 0 {
			return true
		}
	}
	return false
}

// compare adds the ratios to the results that the baseline has as well.
func (r *report) compare(baseline *report) {
	for i := range r.Results {
		mine := &r.Results[i]
		for _, theirs := range baseline.Results {
			if theirs.Scenario != mine.Scenario || theirs.Clients != mine.Clients {
				continue
			}
			mine.Ratio = &ratio{
				PerSecond: divide(&mine.PerSecond, &theirs.PerSecond),
				P50:       divide(&mine.P50, &theirs.P50),
				P90:       divide(&mine.P90, &theirs.P90),
				P99:       divide(&mine.P99, &theirs.P99),
				CPU:       divide(mine.CPU, theirs.CPU),
				RSS:       divide(mine.RSS, theirs.RSS),
			}
		}
	}
}

// divide returns nil where a figure is missing or nothing can be divided by it.
func divide(a, b *float64) *float64 {
	if a == nil || b == nil || *b == 0 {
		return nil
	}
	return new(*a / *b)
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) writeTable(w io.Writer) error {
	fmt.Fprintf(w, "%s at %s, %d cores\n", r.Base, r.Started.Format(time.RFC3339), r.Cores)
	if len(r.PIDs) > 0 {
		fmt.Fprintf(w, "processes %s, resident before the first request: %.0f MiB\n",
			strings.Trim(fmt.Sprint(r.PIDs), "[]"), r.RSS)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") }
	row("scenario", "clients", "requests", "errors", "req/s", "p50 ms", "p90 ms", "p99 ms", "cpu ms", "own ms", "rss MiB", "others")
	for _, x := range r.Results {
		row(x.Scenario, fmt.Sprint(x.Clients), fmt.Sprint(x.Requests), fmt.Sprint(x.Errors),
			figure("%.1f", &x.PerSecond), figure("%.2f", &x.P50), figure("%.2f", &x.P90), figure("%.2f", &x.P99),
			figure("%.3f", x.CPU), figure("%.3f", x.OwnCPU), figure("%.0f", x.RSS), share(x.Others))
		if q := x.Ratio; q != nil {
			row("to baseline", "", "", "", figure("×%.2f", q.PerSecond),
				figure("×%.2f", q.P50), figure("×%.2f", q.P90), figure("×%.2f", q.P99),
				figure("×%.2f", q.CPU), "", figure("×%.2f", q.RSS), "")
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r.writeHashing(w)
	for _, x := range r.Results {
		if x.Errors == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s with %d clients: %s\n", x.Scenario, x.Clients, x.Error); err != nil {
			return err
		}
	}
	return nil
}

func figure(format string, v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}

func share(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", *v*100)
}
