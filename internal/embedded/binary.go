//go:build !noembedded

package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime/debug"

	"go.temporal.io/sdk/worker"
)

// nameBinary tells the SDK what this binary is called in histories. Otherwise
// it would find out by hashing the executable, which with a Temporal server in
// it takes longer than the rest of the start. The name holds the versions that
// were built in, and the commit where the build knew it.
func nameBinary() {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	sum := sha256.Sum256([]byte(info.String()))
	worker.SetBinaryChecksum("embedded-" + hex.EncodeToString(sum[:8]))
}
