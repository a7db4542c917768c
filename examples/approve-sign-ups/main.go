// Command approve-sign-ups is Everlatch where a customer's account waits for the
// approval of an administrator. docs/guides/approve-sign-ups.md walks through it.
package main

import (
	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(options()...) }

// options add the hook, and what administrators decide with.
func options() []app.Option {
	return []app.Option{
		app.WithHook(everlatch.HookBeforeAccountCreated, ApproveSignUp),
		app.WithOwnRoutes(addRoutes),
	}
}
