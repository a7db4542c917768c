package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of CPU time in /proc. It is part of the kernel's interface
// (USER_HZ), the same on every machine that Go runs on under Linux.
const tick = 10 * time.Millisecond

// procFS reads processes from /proc, or from a folder that looks like it.
type procFS struct{ root string }

// usage is what a process has used so far.
type usage struct {
	cpu time.Duration // user and system, of all threads, ended ones included
	rss int64         // bytes
}

// process returns the usage of one process.
func (p procFS) process(pid int) (usage, error) {
	raw, err := p.read(strconv.Itoa(pid), "stat")
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	u, err := parseStat(raw)
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return u, nil
}

// processes returns the sum over some processes.
func (p procFS) processes(pids []int) (sum usage, err error) {
	for _, pid := range pids {
		u, err := p.process(pid)
		if err != nil {
			return usage{}, err
		}
		sum.cpu += u.cpu
		sum.rss += u.rss
	}
	return sum, nil
}

// machine returns how long all cores together have been busy.
func (p procFS) machine() (time.Duration, error) {
	raw, err := p.read("stat")
	if err != nil {
		return 0, err
	}
	return parseMachine(raw)
}

func (p procFS) read(path ...string) ([]byte, error) {
	root := p.root
	if root == "" {
		root = "/proc"
	}
	return os.ReadFile(filepath.Join(append([]string{root}, path...)...))
}

var errStat = errors.New("unreadable stat")

// parseStat reads /proc/<pid>/stat: see proc_pid_stat(5). The second field is
// the name of the program in parentheses, which may itself hold spaces and
// parentheses, so fields are counted from the last one.
func parseStat(raw []byte) (usage, error) {
	const utime, stime, rss = 14 - 3, 15 - 3, 24 - 3 // counted from the third field
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 {
		return usage{}, errStat
	}
	fields := bytes.Fields(raw[end+1:])
	if len(fields) <= rss {
		return usage{}, errStat
	}
	user, err1 := strconv.ParseInt(string(fields[utime]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[stime]), 10, 64)
	pages, err3 := strconv.ParseInt(string(fields[rss]), 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return usage{}, errStat
	}
	return usage{cpu: time.Duration(user+system) * tick, rss: pages * int64(os.Getpagesize())}, nil
}

// parseMachine reads the first line of /proc/stat, proc_stat(5): user, nice,
// system, idle, iowait, irq, softirq, steal. Time that the host took away
// (steal) counts as busy: it was not ours.
func parseMachine(raw []byte) (time.Duration, error) {
	const idle, iowait, columns = 3, 4, 8
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 1+columns || string(fields[0]) != "cpu" {
		return 0, errStat
	}
	var busy time.Duration
	for i, field := range fields[1 : 1+columns] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, errStat
		}
		if i != idle && i != iowait {
			busy += time.Duration(n) * tick
		}
	}
	return busy, nil
}
