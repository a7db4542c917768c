package main

// What the tests of this package see of it.
var (
	Run           = run
	ParseOptions  = parseOptions
	ScenarioNames = scenarioNames
	ProbeNames    = probeNames
	AUC           = auc
	Percentile    = percentile
	ParseStat     = parseStat
	ParseMachine  = parseMachine
)

// ProcAt reads a process from a folder that looks like /proc.
func ProcAt(root string, pid int) (cpuMilliseconds float64, rss int64, err error) {
	u, err := procFS{root: root}.process(pid)
	return milliseconds(u.cpu), u.rss, err
}
