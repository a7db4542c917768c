// Package worker registers every dance and activity in one place, and keeps
// the schedules. It is the table of contents of what a worker can do; what the
// dances do stands in workflows and activities.
package worker
