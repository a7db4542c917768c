package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/nexusauth"
)

// credentialsOperation is one that takes credentials.
type credentialsOperation = nexus.OperationReference[nexusauth.Sealed[nexusauth.Credentials], nexusauth.Authentication]

// door is where people come in. Their passwords go no further than here in clear.
type door struct {
	temporal client.Client
	sealer   *nexusauth.Sealer
}

type form struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

func (d *door) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /join", func(w http.ResponseWriter, r *http.Request) {
		f, credentials, err := d.read(w, r, nexusauth.Register)
		if err != nil {
			http.Error(w, "That is not a form of the club.", http.StatusBadRequest)
			return
		}
		var member Member
		d.answer(w, r, &member, Join, Application{Name: f.Name, Credentials: credentials})
	})
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		_, credentials, err := d.read(w, r, nexusauth.Authenticate)
		if err != nil {
			http.Error(w, "That is not a form of the club.", http.StatusBadRequest)
			return
		}
		var member string
		d.answer(w, r, &member, SignIn, credentials)
	})
	return mux
}

// read returns what was typed, with the credentials sealed for an operation.
func (d *door) read(
	w http.ResponseWriter, r *http.Request, operation credentialsOperation,
) (f form, sealed nexusauth.Sealed[nexusauth.Credentials], err error) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<14)).Decode(&f); err != nil {
		return f, sealed, err
	}
	sealed, err = nexusauth.Seal(d.sealer, operation, nexusauth.Credentials{
		ActorType: "member", Provider: "emailpass", Body: map[string]any{"email": f.Email, "password": f.Password},
	})
	return f, sealed, err
}

// answer runs a workflow and answers with its result, or with what was refused.
func (d *door) answer(w http.ResponseWriter, r *http.Request, out, flow, in any) {
	run, err := d.temporal.ExecuteWorkflow(r.Context(), client.StartWorkflowOptions{TaskQueue: queue}, flow, in)
	if err == nil {
		err = run.Get(r.Context(), out)
	}
	refused, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case ok && refused.NonRetryable():
		http.Error(w, refused.Message(), http.StatusUnprocessableEntity)
	case err != nil:
		http.Error(w, "Try again shortly.", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) //nolint:errchkjson // the client has gone
	}
}
