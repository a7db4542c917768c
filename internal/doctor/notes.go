package doctor

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// notes collects what a part finds. It is safe for concurrent use: what a part that was
// given up finds later is dropped.
type notes struct {
	about string

	mu       sync.Mutex
	findings []Finding
	// why is why the rest is not looked at.
	why    string
	closed bool
}

func (n *notes) add(f Finding) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	if f.About == "" {
		f.About = n.about
	}
	n.findings = append(n.findings, f)
}

func (n *notes) ok(check, message string, args ...any) {
	n.add(Finding{Check: check, Status: OK, Message: fmt.Sprintf(message, args...)})
}

func (n *notes) warn(check, message, advice string) {
	n.add(Finding{Check: check, Status: Warning, Message: message, Advice: advice})
}

func (n *notes) fault(check, message, advice string) {
	n.add(Finding{Check: check, Status: Fault, Message: message, Advice: advice})
}

// skipRest says why the checks without a finding were not made.
func (n *notes) skipRest(why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.why = why
}

// firstOpen marks the first check without a finding as a fault.
func (n *notes) firstOpen(checks []string, message string) {
	for _, check := range checks {
		if !n.has(check) {
			n.fault(check, message, "Find out why it hangs, or give it more time with --within.")
			return
		}
	}
}

func (n *notes) has(check string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.findings, func(f Finding) bool { return f.Check == check })
}

// close returns the findings, each check among them.
func (n *notes) close(checks []string) []Finding {
	for _, check := range checks {
		if !n.has(check) {
			n.add(Finding{Check: check, Status: Skipped, Message: n.reason()})
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	return n.findings
}

func (n *notes) reason() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.why == "" {
		return "not looked at, because of the faults above"
	}
	return n.why
}

// Limits of the difference between two clocks. Tokens of OpenID providers are judged with a
// tolerance of 5 s, and codes of authenticator apps change every 30 s.
const (
	clockWarnAfter  = 2 * time.Second
	clockFaultAfter = 30 * time.Second
)

// keepTime is what to do about a clock.
const keepTime = "Let both machines keep their time by NTP, such as with chrony or systemd-timesyncd."

// clock compares a clock with ours. What is known of theirs is right to within uncertain.
func (n *notes) clock(check, whose string, theirs, ours time.Time, uncertain time.Duration) {
	difference := theirs.Sub(ours)
	word := "ahead of"
	if difference < 0 {
		word = "behind"
	}
	least := max(0, difference.Abs()-uncertain)
	message := fmt.Sprintf("the clock of %s is %s %s that of this machine", whose, difference.Abs().Round(time.Second), word)
	switch {
	case least > clockFaultAfter:
		n.fault(check, message, keepTime)
	case least > clockWarnAfter:
		n.warn(check, message, keepTime)
	default:
		n.ok(check, "the clock of %s agrees to within %s", whose, clockWarnAfter)
	}
}

// oneLine makes a text safe for a terminal and a line of its own.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)), " ")
}
