package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
)

// Erasures removes what is left of removed accounts, in other systems and here.
type Erasures struct {
	Store *store.Store
	Vault *vault.Vault
	// Erasers are the custom ones, by name. It is nil in a process that does not know
	// them, such as a command that borrows a worker: there every step fails, and
	// is taken by a process of the service later.
	Erasers map[string]everlatch.Eraser
	Now     func() time.Time
}

var errNoErasers = errors.New("this process does not know the erasers of the service")

// DescribeAccountOutput is what erasers are told about an account. Pending says
// that there is something for them to do: there is such an account, or was, and
// they have not confirmed yet that it is gone.
type DescribeAccountOutput struct {
	Pending bool              `json:"pending"`
	Erasure everlatch.Erasure `json:"erasure,omitzero"`
}

// DescribeAccount reads what will be needed when the account is gone.
func (a *Erasures) DescribeAccount(ctx context.Context, in everlatch.ActorRef) (out DescribeAccountOutput, err error) {
	state, err := a.Store.AccountState(ctx, in.ActorType, in.ActorID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	found, err := a.Store.IdentitiesOf(ctx, in.ActorType, in.ActorID)
	if err != nil {
		return out, err
	}
	out.Pending = state.ErasedAt.IsZero()
	out.Erasure = everlatch.Erasure{ActorType: in.ActorType, ActorID: in.ActorID, Email: state.Email, RemovedAt: state.RemovedAt}
	for _, identity := range found {
		out.Erasure.AuthIdentityIDs = append(out.Erasure.AuthIdentityIDs, identity.ID)
	}
	return out, nil
}

// ListErasersOutput names the erasers, sorted.
type ListErasersOutput struct {
	Names []string `json:"names"`
}

// ListErasers names every eraser that has to confirm.
func (a *Erasures) ListErasers(context.Context, None) (out ListErasersOutput, err error) {
	if a.Erasers == nil {
		return out, errNoErasers
	}
	out.Names = slices.Sorted(maps.Keys(a.Erasers))
	return out, nil
}

// EraseInput is the argument of [Erasures.Erase].
type EraseInput struct {
	Eraser  string            `json:"eraser"`
	Erasure everlatch.Erasure `json:"erasure"`
}

// EraseOutput is a confirmation.
type EraseOutput struct {
	ConfirmedAt time.Time `json:"confirmed_at"`
}

// beat is how often a running eraser is known to be alive. The timeout of the
// heartbeat is a few of them.
const beat = 5 * time.Second

// Erase calls one eraser. Every error is retried: no eraser is allowed
// off by saying that something is invalid.
func (a *Erasures) Erase(ctx context.Context, in EraseInput) (out EraseOutput, err error) {
	if a.Erasers == nil {
		return out, errNoErasers
	}
	erase, known := a.Erasers[in.Eraser]
	if !known {
		return out, fmt.Errorf("there is no eraser %q in this process", in.Eraser)
	}
	stop := keepAlive(ctx)
	defer stop()
	if err := erase(ctx, in.Erasure); err != nil {
		return out, errors.New(err.Error()) // without its code, by which Temporal would give up
	}
	out.ConfirmedAt = a.Now().UTC()
	return out, nil
}

// keepAlive tells Temporal that this process still works on the step, so that
// another one takes over soon after it has died.
func keepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return cancel
}

// Confirmation says since when one eraser has nothing of a person any more.
type Confirmation struct {
	Name        string    `json:"name"`
	ConfirmedAt time.Time `json:"confirmed_at"`
}

// FinishErasureInput is the argument of [Erasures.FinishErasure].
type FinishErasureInput struct {
	Erasure   everlatch.Erasure `json:"erasure"`
	Confirmed []Confirmation    `json:"confirmed"`
	// Requested says that the account's owner asked for it: nothing is kept of them, and
	// they are told.
	Requested bool   `json:"requested"`
	EventID   string `json:"event_id"`
	GroupID   string `json:"group_id"`
}

// FinishErasure deletes what is left here, or notes that nothing is left
// elsewhere, and records the receipt, which holds no personal data.
func (a *Erasures) FinishErasure(ctx context.Context, in FinishErasureInput) (None, error) {
	now, e := a.Now(), in.Erasure
	erasers := make([]any, len(in.Confirmed))
	for i, c := range in.Confirmed {
		erasers[i] = everlatch.Metadata{"name": c.Name, "confirmed_at": c.ConfirmedAt.Format(time.RFC3339)}
	}
	data := everlatch.Metadata{
		"id": e.ActorID, "actor_type": e.ActorType, "removed_at": e.RemovedAt.UTC().Format(time.RFC3339),
		"purged": in.Requested, "erasers": erasers,
	}
	if in.Requested {
		if err := tellTo(ctx, a.Vault, data, e.Email); err != nil {
			return None{}, err
		}
	}
	name := everlatch.EventCustomerErased
	if e.ActorType == everlatch.ActorUser {
		name = everlatch.EventUserErased
	}
	return None{}, a.Store.FinishErasure(ctx, e.ActorType, e.ActorID, in.Requested, everlatch.Event{
		ID: in.EventID, Name: name, GroupID: in.GroupID, Data: data, CreatedAt: now, ReleasedAt: &now,
	})
}
