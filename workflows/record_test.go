//go:build record

package workflows_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordHistories performs flows on the Temporal server at TEMPORAL_ADDRESS,
// or on one of its own, and keeps histories that are not kept yet (make history).
// Payloads are in clear: they hold test data only, and a reader shall see them.
func TestRecordHistories(t *testing.T) {
	r := newRecorder(t)
	h := r.house

	reg := func(id, mail, pass string) workflows.RegisterInput {
		return workflows.RegisterInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, mail, pass),
			IdentityID: id, ProviderIdentityID: "pi_" + id,
		}
	}
	auth := func(mail, pass string) workflows.AuthenticateInput {
		return workflows.AuthenticateInput{ActorType: "customer", Provider: "emailpass", Request: h.seal(t, mail, pass)}
	}
	cust := func(identity, id, mail string) workflows.CreateCustomerAccountInput {
		return workflows.CreateCustomerAccountInput{AuthIdentityID: identity, Customer: everlatch.Customer{
			ID: id, Email: new(mail), HasAccount: true, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now(),
		}}
	}
	user := func(identity, id, mail, pass string) workflows.CreateUserAccountInput {
		return workflows.CreateUserAccountInput{
			AuthIdentityID: identity,
			Registration: &workflows.Registration{
				Provider: "emailpass", Request: h.seal(t, mail, pass), ProviderIdentityID: "pi_" + identity,
			},
			User: everlatch.User{ID: id, Email: mail, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now()},
		}
	}
	signUp := func(identity, customer, mail string, login ...string) workflows.RegisterInput {
		in := reg(identity, append(login, mail)[0], password)
		in.Customer = new(cust(identity, customer, mail).Customer)
		return in
	}
	meta := func(identity string, actor *string) workflows.SetAuthAppMetadataInput {
		return workflows.SetAuthAppMetadataInput{AuthIdentityID: identity, ActorType: "vendor", ActorID: actor}
	}
	forGood := func(activities ...string) { h.faults.set(fault{activities: activities, times: -1}) }
	heal := func() { h.faults.set() }

	r.keep(t, "Register/created", workflows.Register, reg("authid_1", email, password))
	r.keep(t, "Register/repeated", workflows.Register, reg("authid_2", email, password))
	r.keep(t, "Register/refused", workflows.Register, reg("authid_2", email, "another password"))
	r.keep(t, "Authenticate/signed_in", workflows.Authenticate, auth(email, password))
	r.keep(t, "Authenticate/refused", workflows.Authenticate, auth(email, "wrong password"))
	r.keep(t, "CreateCustomerAccount/not_own_email", workflows.CreateCustomerAccount, cust("authid_1", "cus_1", "b@example.com"))
	h.acts.Accounts.AnyEmail = true // for what the others are about
	r.keep(t, "CreateCustomerAccount/created", workflows.CreateCustomerAccount, cust("authid_1", "cus_1", email))
	r.keep(t, "CreateCustomerAccount/address_taken", workflows.CreateCustomerAccount, cust("authid_1", "cus_2", email))
	r.keep(t, "CreateCustomerAccount/identity_linked", workflows.CreateCustomerAccount, cust("authid_1", "cus_2", "b@example.com"))
	r.keep(t, "CreateUserAccount/created", workflows.CreateUserAccount, user("authid_u", "user_1", "root@example.com", password))
	r.keep(t, "CreateUserAccount/registration_refused", workflows.CreateUserAccount, user("authid_v", "user_2", "root@example.com", "other password"))
	r.keep(t, "SetAuthAppMetadata/linked", workflows.SetAuthAppMetadata, meta("authid_1", new("vendor_1")))
	r.keep(t, "SetAuthAppMetadata/refused", workflows.SetAuthAppMetadata, meta("authid_1", new("vendor_2")))
	r.keep(t, "SetAuthAppMetadata/unlinked", workflows.SetAuthAppMetadata, meta("authid_1", nil))
	require.NoError(t, linkVendor(t, h, "authid_u"))
	r.keep(t, "RemoveUserAccount/shared", workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_1"})
	r.keep(t, "RemoveCustomerAccount/removed", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})
	r.keep(t, "RemoveCustomerAccount/unknown", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_nope"})
	r.keep(t, "Register/created_again", workflows.Register, reg("authid_3", email, password))
	r.keep(t, "DeleteAuthIdentity/deleted", workflows.DeleteAuthIdentity, workflows.DeleteAuthIdentityInput{AuthIdentityID: "authid_3"})
	r.keep(t, "Register/signed_up", workflows.Register, signUp("authid_s", "cus_s", "s@example.com"))
	manager := reg("authid_m", "m@example.com", password)
	manager.ActorType = "manager"
	manager.Actor = &everlatch.ActorRecord{ID: "mana_s", ActorType: "manager", Data: everlatch.Metadata{"email": "m@example.com"}}
	r.keep(t, "Register/manager_signed_up", workflows.Register, manager)
	r.keep(t, "Register/account_refused", workflows.Register, signUp("authid_s2", "cus_s2", "s@example.com", "s2@example.com"))
	r.resets(t)
	r.social(t)
	r.emails(t)
	r.notices(t)
	r.control(t)
	r.invitations(t)
	r.actors(t)
	r.deliveries(t)
	r.keep(t, "TendEvents/nothing", workflows.TendEvents, workflows.TendEventsInput{Retention: 720 * time.Hour, LostAfter: 73 * time.Hour})
	r.keep(t, "ReportDeadLetters/reported", workflows.ReportDeadLetters, workflows.ReportDeadLettersInput{To: "ops@example.com", Every: 24 * time.Hour})
	r.keep(t, "CleanUp/nothing", workflows.CleanUp)
	r.keep(t, "RemoveOrphans/nothing", workflows.RemoveOrphans, workflows.RemoveOrphansInput{Grace: 72 * time.Hour})

	// The broken ones take a minute each: all retries of a step must pass.
	forGood("CheckCredentials")
	r.keepSlow(t, "Authenticate/broken", workflows.Authenticate, auth(email, password))
	forGood("RegisterIdentity")
	r.keepSlow(t, "Register/undone", workflows.Register, reg("authid_4", email, password))
	forGood("LinkCredential")
	r.keepSlow(t, "LinkIdentity/undone", workflows.LinkIdentity, workflows.LinkIdentityInput{
		AuthIdentityID: "authid_own", ActorType: "customer", Provider: "emailpass", Request: h.seal(t, "own@example.com", password),
		ProviderIdentityID: "pi_own3", EventID: "evt_own3",
	})
	forGood("LinkActor")
	r.keepSlow(t, "Register/account_undone", workflows.Register, signUp("authid_s3", "cus_s3", "s3@example.com"))
	r.keepSlow(t, "CreateCustomerAccount/undone", workflows.CreateCustomerAccount, cust("authid_1", "cus_4", "c@example.com"))
	heal()
}

// newRecorder starts a worker for a house of its own.
func newRecorder(t *testing.T, activities ...any) *recorder {
	t.Helper()
	if address := os.Getenv("TEMPORAL_ADDRESS"); address != "" {
		return newRecorderAt(t, address, activities...)
	}
	return newRecorderOn(t, embedded.Options{}, activities...)
}

// newRecorderOn starts a server of its own.
func newRecorderOn(t *testing.T, o embedded.Options, activities ...any) *recorder {
	t.Helper()
	server, err := embedded.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	return newRecorderAt(t, server.Address(), activities...)
}

func newRecorderAt(t *testing.T, address string, activities ...any) *recorder {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r := &recorder{client: c, house: newHouse(t), queue: "record-" + time.Now().Format("150405.000")}
	// What leaves the machine while a caller waits runs on the slow queue: hooks, social login.
	for _, queue := range []string{r.queue, workflows.SlowQueue(r.queue)} {
		r.work(t, queue, activities...)
	}
	return r
}

type recorder struct {
	client client.Client
	house  *house
	queue  string
}

// work starts a worker for one queue.
func (r *recorder) work(t *testing.T, queue string, activities ...any) {
	t.Helper()
	w := sdkworker.New(r.client, queue, sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{
		temporalkit.NewInterceptor(slog.New(slog.NewTextHandler(io.Discard, nil))), r.house.faults,
	}})
	worker.Register(w, r.house.acts)
	for _, custom := range customWorkflows() {
		w.RegisterWorkflow(custom)
	}
	for _, custom := range activities {
		if add, ok := custom.(func(sdkworker.Registry)); ok {
			add(w)
			continue
		}
		w.RegisterActivity(custom)
	}
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func (r *recorder) keep(t *testing.T, name string, workflow any, in ...any) {
	t.Helper()
	run := r.start(t, name, workflow, in...)
	if err := run.Get(t.Context(), nil); err != nil {
		t.Logf("%s ends in %v", name, err)
	}
	r.write(t, name, run)
}

// keepSlow is keep for a recording that takes a minute and that no other one needs: one
// that is kept already is not performed again.
func (r *recorder) keepSlow(t *testing.T, name string, workflow any, in ...any) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(histories, name+".json")); err == nil {
		t.Logf("%s is kept already", name)
		return
	}
	r.keep(t, name, workflow, in...)
}

func (r *recorder) start(t *testing.T, name string, workflow any, in ...any) client.WorkflowRun {
	t.Helper()
	run, err := r.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: r.id(name, in...), TaskQueue: r.queue,
	}, workflow, in...)
	require.NoError(t, err)
	return run
}

// id is the workflow id of a recording. A removal has the one of its account, or
// a child would do the work.
func (r *recorder) id(name string, in ...any) string {
	if len(in) == 1 {
		switch removal := in[0].(type) {
		case workflows.RemoveAccountInput:
			actorType := everlatch.ActorCustomer
			if strings.HasPrefix(name, "RemoveUser") {
				actorType = everlatch.ActorUser
			}
			return workflows.RemovalID(actorType, removal.ActorID)
		case everlatch.ActorRef:
			return workflows.RemovalID(removal.ActorType, removal.ActorID)
		}
	}
	return "record/" + name + "/" + r.queue
}

func (r *recorder) write(t *testing.T, name string, run client.WorkflowRun) {
	t.Helper()
	path := filepath.Join(histories, name+".json")
	if _, err := os.Stat(path); err == nil {
		t.Logf("%s is kept already", name)
		return
	}
	var events historypb.History
	it := r.client.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		event, err := it.Next()
		require.NoError(t, err)
		events.Events = append(events.Events, event)
	}
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(&events)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, append(raw, '\n'), 0o600))
}

func linkVendor(t *testing.T, h *house, identity string) error {
	t.Helper()
	_, err := perform[workflows.Outcome](t, h, "set-auth-app-metadata/"+identity, workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: identity, ActorType: "vendor", ActorID: new("vendor_9")})
	return err
}
