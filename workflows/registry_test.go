package workflows_test

import (
	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/activity"
	sdkworker "go.temporal.io/sdk/worker"
)

// registry lets the table of contents of package worker register with a
// replayer, which knows workflows only.
type registry struct{ sdkworker.WorkflowReplayer }

func (registry) RegisterActivity(any)                                         {}
func (registry) RegisterActivityWithOptions(any, activity.RegisterOptions)    {}
func (registry) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {}
func (registry) RegisterNexusService(*nexus.Service)                          {}
