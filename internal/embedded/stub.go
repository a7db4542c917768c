//go:build noembedded

package embedded

import (
	"context"
	"errors"

	"google.golang.org/grpc"
)

// Included says whether this binary has the Temporal server.
const Included = false

// errLeftOut is what a binary without the Temporal server answers.
var errLeftOut = errors.New("this binary was built without the Temporal server (build tag noembedded): " +
	"use `everlatch serve` with TEMPORAL_ADDRESS, or build without that tag to use `everlatch dev`")

// Server exists so that callers compile; there is never a running one.
type Server struct{}

// Start explains that the Temporal server was left out of this binary.
func Start(context.Context, Options) (*Server, error) { return nil, errLeftOut }

// Address returns "".
func (*Server) Address() string { return "" }

// DialOption changes nothing.
func (*Server) DialOption() grpc.DialOption { return grpc.EmptyDialOption{} }

// UIURL returns "".
func (*Server) UIURL() string { return "" }

// Namespace returns "".
func (*Server) Namespace() string { return "" }

// Stop does nothing.
func (*Server) Stop() error { return nil }
