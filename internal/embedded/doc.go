// Package embedded runs a Temporal server and its web UI inside this process,
// so that `everlatch dev` needs no other program.
//
//	server, err := embedded.Start(ctx, embedded.Options{Folder: ".everlatch/temporal"})
//	…
//	defer server.Stop()
//
// The server keeps its histories in one SQLite file that is synced on every
// commit, and the index that lists them in a second one that is not: losing the
// end of the index in a power cut loses lines of a list, never a flow. It
// survives kill -9, and a restart on the same folder is the same cluster.
//
// It is for one process on one machine. Production talks to a Temporal cluster;
// the build tag noembedded leaves the server out of that binary, and [Start]
// then explains itself. Only this package imports the Temporal server, and it
// imports nothing of ours.
//
// Why the settings are what they are was measured; see options.go and config.go.
package embedded
