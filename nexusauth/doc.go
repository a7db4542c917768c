// Package nexusauth is the contract of the Nexus service everlatch.auth: what a workflow
// in another namespace calls instead of HTTP. It has the names and types of the
// operations and seals their inputs. It imports neither the server nor its workflows.
//
// Everything that a workflow passes to an operation stays in the history of the caller.
// So an input is sealed before it enters the workflow, by the program that received it
// from a user or by an activity, to a public key that the service publishes:
//
//	keys, err := nexusauth.FetchKeys(ctx, nil, "https://auth.example.com")
//	sealer, err := nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: key})
//	sealed, err := nexusauth.Seal(sealer, nexusauth.Register, nexusauth.Credentials{
//		ActorType: "customer", Provider: "emailpass", Body: map[string]any{"email": email, "password": password},
//	})
//
// The workflow hands it to the operation, and gets ids back, no address and no token:
//
//	c := workflow.NewNexusClient(nexusauth.Endpoint, nexusauth.Service)
//	var registered nexusauth.Authentication
//	err := c.ExecuteOperation(ctx, nexusauth.Register, sealed, workflow.NexusOperationOptions{}).Get(ctx, &registered)
//	if e, ok := nexusauth.AsError(err); ok && e.Code == everlatch.CodeUnauthorized {
//
// A sealed input is good for one operation, until it expires. The same one again gets the
// first answer, so Temporal can repeat what it likes.
package nexusauth
