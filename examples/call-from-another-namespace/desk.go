package main

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/nexusauth"
)

// Member is a record of the club.
type Member struct {
	ID, Name string
}

// Desk has the activities of the club, and its members in memory.
type Desk struct {
	Sealer *nexusauth.Sealer

	mu sync.Mutex
	// members are kept by the workflow that has admitted them.
	members map[string]Member
}

var desk *Desk // names the activities

// Admit adds a member. The club has room for 100.
func (d *Desk) Admit(ctx context.Context, name string) (Member, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	flow := activity.GetInfo(ctx).WorkflowExecution.ID
	if m, admitted := d.members[flow]; admitted {
		return m, nil // repeated
	}
	if name == "" || len(d.members) >= 100 {
		return Member{}, temporal.NewNonRetryableApplicationError("The club is full, or you have no name.", "full", nil)
	}
	if d.members == nil {
		d.members = map[string]Member{}
	}
	d.members[flow] = Member{ID: "member_" + flow, Name: name}
	return d.members[flow], nil
}

// Expel undoes Admit.
func (d *Desk) Expel(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.members, activity.GetInfo(ctx).WorkflowExecution.ID)
	return nil
}

// SealLink seals the input of SetAppMetadata.
func (d *Desk) SealLink(_ context.Context, in nexusauth.Link) (nexusauth.Sealed[nexusauth.Link], error) {
	return nexusauth.Seal(d.Sealer, nexusauth.SetAppMetadata, in)
}

// SealIdentity seals the input of DeleteAuthIdentity.
func (d *Desk) SealIdentity(_ context.Context, in nexusauth.Identity) (nexusauth.Sealed[nexusauth.Identity], error) {
	return nexusauth.Seal(d.Sealer, nexusauth.DeleteAuthIdentity, in)
}
