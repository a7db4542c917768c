package subscribers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"

	"github.com/everlatch/everlatch/internal/egress"
)

// reason says why a webhook did not respond. It omits the cause, which may
// contain the URL with a token, name an internal server, or quote the response
// of an unknown server: Temporal stores the whole chain of an error.
func reason(err error) error {
	if errors.Is(err, egress.ErrPrivate) {
		return errPrivateHost
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errors.New("does not answer in time")
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return errors.New("has no address")
		}
		return errors.New("cannot be looked up")
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return certificateReason(e.Err)
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return errors.New("cannot be reached: " + e.Error())
	}
	return errors.New("gives no answer that can be read")
}

var errPrivateHost = errors.New("is not called: its address is private, which allow_private admits")

func certificateReason(err error) error {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return errors.New("has a certificate of an unknown authority")
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return errors.New("has a certificate for another name")
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return errors.New("has a certificate that has expired, or is not valid yet")
	}
	return errors.New("has a certificate that is not accepted")
}
