package main

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// Application asks for a job. An event and a schedule leave some of it empty.
type Application struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Size  string `json:"size"` // of the uniform
	// Request is the sealed password. The password itself is in no history.
	Request workflows.SealedRequest `json:"request,omitempty"`
	// CourierID is the id under which the courier will exist.
	CourierID string `json:"courier_id,omitempty"`
}

// Courier is the result of [HireCourier].
type Courier struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// desk names the activities; the worker has the real one.
var desk *Desk

// HireCourier turns an applicant into a courier who can sign in: an identity, a
// record, a link between them, and a uniform. When a step fails, everything
// that this execution created is gone again.
func HireCourier(ctx workflow.Context, in Application) (Courier, error) {
	var steps workflows.Steps
	courier, err := hire(ctx, &steps, in)
	if err != nil {
		return Courier{}, steps.Undo(ctx, err)
	}
	return courier, steps.Done(ctx)
}

func hire(ctx workflow.Context, steps *workflows.Steps, in Application) (Courier, error) {
	in, err := workflows.Run(ctx, desk.Complete, in)
	if err != nil {
		return Courier{}, err
	}
	login, err := signUp(ctx, steps, in)
	if err != nil {
		return Courier{}, err
	}
	courier, err := workflows.Do(ctx, steps, desk.AddCourier, in, desk.RemoveCourier, in.CourierID)
	if err != nil {
		return Courier{}, err
	}
	if err := steps.SetAppMetadata(ctx, login.Principal.AuthIdentityID, "courier", courier.ID); err != nil {
		return Courier{}, err
	}
	err = steps.Emit(ctx, everlatch.Event{Name: "courier.hired", Data: everlatch.Metadata{"id": courier.ID}})
	if err != nil {
		return Courier{}, err
	}
	return workflows.Run(ctx, desk.OrderUniform, in)
}

// signUp registers the applicant. An applicant who has an identity already, as a
// customer for example, proves it with the password.
func signUp(ctx workflow.Context, steps *workflows.Steps, in Application) (workflows.Login, error) {
	credentials := workflows.AuthenticateInput{ActorType: "courier", Provider: "emailpass", Request: in.Request}
	login, err := steps.Register(ctx, credentials)
	if errors.Is(err, everlatch.ErrUnauthorized) {
		return steps.Authenticate(ctx, credentials)
	}
	return login, err
}
