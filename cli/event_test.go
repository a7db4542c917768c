package cli_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// letters is a data folder whose database holds deliveries of every status:
//
//	order-1   shop dead, log delivered
//	order-2   shop dead, log delivered
//	order-3   shop and log waiting
//	flow-1   not released
type letters struct {
	*store.Store

	folder string
}

func newLetters(t *testing.T) letters {
	t.Helper()
	folder := t.TempDir()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(folder, "everlatch.db"), clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	for i := range 3 {
		_, _, err := s.PublishEvent(t.Context(), everlatch.Event{
			ID: fmt.Sprint("order-", i+1), Name: "order.placed", Source: "apk_1", Data: everlatch.Metadata{"id": i, "note": "<a & b>"},
		})
		require.NoError(t, err)
	}
	_, err = s.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_1", Email: new("ada@example.com")},
		everlatch.Event{ID: "flow-1", Name: everlatch.EventCustomerCreated, GroupID: "register/1", AuthIdentityID: "authid_1"})
	require.NoError(t, err)
	_, err = s.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target {
		return []store.Target{{Subscriber: "shop"}, {Subscriber: "log"}}
	})
	require.NoError(t, err)
	for _, id := range []string{"order-1", "order-2"} {
		for subscriber, d := range map[string]everlatch.Delivery{
			"shop": {Status: everlatch.DeliveryDead, Error: "it answers 500\x1b[31m\nsorry"},
			"log":  {Status: everlatch.DeliveryDelivered},
		} {
			d.EventID, d.Subscriber, d.Generation = id, subscriber, 1
			require.NoError(t, s.SettleDelivery(t.Context(), d))
		}
	}
	return letters{s, folder}
}

// run executes `everlatch event` on the folder.
func (l letters) run(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return execute(t, nil, "", append([]string{"event", "--data", l.folder}, args...)...)
}

// status returns where a delivery stands, as status/generation.
func (l letters) status(t *testing.T, id, subscriber string) string {
	t.Helper()
	found, _, err := l.Deliveries(t.Context(), store.DeliveryFilter{EventID: id, Subscriber: subscriber}, store.Page{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	return fmt.Sprintf("%s/%d", found[0].Status, found[0].Generation)
}

func TestEventList(t *testing.T) {
	t.Parallel()

	l := newLetters(t)
	tests := map[string]struct {
		args []string
		want string
		more string
	}{
		"events, the newest last": {
			[]string{"list"},
			`^CREATED +EVENT +ID +SOURCE +RELEASED
2026-11-23T\S+Z  order\.placed +order-1  apk_1 +2026-11-23T\S+Z
2026-11-23T\S+Z  order\.placed +order-2  apk_1 +2026-11-23T\S+Z
2026-11-23T\S+Z  order\.placed +order-3  apk_1 +2026-11-23T\S+Z
2026-11-23T\S+Z  customer\.created  flow-1 +everlatch  not yet
$`, "",
		},
		"the last of them":         {[]string{"list", "--limit", "1"}, `RELEASED\n.* flow-1 .*\n$`, "These are the last 1 of 4; --limit shows more.\n"},
		"events of a name":         {[]string{"list", "--name", "customer.created"}, `RELEASED\n.* flow-1 .*\n$`, ""},
		"events of a source":       {[]string{"list", "--source", "apk_1", "--limit", "9"}, `(?s)order-1.*order-2.*order-3  apk_1 [^\n]*\n$`, ""},
		"no events":                {[]string{"list", "--name", "nothing"}, `^CREATED[^\n]*\n$`, ""},
		"dead letters and reasons": {[]string{"list", "--status", "dead"}, `^UPDATED +EVENT +ID +SUBSCRIBER +ERROR\n.* order-1  shop +it answers 500 \[31m sorry\n.* order-2  shop .*\n$`, ""},
		"deliveries of a name":     {[]string{"list", "--status", "waiting", "--name", "order.placed"}, `(?s)^UPDATED[^\n]*\n[^\n]* order-3  [^\n]*\n[^\n]* order-3 [^\n]*\n$`, ""},
		"deliveries there are not": {[]string{"list", "--status", "dead", "--name", "customer.created"}, `^UPDATED[^\n]*\n$`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			out, log, err := l.run(t, tt.args...)

			require.NoError(t, err)
			require.Regexp(t, tt.want, out)
			require.Equal(t, tt.more, log)
		})
	}
}

func TestEventsForMachines(t *testing.T) {
	t.Parallel()

	l := newLetters(t)
	read := func(into any, args ...string) {
		out, _, err := l.run(t, append(args, "--json")...)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(out), into))
	}

	var list struct {
		Events     []everlatch.Event
		Deliveries []everlatch.Delivery
		Count      int
	}
	read(&list, "list", "--limit", "2", "--source", "apk_1")
	require.Equal(t, 3, list.Count)
	require.Len(t, list.Events, 2)
	require.Equal(t, "order-3", list.Events[1].ID)
	read(&list, "list", "--status", "dead")
	require.Equal(t, 2, list.Count)
	require.Equal(t, "it answers 500\x1b[31m\nsorry", list.Deliveries[0].Error)

	var shown struct {
		Event      everlatch.Event
		Deliveries []everlatch.Delivery
	}
	read(&shown, "show", "order-1")
	require.Equal(t, everlatch.Metadata{"id": float64(0), "note": "<a & b>"}, shown.Event.Data)
	require.Len(t, shown.Deliveries, 2)

	var done map[string]any
	read(&done, "release", "order-1")
	require.Equal(t, map[string]any{"released": float64(1)}, done)
	done = nil
	read(&done, "replay", "order-2", "--subscriber", "log")
	require.Equal(t, map[string]any{"id": "order-2", "subscriber": "log"}, done)
	read(&shown, "publish", "order.sent", "--id", "sent-1")
	require.Equal(t, "cli", shown.Event.Source)
	require.Empty(t, shown.Deliveries)
}

func TestEventShow(t *testing.T) {
	t.Parallel()

	l := newLetters(t)

	out, _, err := l.run(t, "show", "order-1")
	require.NoError(t, err)
	require.Regexp(t, `(?s)^id +order-1\nevent +order\.placed\nsource +apk_1\ncreated .*\nreleased .*Z\ndata\n{\n  "id": 0,\n  "note": ".*"\n}\n\n`+
		`SUBSCRIBER +STATUS +GENERATION +UPDATED +ERROR\nshop +dead +1 +\S+  it answers 500.*\nlog +delivered +1 +\S+  -\n$`, out)

	out, _, err = l.run(t, "show", "flow-1")
	require.NoError(t, err)
	require.Regexp(t, `(?s)workflow +register/1\nidentity +authid_1\ncreated.*\nreleased +not yet\n.*There are no deliveries of it\.\n$`, out)
}

func TestEventPublish(t *testing.T) {
	t.Parallel()

	l := newLetters(t)

	out, _, err := l.run(t, "publish", "customer.deleted", "--payload", `{"id":"cus_1"}`)
	require.NoError(t, err)
	require.Regexp(t, `^Published customer\.deleted \(evt_[0-9A-Z]{26}\)\.\n$`, out)

	repeated := []string{"publish", "customer.deleted", "--id", "shop-1", "--payload", `{"id":"cus_1","n":1}`}
	out, _, err = l.run(t, repeated...)
	require.NoError(t, err)
	require.Equal(t, "Published customer.deleted (shop-1).\n", out)
	out, _, err = l.run(t, repeated...)
	require.NoError(t, err)
	require.Regexp(t, `^customer\.deleted \(shop-1\) was already published at \S+; nothing has changed\.\n$`, out)

	stored, err := l.Event(t.Context(), "shop-1")
	require.NoError(t, err)
	require.Equal(t, "cli", stored.Source)
	require.Equal(t, everlatch.Metadata{"id": "cus_1", "n": float64(1)}, stored.Data)
	require.NotNil(t, stored.ReleasedAt)
}

func TestEventRefuses(t *testing.T) {
	t.Parallel()

	l := newLetters(t)
	tests := map[string]struct {
		args []string
		want string
	}{
		"a status that is none":              {[]string{"list", "--status", "lost"}, `--status is "lost", and one of waiting, started, delivered, dead is expected`},
		"a source and a status":              {[]string{"list", "--status", "dead", "--source", "cli"}, "exclude each other"},
		"a limit of nothing":                 {[]string{"list", "--limit", "0"}, "--limit is 0, and at least 1 is expected"},
		"an argument to list":                {[]string{"list", "dead"}, "unknown command"},
		"show without an event":              {[]string{"show"}, "everlatch event show needs the id of an event and nothing else; see everlatch event show --help"},
		"show of an event there is not":      {[]string{"show", "nope"}, "Event with id: nope was not found"},
		"release of nothing":                 {[]string{"release"}, "everlatch event release needs either the id of an event or --all"},
		"release of an event and all":        {[]string{"release", "order-1", "--all"}, "needs either the id of an event or --all"},
		"release of two events":              {[]string{"release", "order-1", "order-2"}, "needs either the id of an event or --all"},
		"release of an event there is not":   {[]string{"release", "nope"}, "Event with id: nope was not found"},
		"release for an unknown subscriber":  {[]string{"release", "order-1", "--subscriber", "shpo"}, `order-1 has no subscriber "shpo"; it has shop, log`},
		"replay without an event":            {[]string{"replay"}, "everlatch event replay needs the id of an event"},
		"replay of an event there is not":    {[]string{"replay", "nope"}, "Event with id: nope was not found"},
		"replay for an unknown subscriber":   {[]string{"replay", "flow-1", "--subscriber", "shop"}, `flow-1 has no subscriber "shop": it has not been delivered yet`},
		"replay of what is not released":     {[]string{"replay", "flow-1"}, "flow-1 cannot be delivered yet: its workflow, register/1, has not succeeded"},
		"publish without a name":             {[]string{"publish"}, "everlatch event publish needs the name of an event"},
		"a name that is none":                {[]string{"publish", "Order placed"}, `"Order placed" is not the name of an event`},
		"an id that looks like one of ours":  {[]string{"publish", "x", "--id", "evt_1"}, `--id is "evt_1", and 1 to 128 letters, digits and . _ : - are expected, not beginning with evt_`},
		"an empty id":                        {[]string{"publish", "x", "--id", ""}, `--id is "", and 1 to 128`},
		"data that is no JSON":               {[]string{"publish", "x", "--payload", "{"}, "--payload is not a JSON object: "},
		"data that is no object":             {[]string{"publish", "x", "--payload", "[]"}, "--payload is not a JSON object: "},
		"data that is null":                  {[]string{"publish", "x", "--payload", "null"}, "--payload is not a JSON object: it is null"},
		"an id with other content than once": {[]string{"publish", "order.placed", "--id", "order-1"}, "another event has the id order-1 already; `everlatch event show order-1` shows it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			out, _, err := l.run(t, tt.args...)

			require.ErrorContains(t, err, tt.want)
			require.Empty(t, out)
		})
	}
}

func TestEventHelp(t *testing.T) {
	t.Parallel()

	for _, command := range [][]string{
		{"event"},
		{"event", "list"},
		{"event", "show"},
		{"event", "release"},
		{"event", "replay"},
		{"event", "publish"},
		{"schedule"},
		{"schedule", "list"},
		{"schedule", "pause"},
		{"schedule", "resume"},
		{"schedule", "trigger"},
		{"schedule", "backfill"},
	} {
		out, _, err := execute(t, nil, "", append(command, "--help")...)

		require.NoError(t, err)
		require.Contains(t, out, "Examples:\n  everlatch "+command[0], command)
	}
}
