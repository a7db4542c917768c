// Package worker registers every workflow and activity in one place, and keeps
// the schedules. Their code is in packages workflows and activities.
package worker
