package workflows_test

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
)

func startOptions(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: id, TaskQueue: "everlatch"}
}

func activityName(ctx context.Context) string { return activity.GetInfo(ctx).ActivityType.Name }
