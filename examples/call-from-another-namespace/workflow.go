package main

import (
	"errors"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/nexusauth"
)

// Application is what someone who wants to join has typed. The password is sealed: this
// workflow, its history and this program's workers can't read it.
type Application struct {
	Name        string
	Credentials nexusauth.Sealed[nexusauth.Credentials]
}

// call calls an operation of Everlatch.
func call[I, O any](
	ctx workflow.Context, operation nexus.OperationReference[nexusauth.Sealed[I], O], in nexusauth.Sealed[I],
) (out O, err error) {
	auth := workflow.NewNexusClient(nexusauth.Endpoint, nexusauth.Service)
	options := workflow.NexusOperationOptions{ScheduleToCloseTimeout: 10 * time.Minute}
	err = auth.ExecuteOperation(ctx, operation, in, options).Get(ctx, &out)
	return out, err
}

// Join makes a member of someone: an identity at Everlatch, a record of the club, and the
// link between them. It leaves nothing behind if one of them fails.
func Join(ctx workflow.Context, in Application) (Member, error) {
	registered, err := call(ctx, nexusauth.Register, in.Credentials)
	if err != nil {
		return Member{}, refusal(err)
	}
	member, err := admit(ctx, in.Name, registered.AuthIdentityID)
	if err != nil {
		return Member{}, errors.Join(refusal(err), discard(ctx, registered))
	}
	return member, nil
}

// SignIn returns the id of the member whose credentials these are.
func SignIn(ctx workflow.Context, credentials nexusauth.Sealed[nexusauth.Credentials]) (string, error) {
	signedIn, err := call(ctx, nexusauth.Authenticate, credentials)
	return signedIn.ActorID, refusal(err)
}

// admit adds the record and links it. What the club decides itself is sealed by an
// activity, because sealing is not deterministic and needs the API key.
func admit(ctx workflow.Context, name, identityID string) (member Member, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{ScheduleToCloseTimeout: time.Minute})
	if err := workflow.ExecuteActivity(ctx, desk.Admit, name).Get(ctx, &member); err != nil {
		return member, err
	}
	var link nexusauth.Sealed[nexusauth.Link]
	in := nexusauth.Link{AuthIdentityID: identityID, ActorType: "member", ActorID: member.ID}
	if err := workflow.ExecuteActivity(ctx, desk.SealLink, in).Get(ctx, &link); err != nil {
		return member, err
	}
	_, err = call(ctx, nexusauth.SetAppMetadata, link)
	return member, err
}

// discard removes the record, and the identity if this registration has created it. It also
// runs when the workflow was cancelled.
func discard(ctx workflow.Context, registered nexusauth.Authentication) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{ScheduleToCloseTimeout: time.Hour})
	if err := workflow.ExecuteActivity(ctx, desk.Expel).Get(ctx, nil); err != nil || !registered.Created {
		return err
	}
	var identity nexusauth.Sealed[nexusauth.Identity]
	in := nexusauth.Identity{AuthIdentityID: registered.AuthIdentityID}
	if err := workflow.ExecuteActivity(ctx, desk.SealIdentity, in).Get(ctx, &identity); err != nil {
		return err
	}
	_, err := call(ctx, nexusauth.DeleteAuthIdentity, identity)
	return err
}

// refusal passes on what Everlatch has refused, with its code as the type of the error.
func refusal(err error) error {
	if e, ok := nexusauth.AsError(err); ok {
		return temporal.NewNonRetryableApplicationError(e.Message, string(e.Code), nil)
	}
	return err
}
