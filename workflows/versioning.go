package workflows

import "go.temporal.io/sdk/workflow"

// waits are the flows that wait: for an answer, for a mail to arrive, for the time of a
// schedule. They outlive the version of the program that started them.
var waits = map[string]bool{
	"AccountDeletion":       true,
	"CleanUp":               true,
	"ConfirmedRegistration": true,
	"DeliverEvent":          true,
	"EmailChange":           true,
	"EmailSignIn":           true,
	"EraseAccount":          true,
	"FactorEnrollment":      true,
	"Import":                true,
	"Invitation":            true,
	"MFAChallenge":          true,
	"PasskeyRegistration":   true,
	"PasskeySignIn":         true,
	"PasswordReset":         true,
	"RemoveOrphans":         true,
	"ReportDeadLetters":     true,
	"Reseal":                true,
	"SignInNotice":          true,
	"SocialLogin":           true,
	"TendDeletions":         true,
	"TendEvents":            true,
	"Verification":          true,
}

// Versioning is what becomes of an execution of one of our workflows, given as its
// function or its name, when workers are versioned and another version becomes current.
// Short flows are pinned: they end on the version that has begun them. Those that wait
// are upgraded with their next task, and so are workflows that are not ours.
func Versioning(w any) workflow.VersioningBehavior {
	name, ok := w.(string)
	if !ok {
		name = functionName(w)
	}
	if _, ours := descriptions[name]; ours && !waits[name] {
		return workflow.VersioningBehaviorPinned
	}
	return workflow.VersioningBehaviorAutoUpgrade
}
