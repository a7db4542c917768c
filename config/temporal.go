package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// queues are what worker.queues and worker.api_queues may name.
var queues = []string{"interactive", "slow", "deliveries"}

// checkQueues names queues that do not exist, and a task queue whose name would be
// that of a queue beside it.
func (c *Config) checkQueues() Problems {
	var out Problems
	for key, names := range map[string][]string{"worker.queues": c.Worker.Queues, "worker.api_queues": c.Worker.APIQueues} {
		for _, name := range names {
			if !slices.Contains(queues, name) {
				out = append(out, Problem{key, fmt.Sprintf("%q is none of %s", name, strings.Join(queues, ", "))})
			}
		}
	}
	if len(c.Worker.Queues) == 0 {
		out = append(out, Problem{"worker.queues", "is empty; a worker runs at least one queue"})
	}
	for _, name := range append(slices.Clone(queues), "nexus") {
		if suffix := "-" + name; strings.HasSuffix(c.Temporal.TaskQueue, suffix) {
			out = append(out, Problem{"temporal.task_queue", fmt.Sprintf("%q ends with %s, which names another queue", c.Temporal.TaskQueue, suffix)})
		}
	}
	return out
}

// mostOfVersion bounds the names of a deployment and its versions.
const mostOfVersion = 100

// checkDeployment names characters that Temporal has a use for.
func (c *Config) checkDeployment() Problems {
	var out Problems
	d := c.Temporal.Deployment
	if strings.ContainsAny(d.Name, ".:") || strings.HasPrefix(d.Name, "__") || len(d.Name) > mostOfVersion {
		out = append(out, Problem{"temporal.deployment.name", fmt.Sprintf("%q has a dot or a colon, begins with __, or is longer than %d", d.Name, mostOfVersion)})
	}
	if strings.Contains(d.BuildID, ":") || strings.HasPrefix(d.BuildID, "__") || len(d.BuildID) > mostOfVersion {
		out = append(out, Problem{"temporal.deployment.build_id", fmt.Sprintf("%q has a colon, begins with __, or is longer than %d", d.BuildID, mostOfVersion)})
	}
	return out
}

const (
	acceptUnsealedUntil = "temporal.accept_unsealed_until"
	// longestMigration bounds how long payloads that are not sealed can be accepted,
	// so that the exception does not become the rule.
	longestMigration = 90 * day
)

// AcceptUnsealed returns the moment until which payloads that are not sealed are
// accepted: the zero time for never. A day that has passed or is too far ahead is an
// error, so that a migration that is over is noticed.
func (t Temporal) AcceptUnsealed(now time.Time) (time.Time, error) {
	if t.AcceptUnsealedUntil == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.DateOnly, t.AcceptUnsealedUntil)
	switch {
	case err != nil:
		return time.Time{}, Problems{{acceptUnsealedUntil, fmt.Sprintf("%q is not a day, such as 2027-01-31", t.AcceptUnsealedUntil)}}
	case !until.After(now):
		return time.Time{}, Problems{{acceptUnsealedUntil, t.AcceptUnsealedUntil + " has passed; remove the setting"}}
	case until.After(now.Add(longestMigration)):
		return time.Time{}, Problems{{acceptUnsealedUntil, t.AcceptUnsealedUntil + " is more than 90 days ahead"}}
	}
	return until, nil
}
