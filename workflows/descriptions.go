package workflows

import (
	"reflect"
	"runtime"
	"strings"
	"unicode"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Description is what Temporal's UI shows of an execution beside its history. Summary
// and Details are sealed like every payload; the search attributes are not.
type Description struct {
	// Summary is one line, and Details say what the flow promises.
	Summary, Details string
	Attributes       temporal.SearchAttributes
}

// Describe describes an execution of one of our workflows, given as its function or
// its name, with this argument. What more is known about it completes the argument.
// The description of any other workflow is empty.
func Describe(workflow, input any, more About) Description {
	name, ok := workflow.(string)
	if !ok {
		name = functionName(workflow)
	}
	told, ours := descriptions[name]
	if !ours {
		return Description{}
	}
	whom := about(name, input).with(more)
	if in, delivers := input.(DeliverEventInput); delivers {
		told.title += " to " + in.Subscriber
	}
	searched := whom
	if name == SignIn {
		searched = whom.least()
	}
	return Description{
		Summary: told.title + whom.sentence(), Details: told.details,
		Attributes: temporal.NewSearchAttributes(searched.attributes()...),
	}
}

// Title is what a workflow is called, its name for one that is not ours.
func Title(workflow string) string {
	if told, ours := descriptions[workflow]; ours {
		return told.title
	}
	return workflow
}

// sentence ends a title: " for customer with emailpass".
func (a About) sentence() string {
	out := ""
	if a.ActorType != "" {
		out += " for " + a.ActorType
	}
	if a.Provider != "" {
		out += " with " + a.Provider
	}
	return out
}

// functionName is the name under which a workflow or an activity is registered.
func functionName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() //workflowcheck:ignore
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "-fm")
}

// inWords is what a step is called in Temporal's UI: "Check credentials" for
// CheckCredentials.
func inWords(activity any) string {
	var out strings.Builder
	for i, r := range functionName(activity) {
		if i > 0 && unicode.IsUpper(r) {
			out.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		out.WriteRune(r)
	}
	return out.String()
}

// describedChild gives a child its description, and the search attributes where its
// parent has some, see [isSearchable].
func describedChild(ctx workflow.Context, o workflow.ChildWorkflowOptions, child, input any) workflow.Context {
	d := Describe(child, input, About{})
	o.StaticSummary, o.StaticDetails = d.Summary, d.Details
	if isSearchable(ctx) {
		o.TypedSearchAttributes = d.Attributes
	}
	return workflow.WithChildOptions(ctx, o)
}

// description is what is the same for all executions of a workflow.
type description struct{ title, details string }

var descriptions = map[string]description{
	"Authenticate":           {"Sign-in", "Checks what the user typed, once."},
	"Register":               {"Registration", "Creates an identity, and its account where one was asked for: all of it, or nothing."},
	"ConfirmedRegistration":  {"Registration by mail", "Mails a link that registers the address, and waits for it. An address that is known gets another mail."},
	"SocialLogin":            {"Social login", "Sends the browser to the provider and waits for its return. The state is good for one answer."},
	"PasskeySignIn":          {"Passkey sign-in", "Waits for the answer of the authenticator."},
	"PasskeyRegistration":    {"Passkey registration", "Waits for the new passkey and stores it."},
	"EmailSignIn":            {"Sign-in by mail", "Mails a code and a link, and waits for one of them. A newer request replaces the code."},
	"PasswordReset":          {"Password reset", "Mails links and waits for one to be used. Unknown addresses get the same answer and no mail."},
	"UpdateProvider":         {"New credential", "Replaces the credential of an identity and ends its sessions and tokens."},
	"Verification":           {"Verification of an address", "Mails a code and waits for it. A newer request replaces the code."},
	"MFAChallenge":           {"Second factor", "Waits for the answer to a second factor and counts wrong ones."},
	"EmailChange":            {"Change of e-mail", "Waits until the new address is proved, and then as long as the change can be undone."},
	"SignInNotice":           {"Notice of a new device", "Tells the owner of a sign-in from a new device, and waits for \"that was not me\"."},
	"Invitation":             {"Invite", "Mails an invite and waits until it is accepted, revoked or expired."},
	"FactorEnrollment":       {"Enrollment of a second factor", "Waits for the first code of a second factor, which enables it."},
	"RemoveFactor":           {"Removal of a second factor", "Disables a second factor."},
	"GenerateRecoveryCodes":  {"New recovery codes", "Replaces the recovery codes of an identity."},
	"DisableIdentity":        {"Identity disabled", "An administrator disables an identity; its sessions and tokens end."},
	"EnableIdentity":         {"Identity enabled", "An administrator enables a disabled identity."},
	"EndIdentitySessions":    {"All sessions ended", "An administrator ends all sessions and tokens of an identity."},
	"EndIdentitySession":     {"Session ended", "Ends one sign-in of an identity with its tokens."},
	"DeleteUnlinkedIdentity": {"Removal of an unlinked identity", "An administrator removes an identity that has no account."},
	"LinkIdentity":           {"New sign-in method", "Adds a sign-in method to an identity."},
	"UnlinkIdentity":         {"Removal of a sign-in method", "Removes a sign-in method; the tokens of the identity end."},
	"DeleteAuthIdentity":     {"Removal of an identity", "Removes an identity and everything that was issued to it."},
	"SetAuthAppMetadata":     {"Link to an actor", "Links an identity to an actor, or unlinks it."},
	"CreateCustomerAccount":  {"New account", "Gives an identity a customer, or leaves everything as it was."},
	"CreateUserAccount":      {"New account", "Creates an administrator, with an identity where one was asked for: all of it, or nothing."},
	"CreateActorAccount":     {"New account", "Gives an identity an actor, or leaves everything as it was."},
	"UpdateActor":            {"Change of an account", "Changes the record of an actor."},
	"RemoveCustomerAccount":  {"Account removal", "Removes a customer with the identities that serve no other account, or leaves everything as it was. Erasers follow."},
	"RemoveUserAccount":      {"Account removal", "Removes an administrator with the identities that serve no other account, or leaves everything as it was. Erasers follow."},
	"RemoveActorAccount":     {"Account removal", "Removes an actor with the identities that serve no other account, or leaves everything as it was. Erasers follow."},
	"AccountDeletion":        {"Scheduled account removal", "Waits until the account is due for removal. A sign-in keeps the account."},
	"EraseAccount":           {"Erasure of an account", "Asks every eraser to delete what it keeps about the person, and ends with a receipt."},
	"DeliverEvent":           {"Event delivery", "Tells one subscriber about one event, and tries again until it has the event or time is up."},
	"CleanUp":                {"Clean-up", "Deletes expired sessions and sealed values."},
	"RemoveOrphans":          {"Removal of orphans", "Removes identities that never got an account."},
	"TendEvents":             {"Care of events", "Restarts lost deliveries and deletes old events."},
	"TendDeletions":          {"Care of removals", "Restarts lost removals, and permanently deletes what is past its retention."},
	"Import":                 {"Import of records", "Imports what an operator has staged, a batch at a time, and ends with a count."},
	"Reseal":                 {"Sealing again", "Seals with the current keys what previous ones have sealed, a batch at a time."},
	"ReportDeadLetters":      {"Report of dead letters", "Mails the operator which deliveries were given up."},
}
