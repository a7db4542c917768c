package main

import (
	"context"
	"crypto/rand"

	"github.com/google/uuid"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

var courierType = everlatch.ActorType{
	Name: "courier",
	Fields: []everlatch.Field{
		{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true, Immutable: true},
		{Name: "name", Kind: everlatch.FieldString, Required: true},
		{Name: "size", Kind: everlatch.FieldString},
	},
}

// waiting are the applications that the schedule works through, in place of the
// table that your company has for them.
var waiting = []Application{
	{Email: "wanda@example.com", Name: "Wanda", Size: "M"},
	{Email: "xaver@example.com", Name: "Xaver", Size: "XXL"},
}

// Desk is what the workflow does in the world. Each method is an activity: it may
// run again after a failure.
type Desk struct {
	flows    *flows.Client
	couriers everlatch.ActorStore
}

// use connects the activities with the service.
func (d *Desk) use(a *app.App) error {
	d.flows, d.couriers = a.Flows(), a.Actors("courier")
	return nil
}

// Complete fills in what an application leaves empty: the schedule takes the next
// one that waits, and who sent no password gets a random one, to be replaced with
// "forgot password".
func (d *Desk) Complete(ctx context.Context, in Application) (Application, error) {
	if in.Email == "" {
		next, err := d.next(ctx)
		if err != nil {
			return in, err
		}
		in = next
	}
	in.CourierID = "cour_" + uuid.NewString()
	if in.Request != "" {
		return in, nil
	}
	var err error
	in.Request, err = seal(ctx, d.flows, in.Email, rand.Text())
	return in, err
}

// seal keeps a password where the steps of a workflow find it.
func seal(ctx context.Context, c *flows.Client, email, password string) (workflows.SealedRequest, error) {
	return c.Seal(ctx, providers.Input{
		ActorType: "courier", Body: map[string]any{"email": email, "password": password},
	})
}

// next returns the first application whose applicant is no courier yet.
func (d *Desk) next(ctx context.Context) (Application, error) {
	for _, a := range waiting {
		_, hired, err := d.couriers.List(ctx, everlatch.ActorQuery{Equal: map[string][]any{"email": {a.Email}}})
		if err != nil || hired == 0 {
			return a, err
		}
	}
	return Application{}, &everlatch.Error{Code: everlatch.CodeNotFound, Message: "No application is waiting."}
}

// AddCourier adds the record. Under the same id it adds nothing twice.
func (d *Desk) AddCourier(ctx context.Context, in Application) (Courier, error) {
	_, err := d.couriers.Create(ctx, everlatch.ActorRecord{
		ID: in.CourierID, ActorType: "courier",
		Data: everlatch.Metadata{"email": in.Email, "name": in.Name, "size": in.Size},
	})
	return Courier{ID: in.CourierID, Email: in.Email}, err
}

// RemoveCourier undoes AddCourier. The workflow chose the id, so no other
// record has it.
func (d *Desk) RemoveCourier(ctx context.Context, id string) (struct{}, error) {
	return struct{}{}, d.couriers.Discard(ctx, id)
}

// OrderUniform is the last step, and may fail.
func (d *Desk) OrderUniform(_ context.Context, in Application) (Courier, error) {
	if in.Size == "XXL" {
		return Courier{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "There is no uniform of size XXL."}
	}
	return Courier{ID: in.CourierID, Email: in.Email}, nil
}
