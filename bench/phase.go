package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// phase is what happened while so many attacked. A figure that could not be taken
// is absent.
type phase struct {
	Name string `json:"phase"`
	// OK are the owners' sign-ins a second, and Refused those of them that were not
	// answered by 200.
	OK      float64 `json:"owners_per_second"`
	P50     float64 `json:"owners_p50_ms"`
	P99     float64 `json:"owners_p99_ms"`
	Refused int     `json:"owners_refused"`
	// Hashes are passwords that were compared in a second, the owners' and the
	// attackers'.
	Hashes float64 `json:"hashes_per_second"`
	// PerCPU are hashes for each second of processor time of -pids, CPU the share of
	// the machine that -pids had, and Others that of processes that are neither
	// among them nor this command, both from 0 to 1.
	PerCPU *float64 `json:"hashes_per_cpu_second,omitempty"`
	CPU    *float64 `json:"server_share,omitempty"`
	Others *float64 `json:"others,omitempty"`
	// Limited and Busy are answers of 429 and 503 to attackers.
	Limited int64 `json:"limited"`
	Busy    int64 `json:"busy"`
	// Recovered is how long after the attack an owner's sign-in was answered.
	Recovered float64 `json:"recovered_ms"`
}

// charge adds what was used between two moments.
func (p *phase) charge(hashes float64, elapsed time.Duration, before, after snapshot) {
	spent := after.server.cpu - before.server.cpu
	if spent <= 0 || elapsed <= 0 {
		return
	}
	p.PerCPU = new(hashes / spent.Seconds())
	machine := elapsed.Seconds() * float64(runtime.NumCPU())
	p.CPU = new(spent.Seconds() / machine)
	if before.known && after.known {
		others := after.machine - before.machine - spent - (after.own.cpu - before.own.cpu)
		p.Others = new(max(0, others.Seconds()/machine))
	}
}

func writePhasesJSON(w io.Writer, phases []phase) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(phases)
}

func writePhases(w io.Writer, phases []phase, server bool) error {
	quiet := phases[0]
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(t, "phase\towners/s\tp50 ms\tp99 ms\t× quiet\trefused\thashes/s\t× quiet\t")
	if server {
		_, _ = fmt.Fprint(t, "hashes/cpu s\t× quiet\tcpu\tothers\t")
	}
	_, _ = fmt.Fprintln(t, "429\t503\trecovered ms\t")
	for _, p := range phases {
		_, _ = fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%.0f\t%.2f\t%d\t%.1f\t%.2f\t", p.Name, p.OK, p.P50, p.P99,
			p.P99/cmp.Or(quiet.P99, 1), p.Refused, p.Hashes, p.Hashes/cmp.Or(quiet.Hashes, 1))
		if server {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t", shown(p.PerCPU, 1), shown(p.PerCPU, or(quiet.PerCPU, 1)), shown(p.CPU, 1), shown(p.Others, 1))
		}
		_, _ = fmt.Fprintf(t, "%d\t%d\t%.0f\t\n", p.Limited, p.Busy, p.Recovered)
	}
	return t.Flush()
}

func or(figure *float64, otherwise float64) float64 {
	if figure == nil {
		return otherwise
	}
	return *figure
}

func shown(figure *float64, by float64) string {
	if figure == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", *figure/by)
}
