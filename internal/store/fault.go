package store

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"regexp"
	"strings"
	"syscall"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"
)

// FaultError is the cause of an outage: what the store did, and what driver or
// operating system answered. It is for operators, and contains no password and
// no argument of a statement.
type FaultError struct {
	Op  string // what the store was about to do, such as "ping"
	err error
}

// Error returns the operation and the cause on one line.
func (f *FaultError) Error() string { return f.Op + ": " + masked(reason(f.err)) }

// Unwrap returns the driver's error.
func (f *FaultError) Unwrap() error { return f.err }

// FaultKind is what an operator has to look at after a [FaultError].
type FaultKind int

// The kinds. FaultOther is everything else.
const (
	FaultOther FaultKind = iota
	// FaultRefused is a port where no server listens, FaultUnknownHost a name without an
	// address, FaultNoAnswer a server or network that stays silent.
	FaultRefused
	FaultUnknownHost
	FaultNoAnswer
	// FaultCredentials is a wrong user or password, or one that pg_hba.conf does not admit,
	// FaultNoDatabase a database that does not exist.
	FaultCredentials
	FaultNoDatabase
	// FaultTLS is TLS that one side demands and the other does not have or trust.
	FaultTLS
	// FaultFull is a server without a free connection, FaultStarting one that starts or stops.
	FaultFull
	FaultStarting
)

// Kind returns what the fault is about.
func (f *FaultError) Kind() FaultKind {
	if refused, ok := errors.AsType[*pgconn.PgError](f.err); ok {
		switch refused.Code {
		case "28000", "28P01":
			return FaultCredentials
		case "3D000":
			return FaultNoDatabase
		case "53300", "53400":
			return FaultFull
		case "57P01", "57P02", "57P03":
			return FaultStarting
		}
		return FaultOther
	}
	_, unknown := errors.AsType[*net.DNSError](f.err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](f.err)
	wait, isNet := errors.AsType[net.Error](f.err)
	switch {
	case untrusted, strings.Contains(f.err.Error(), "server refused TLS connection"), strings.Contains(f.err.Error(), "tls: "):
		return FaultTLS
	case unknown:
		return FaultUnknownHost
	case errors.Is(f.err, syscall.ECONNREFUSED):
		return FaultRefused
	case errors.Is(f.err, context.DeadlineExceeded), isNet && wait.Timeout():
		return FaultNoAnswer
	}
	return FaultOther
}

// reason says why a database cannot be reached. The text of pgx repeats itself for
// every attempt and names the layers of Go's network.
func reason(err error) string {
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); !connecting {
		return err.Error()
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Message
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok {
		return unknown.Name + ": " + unknown.Err
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Addr != nil {
		if errno, ok := errors.AsType[syscall.Errno](dial.Err); ok {
			return dial.Addr.String() + ": " + errno.Error()
		}
	}
	return err.Error()
}

var (
	// urlPassword is the password in a URL. It ends at the last @ of a word, since
	// a password that is not escaped may contain one.
	urlPassword = regexp.MustCompile(`(://[^:/@\s]*:)\S*@`)
	// settingPassword is a password in libpq's key=value form, or a parameter.
	settingPassword = regexp.MustCompile(`(?i)((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)`)
)

// unreadable says why pgx cannot parse a URL. pgx masks the password where it
// finds it; in a URL that is broken it may quote pieces of it, and then the
// cause is not shown.
func unreadable(url string, err error) string {
	text := masked(err.Error())
	_, rest, _ := strings.Cut(url, "://")
	userinfo := rest[:max(strings.LastIndexByte(rest, '@'), 0)]
	_, password, _ := strings.Cut(userinfo, ":")
	for piece := range strings.FieldsFuncSeq(password, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.Contains(text, piece) {
			return "the database URL cannot be read: percent-encode the special characters of user and password"
		}
	}
	return text
}

// masked hides passwords and joins the lines of a driver's text.
func masked(text string) string {
	text = urlPassword.ReplaceAllString(text, "${1}xxxxx@")
	text = settingPassword.ReplaceAllString(text, "${1}xxxxx")
	return strings.Join(strings.Fields(text), " ")
}
