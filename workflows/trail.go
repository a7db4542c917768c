package workflows

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// A long flow tells what has happened in it, in the current details of its execution:
// Temporal's UI shows them, and support reads them (flows.Client.Trail). They are computed
// by the query, also of a closed execution, and stored nowhere. They name no address.

// mostTold bounds how many lines an execution tells; the oldest go first.
const mostTold = 40

// ToldLayout begins each line of current details: the time of what it tells, in UTC.
const ToldLayout = "2006-01-02 15:04:05.000"

// tell adds a line to what an execution tells.
func (x *exchange) tell(ctx workflow.Context, text string) {
	x.told = append(x.told, "- "+workflow.Now(ctx).UTC().Format(ToldLayout)+" "+text)
	if len(x.told) > mostTold {
		x.told = x.told[len(x.told)-mostTold:]
	}
	x.show(ctx)
}

// show sets the current details: what has happened, and what is waited for.
func (x *exchange) show(ctx workflow.Context) {
	lines := x.told
	switch at := x.flow.deadline(); {
	case x.outcome != "":
		lines = append(slices.Clip(lines), "", toldEnded+inPlainWords(x.outcome)+".")
	case !at.IsZero():
		lines = append(slices.Clip(lines), "", toldWaits+clockTime(at)+".")
	}
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n"))
}

// inPlainWords writes an outcome as text: "signed in" for "signed_in".
func inPlainWords(outcome string) string { return strings.ReplaceAll(outcome, "_", " ") }

// handled says what each update is, in the words of support.
var handled = map[string]string{
	UpdateIssue:               "token for an administrator to hand over",
	UpdateComplete:            "link used with a new password",
	UpdateConsume:             "token used up by a program",
	UpdateConfirmRegistration: "link used with a password",
	UpdateBegin:               "sent to the provider",
	UpdateCallback:            "came back from the provider",
	UpdateAnswer:              "answered by the authenticator",
	UpdateSignInCode:          "code or link used",
	UpdateRequestCode:         "code asked for",
	UpdateConfirmCode:         "code entered",
	UpdateBeginChallenge:      "second factor asked for",
	UpdatePromptChallenge:     "second factor prompted",
	UpdateVerifyChallenge:     "second factor answered",
	UpdateRequestEmail:        "new e-mail asked for",
	UpdateConfirmEmail:        "new e-mail proved",
	UpdateUndoEmail:           "change undone",
	UpdateDisownSignIn:        "the owner said that it was not them",
	UpdateInvite:              "invite made",
	UpdateResend:              "invite sent again",
	UpdateRevoke:              "invite revoked",
	UpdateAccept:              "invite accepted",
	UpdateSchedule:            "removal asked for",
	UpdateCancel:              "kept: the removal was cancelled",
	UpdateEnrollFactor:        "enrollment asked for",
	UpdateConfirmFactor:       "first code entered",
}

// tellHandled tells of an update and how it was answered.
func (x *exchange) tellHandled(ctx workflow.Context, update string, answer any, err error) {
	text := handled[update]
	if text == "" {
		text = update
	}
	switch refusal := refusalOf(answer); {
	case err != nil:
		text += toldNotDone
	case refusal != nil && refusal.Reason != "":
		text += toldRefused + inPlainWords(string(refusal.Reason)) + ")"
	case refusal != nil:
		text += toldRefused + inPlainWords(string(refusal.Code)) + ")"
	}
	x.tell(ctx, text)
}

// refusalOf returns the field Refusal of an answer, nil for one that has none.
func refusalOf(answer any) *everlatch.Refusal {
	v := reflect.ValueOf(answer) //workflowcheck:ignore
	if v.Kind() != reflect.Struct {
		return nil
	}
	field := v.FieldByName("Refusal") //workflowcheck:ignore
	if !field.IsValid() {
		return nil
	}
	refusal, _ := reflect.TypeAssert[*everlatch.Refusal](field) //workflowcheck:ignore
	return refusal
}

// What a request has led to, by codes.
const (
	askedMailed     = "asked_mailed"
	askedUnknown    = "asked_unknown"
	askedAgain      = "asked_again"
	askedCodeMailed = "asked_code_mailed"
	askedNotAllowed = "asked_not_allowed"
	askedTaken      = "asked_taken"
)

var askedLines = map[string]string{
	askedMailed:     "a mail with a link was ordered",
	askedUnknown:    "no identity has the address, no mail",
	askedAgain:      "the earlier link stays good, no mail",
	askedCodeMailed: "a mail with a code and a link was ordered",
	askedNotAllowed: "the address may not sign in, no mail",
	askedTaken:      "the address has an account, which a mail tells its owner",
}

// mailedOr is the code of what a request has led to.
func mailedOr(mailed bool, yes, no string) string {
	if mailed {
		return yes
	}
	return no
}

// clockTime writes a time for operators, as workflows do: in UTC.
func clockTime(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }
