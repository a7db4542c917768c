// Package worker registers every workflow and activity in one place, and keeps
// the schedules. It is the table of contents of what a worker can do; what the
// they do is in workflows and activities.
package worker
