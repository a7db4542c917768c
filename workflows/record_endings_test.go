//go:build record

package workflows_test

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/workflows"
)

// errRefusedStep ends the attempts of a step at once; an outage would take a minute.
var errRefusedStep = &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not now."}

// endings is a recorder of flows that take no updates.
type endings struct {
	*recorder

	t *testing.T
}

// cancelled keeps a flow that an operator cancels during the first attempt of a step.
func (e *endings) cancelled(step string, workflow any, in ...any) {
	name := flowName(workflow) + "/cancelled_during_" + step
	id := e.id(name, in...)
	e.house.faults.set(fault{activities: []string{step}, meanwhile: func() {
		require.NoError(e.t, e.client.CancelWorkflow(e.t.Context(), id, ""))
	}})
	e.keep(e.t, name, workflow, in...)
	require.Positive(e.t, e.house.faults.called(step), "%s has the step", name)
	e.house.faults.set()
}

// failed keeps a flow that gives up because of a step.
func (e *endings) failed(step string, workflow any, in ...any) {
	e.house.faults.set(fault{activities: []string{step}, times: -1, err: errRefusedStep})
	e.keep(e.t, flowName(workflow)+"/failed", workflow, in...)
	e.house.faults.set()
}

// TestRecordEndings keeps what the other recordings leave out: of each flow that takes
// no updates one that is cancelled, and one that fails or is refused.
func TestRecordEndings(t *testing.T) {
	e := &endings{recorder: newRecorder(t, &desk{rows: map[string]string{}}), t: t}
	h := e.house
	h.acts.Accounts.AnyEmail = true
	e.signIns()
	e.accounts()
	e.identities()

	require.NoError(t, h.subscribers.Add(subscribers.Subscription{Name: "hook", Events: []string{"*"}, Subscriber: &listener{
		err: func(time.Time) error { return nil },
	}}))
	_, _, err := h.store.PublishEvent(t.Context(), everlatch.Event{ID: "e1", Name: "test.happened"})
	require.NoError(t, err)
	_, err = h.store.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "hook"}} })
	require.NoError(t, err)
	delivery := workflows.DeliverEventInput{Retry: patience}
	delivery.EventID, delivery.Subscriber, delivery.Generation = "e1", "hook", 1
	e.cancelled("Deliver", workflows.DeliverEvent, delivery)
	h.stageImport(t, "import_1", 10)
	e.cancelled("ImportBatch", workflows.Import, workflows.ImportInput{ImportID: "import_1"})

	e.jobs()
}

func (e *endings) signIns() {
	t, h := e.t, e.house
	register := func(id, mail string) workflows.RegisterInput {
		return workflows.RegisterInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, mail, password), IdentityID: id, ProviderIdentityID: "pi_" + id,
		}
	}
	signIn := func(pass string) workflows.AuthenticateInput {
		return workflows.AuthenticateInput{ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, pass)}
	}
	e.cancelled("RegisterIdentity", workflows.Register, register("authid_1", email))
	e.keep(t, "Register/created_after_a_cancellation", workflows.Register, register("authid_1", email))
	e.cancelled("CheckCredentials", workflows.Authenticate, signIn(password))

	e.cancelled("PutCourier", signUpCourier, signUpInput{ID: "cour_1", Request: h.seal(t, "c@example.com", password)})
	e.keep(t, "signUpByChild/hired", signUpByChild, register("authid_2", "d@example.com"))
	e.cancelled("AnnounceCourier", signUpByChild, register("authid_3", "e@example.com"))
	e.failed("AnnounceCourier", signUpByChild, register("authid_4", "f@example.com"))
	e.keep(t, "signInTwice/signed_in", signInTwice, signIn(password))
	e.keep(t, "signInTwice/refused", signInTwice, signIn("wrong password"))
	e.cancelled("CheckCredentials", signInTwice, signIn(password))
}

func (e *endings) accounts() {
	t, h := e.t, e.house
	now := h.clock.Now()
	h.identity(t, "authid_a")
	customer := workflows.CreateCustomerAccountInput{AuthIdentityID: "authid_a", Customer: everlatch.Customer{
		ID: "cus_a", Email: new("a@example.com"), HasAccount: true, CreatedAt: now, UpdatedAt: now,
	}}
	e.cancelled("CreateCustomer", workflows.CreateCustomerAccount, customer)
	e.keep(t, "CreateCustomerAccount/created_after_a_cancellation", workflows.CreateCustomerAccount, customer)
	e.cancelled("RemoveCustomer", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_a"})
	e.cancelled("ListErasers", workflows.EraseAccount, workflows.EraseAccountInput{Erasure: everlatch.Erasure{
		ActorType: "customer", ActorID: "cus_erased", AuthIdentityIDs: []string{"authid_none"}, RemovedAt: now,
	}})

	user := func(id, mail string) workflows.CreateUserAccountInput {
		return workflows.CreateUserAccountInput{
			AuthIdentityID: "authid_" + id,
			Registration: &workflows.Registration{
				Provider: "emailpass", Request: h.seal(t, mail, password), ProviderIdentityID: "pi_authid_" + id,
			},
			User: everlatch.User{ID: id, Email: mail, CreatedAt: now, UpdatedAt: now},
		}
	}
	e.cancelled("CreateUser", workflows.CreateUserAccount, user("user_1", "root@example.com"))
	e.failed("CreateUser", workflows.CreateUserAccount, user("user_2", "second@example.com"))
	e.keep(t, "CreateUserAccount/created_after_a_failure", workflows.CreateUserAccount, user("user_3", "third@example.com"))
	e.failed("FindIdentities", workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_3"})
	e.cancelled("RemoveUser", workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_3"})

	h.identity(t, "authid_m")
	manager := workflows.CreateActorAccountInput{
		AuthIdentityID: "authid_m", Fingerprint: "f",
		Actor: everlatch.ActorRecord{ID: "mana_1", ActorType: "manager", Data: everlatch.Metadata{"email": "m@example.com", "name": "Ada"}},
	}
	e.cancelled("CreateActor", workflows.CreateActorAccount, manager)
	e.keep(t, "CreateActorAccount/created_after_a_cancellation", workflows.CreateActorAccount, manager)
	e.cancelled("UpdateActor", workflows.UpdateActor, workflows.UpdateActorInput{
		ActorType: "manager", ActorID: "mana_1", Change: everlatch.Metadata{"name": "Grace"},
	})
	e.cancelled("RemoveActor", workflows.RemoveActorAccount, everlatch.ActorRef{ActorType: "manager", ActorID: "mana_1"})
}

func (e *endings) identities() {
	t, h := e.t, e.house
	in := func(identity, event string) workflows.ControlIdentityInput {
		return workflows.ControlIdentityInput{
			AuthIdentityID: identity, By: everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, Reason: "stolen", EventID: event,
		}
	}
	session := func(identity, event string) workflows.EndIdentitySessionInput {
		return workflows.EndIdentitySessionInput{
			ControlIdentityInput: in(identity, event),
			SignIn:               workflows.NoticedSignIn{ID: "s_c", AuthIdentityID: identity, ActorType: "customer"}, Until: h.clock.Now().Add(time.Hour),
		}
	}
	h.known(t, "authid_c", "emailpass", "controlled@example.com", "controlled@example.com")
	e.cancelled("EndSession", workflows.EndIdentitySession, session("authid_c", "evt_c1"))
	e.failed("EndSession", workflows.EndIdentitySession, session("authid_c", "evt_c2"))
	for step, workflow := range map[string]any{
		"EndSessions": workflows.EndIdentitySessions, "DisableIdentity": workflows.DisableIdentity, "EnableIdentity": workflows.EnableIdentity,
	} {
		e.cancelled(step, workflow, in("authid_c", "evt_cancelled_"+step))
		e.failed(step, workflow, in("authid_c", "evt_failed_"+step))
	}

	h.identity(t, "authid_v")
	vendor := workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_v", ActorType: "vendor", ActorID: new("vendor_1")}
	e.cancelled("FindLink", workflows.SetAuthAppMetadata, vendor)
	e.cancelled("RemoveIdentity", workflows.DeleteAuthIdentity, workflows.DeleteAuthIdentityInput{AuthIdentityID: "authid_v"})
	e.failed("RemoveIdentity", workflows.DeleteAuthIdentity, workflows.DeleteAuthIdentityInput{AuthIdentityID: "authid_c"})

	h.known(t, "authid_l", "club", "1", "l@example.com")
	link := workflows.LinkIdentityInput{
		AuthIdentityID: "authid_l", ActorType: "customer", Provider: "emailpass", Request: h.seal(t, "l@example.com", password),
		ProviderIdentityID: "pi_l", EventID: "evt_l1",
	}
	e.cancelled("LinkCredential", workflows.LinkIdentity, link)
	link.EventID, link.Request = "evt_l2", h.seal(t, "l@example.com", password)
	e.keep(t, "LinkIdentity/linked_after_a_cancellation", workflows.LinkIdentity, link)
	identity, err := h.store.Identity(t.Context(), "authid_l")
	require.NoError(t, err)
	for _, credential := range identity.Providers {
		if credential.Provider != "emailpass" {
			continue
		}
		e.cancelled("ChangePassword", workflows.UpdateProvider, workflows.UpdateProviderInput{
			Provider: "emailpass", Credential: credential, Version: identity.CredentialVersion, ActorType: "customer",
			Request: h.seal(t, "l@example.com", newPassword), EventID: "evt_l3",
		})
	}
	e.cancelled("GenerateRecoveryCodes", workflows.GenerateRecoveryCodes, workflows.GenerateRecoveryCodesInput{
		AuthIdentityID: "authid_l", ActorType: "customer", Count: 2, Codes: h.vault.NewRef(), TTL: time.Hour, EventID: "evt_codes",
	})
	e.cancelled("RemoveFactor", workflows.RemoveFactor, workflows.RemoveFactorInput{
		AuthIdentityID: "authid_l", FactorID: "authmfa_none", ActorType: "customer", EventID: "evt_removal", AnswerID: "evt_answer",
	})
	e.cancelled("DeleteUnlinked", workflows.DeleteUnlinkedIdentity, in("authid_l", "evt_l5"))

	e.cancelled("AnnounceSignIn", workflows.SignInNotice, workflows.SignInNoticeInput{
		SignIn: workflows.NoticedSignIn{ID: "s_1", AuthIdentityID: "authid_c", Provider: "emailpass", ActorType: "customer", Device: "Firefox"},
		Until:  h.clock.Now().Add(30 * day),
		Grant:  workflows.LinkGrant{TokenID: "good", EventID: "evt_noticed", Token: h.vault.NewRef(), TTL: time.Hour},
	})
}

// jobs are what schedules start.
func (e *endings) jobs() {
	for step, job := range map[string]struct {
		workflow any
		in       []any
	}{
		"SweepExpired":      {workflows.CleanUp, nil},
		"RemoveOrphans":     {workflows.RemoveOrphans, []any{workflows.RemoveOrphansInput{Grace: 72 * time.Hour}}},
		"RestartLost":       {workflows.TendEvents, []any{workflows.TendEventsInput{Retention: 720 * time.Hour, LostAfter: 73 * time.Hour}}},
		"ReportDeadLetters": {workflows.ReportDeadLetters, []any{workflows.ReportDeadLettersInput{To: "ops@example.com", Every: 24 * time.Hour}}},
		"FindOverdue":       {workflows.TendDeletions, []any{workflows.TendDeletionsInput{Retention: 720 * time.Hour}}},
	} {
		e.cancelled(step, job.workflow, job.in...)
		e.failed(step, job.workflow, job.in...)
	}
}

// flowName is the name of a workflow, which is that of its function.
func flowName(workflow any) string {
	name := runtime.FuncForPC(reflect.ValueOf(workflow).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}
