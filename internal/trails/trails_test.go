package trails_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/trails"
)

// temporal knows one flow, and the flows of deliveries.
type temporal struct {
	asked      flows.FlowFilter
	deliveries map[string]flows.FlowTrail
}

func (f *temporal) ListFlows(_ context.Context, filter flows.FlowFilter) ([]flows.FlowInfo, error) {
	f.asked = filter
	return nil, nil
}

func (f *temporal) Trail(_ context.Context, id string) (flows.FlowTrail, error) {
	if id == "flow/1" {
		return flows.FlowTrail{FlowInfo: flows.FlowInfo{ID: id}}, nil
	}
	s, ok := f.deliveries[id]
	if !ok {
		return s, everlatch.ErrNotFound
	}
	return s, nil
}

func (f *temporal) Attention(context.Context) ([]flows.Attention, error) { return nil, nil }

func (f *temporal) DeliveryFlowID(d everlatch.Delivery) string { return d.EventID + "/" + d.Subscriber }

func TestFind(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, time.Now)
	_, err := s.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: "authid_1", ProviderIdentityID: "pi_1", Provider: "emailpass", EntityID: "Ada@example.com", EntityKey: "ada@example.com",
	})
	require.NoError(t, err)
	for name, person := range map[string]trails.Person{
		"identity": {IdentityID: "authid_1"}, "email": {Email: "ADA@example.com"},
	} {
		f := &temporal{}
		_, err := trails.Book{Flows: f, Store: s}.Find(t.Context(), person, flows.FlowFilter{Limit: 3})
		require.NoError(t, err, name)
		require.Equal(t, []string{"authid_1"}, f.asked.IdentityIDs, name)
		require.Contains(t, f.asked.Addresses, "ada@example.com", name)
		require.Equal(t, 3, f.asked.Limit, name)
	}
	f := &temporal{}
	_, err = trails.Book{Flows: f, Store: s}.Find(t.Context(), trails.Person{IdentityID: "authid_gone"}, flows.FlowFilter{})
	require.NoError(t, err, "the flows of a removed identity may still be there")
	require.Equal(t, []string{"authid_gone"}, f.asked.IdentityIDs)
}

func TestTell(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, time.Now)
	ctx := t.Context()
	require.NoError(t, s.RecordEvent(ctx, everlatch.Event{ID: "evt_1", Name: "auth.password_reset", GroupID: "flow/1", Source: everlatch.SourceEverlatch}))
	require.NoError(t, s.ReleaseEvents(ctx, "flow/1"))
	_, err := s.Dispatch(ctx, 10, func(everlatch.Event) []store.Target {
		return []store.Target{{Subscriber: "mail"}, {Subscriber: "crm"}, {Subscriber: "hook"}}
	})
	require.NoError(t, err)
	claim, err := s.ClaimDeliveries(ctx, 10, time.Minute)
	require.NoError(t, err)
	err = s.EndClaim(ctx, claim)
	require.NoError(t, err)
	settle := func(subscriber, status, why string) {
		require.NoError(t, s.SettleDelivery(ctx, everlatch.Delivery{EventID: "evt_1", Subscriber: subscriber, Generation: 1, Status: status, Error: why}))
	}
	settle("mail", everlatch.DeliveryDelivered, "")
	settle("crm", everlatch.DeliveryDead, "404 Not Found")
	b := trails.Book{Store: s, Flows: &temporal{deliveries: map[string]flows.FlowTrail{
		"evt_1/mail": {Attempts: 4, LastError: "451 try later"},
		"evt_1/hook": {Attempts: 3, LastError: "connection refused"},
	}}}
	told, err := b.Tell(ctx, "flow/1")
	require.NoError(t, err)
	var texts []string
	codes := map[string]map[string]string{}
	for _, m := range told.Moments {
		texts = append(texts, m.Text)
		codes[m.Code] = m.Params
	}
	require.ElementsMatch(t, []string{
		"event auth.password_reset (evt_1)",
		"mail has it after 4 attempts; before: 451 try later",
		"crm gave up: 404 Not Found. Retry it with `everlatch event release evt_1`",
		"hook has refused it 2 times: connection refused",
	}, texts)

	require.Equal(t, map[string]map[string]string{
		"event":              {"event": "auth.password_reset", "event_id": "evt_1"},
		"delivery_recovered": {"subscriber": "mail", "event_id": "evt_1", "attempts": "4", "error": "451 try later"},
		"delivery_dead":      {"subscriber": "crm", "event_id": "evt_1", "error": "404 Not Found"},
		"delivery_failing":   {"subscriber": "hook", "event_id": "evt_1", "attempts": "2", "error": "connection refused"},
	}, codes, "the same for other languages")

	attention, err := b.Attention(ctx)
	require.NoError(t, err)
	require.Len(t, attention, 1)
	require.Equal(t, "crm did not take auth.password_reset: 404 Not Found", attention[0].Why)
	require.Contains(t, attention[0].Advice, "everlatch event release evt_1")
}
