//go:build !noembedded

package embedded

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// maxLog is the size at which the log of an earlier run is started over. The
// log holds errors only, so it takes long to get there.
const maxLog = 16 << 20

// openLog returns where the server's errors go, and how to close it.
func openLog(o Options) (io.Writer, func() error, error) {
	nothing := func() error { return nil }
	switch {
	case o.Log != nil:
		return o.Log, nothing, nil
	case o.Folder == "":
		return io.Discard, nothing, nil
	}
	path := filepath.Join(o.Folder, "temporal.log")
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600) //nolint:gosec // the path is the operator's
	if err != nil {
		return nil, nil, fmt.Errorf("open log of the Temporal server: %w", err)
	}
	return f, f.Close, nil
}

// newLogger writes errors to w. Temporal ends the process when it cannot go on;
// we make that a panic, so that [Start] can return it and a later one leaves a
// trace on the terminal rather than a line in a file.
func newLogger(w io.Writer) log.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.ISO8601TimeEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(w)), zapcore.ErrorLevel)
	return log.NewZapLogger(zap.New(core, zap.WithFatalHook(zapcore.WriteThenPanic)))
}
