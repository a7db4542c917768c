package workflows

// Catalog are the flows that schedules and events may start by name, besides
// custom ones. The others belong to a request and make no sense without one.
func Catalog() map[string]any {
	return map[string]any{
		"RemoveCustomerAccount": RemoveCustomerAccount,
		"RemoveUserAccount":     RemoveUserAccount,
		"RemoveActorAccount":    RemoveActorAccount,
		"SetAuthAppMetadata":    SetAuthAppMetadata,
		"DeleteAuthIdentity":    DeleteAuthIdentity,
		"CleanUp":               CleanUp,
		"RemoveOrphans":         RemoveOrphans,
		"TendEvents":            TendEvents,
		"ReportDeadLetters":     ReportDeadLetters,
		"TendDeletions":         TendDeletions,
		"Reseal":                Reseal,
	}
}
