package embedded

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// defaultNamespace is the namespace that a server has unless Options say
// otherwise.
const defaultNamespace = "default"

// defaultRetention is how long the history of a finished workflow stays readable.
const defaultRetention = 24 * time.Hour

// minRetention is the least that Temporal takes for a namespace.
const minRetention = time.Hour

// Options say where a server lives. The zero value is a server in memory on a
// free port of the loopback interface, without UI.
type Options struct {
	// Folder holds the two database files and the log. It is created when it is
	// missing. Empty means that everything is kept in memory and is gone after
	// Stop.
	Folder string
	// Address is host:port of the gRPC frontend. The host must be an IP or
	// "localhost"; port 0 takes a free one. Default 127.0.0.1:0.
	Address string
	// UIAddress is host:port of the web UI, same form. Empty means no UI.
	UIAddress string
	// UIWrites lets the UI change workflows: start, signal, cancel, terminate them. By
	// default it shows them.
	UIWrites bool
	// GuardUI, when set, wraps the handler of the UI.
	GuardUI func(http.Handler) http.Handler
	// Namespace is created when it is missing. The default is "default".
	Namespace string
	// Retention is applied to the namespace on every start, at least an hour.
	// The default is 24 hours.
	Retention time.Duration
	// BriefRetention lets Retention be shorter, and ends it at once. Otherwise Temporal deletes
	// what has ended at any time in the half hour after it.
	BriefRetention bool
	// SearchAttributes are custom ones of the namespace, by name.
	SearchAttributes map[string]enumspb.IndexedValueType
	// UICodec, when set, makes the handler of Temporal's codec protocol that the UI decodes
	// payloads by. The UI's own listener serves it, to the pages of these origins, and only
	// on a loopback address: the UI has no login.
	UICodec func(origins []string) (http.Handler, error)
	// ContinueAsNewAfter is the number of events of a history at which Temporal
	// suggests that its workflow continues as new. 0 is Temporal's own, 4,096.
	ContinueAsNewAfter int
	// DrainedWithin is how soon Temporal notices that the last flow of a version of the
	// workers has ended. 0 is Temporal's own, some minutes.
	DrainedWithin time.Duration
	// Log takes the server's errors as JSON lines. Default: the file
	// temporal.log in Folder, or nowhere for a server in memory.
	Log io.Writer
}

// withDefaults fills what was left empty and reports every wrong value at once.
func (o Options) withDefaults() (Options, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	var problems []error
	if o.Retention < minRetention && !o.BriefRetention {
		problems = append(problems, fmt.Errorf("retention is %s, Temporal keeps at least %s", o.Retention, minRetention))
	}
	var err error
	if o.Address, err = reserve("the Temporal server", o.Address); err != nil {
		problems = append(problems, err)
	}
	if o.UIAddress != "" {
		if o.UIAddress, err = reserve("the Temporal UI", o.UIAddress); err != nil {
			problems = append(problems, err)
		}
	}
	return o, errors.Join(problems...)
}

// reachable returns the address under which this machine reaches a listener:
// the loopback address for one that listens on every interface.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
