package workflows

import (
	"cmp"
	"reflect"

	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
)

// About says whom an execution is about, in what its search attributes and its
// description tell: ids and hashes, never an address.
type About struct {
	ActorType, Provider string
	IdentityID, ActorID string
	// Subject is a keyed hash of the address that was asked for.
	Subject string
	// RequestID is that of the HTTP request.
	RequestID string
}

// attributes are those that are known. Empty values are left out, so that a later
// attribute takes none away.
func (a About) attributes() []temporal.SearchAttributeUpdate {
	var out []temporal.SearchAttributeUpdate
	for _, v := range []struct {
		key   temporal.SearchAttributeKeyKeyword
		value string
	}{
		{AttributeActorType, a.ActorType},
		{AttributeProvider, a.Provider},
		{AttributeIdentityID, a.IdentityID},
		{AttributeActorID, a.ActorID},
		{AttributeSubject, a.Subject},
		{AttributeRequestID, a.RequestID},
	} {
		if v.value != "" {
			out = append(out, v.key.ValueSet(v.value))
		}
	}
	return out
}

// least is as much of it as every sign-in starts with. Each attribute costs Temporal
// more than the rest of its description; a refusal adds the others.
func (a About) least() About {
	if a.Subject != "" {
		return About{Subject: a.Subject}
	}
	return About{ActorType: a.ActorType}
}

// with returns a, completed by what another one knows better.
func (a About) with(other About) About {
	for _, field := range []struct{ mine, theirs *string }{
		{&a.ActorType, &other.ActorType},
		{&a.Provider, &other.Provider},
		{&a.IdentityID, &other.IdentityID},
		{&a.ActorID, &other.ActorID},
		{&a.Subject, &other.Subject},
		{&a.RequestID, &other.RequestID},
	} {
		if *field.theirs != "" {
			*field.mine = *field.theirs
		}
	}
	return a
}

// about reads the argument of a workflow. Most say by the names of their fields whom they
// are about.
func about(workflow string, input any) About {
	switch in := input.(type) {
	case SocialLoginInput: // its IdentityID is for an identity that may not be created
		return About{ActorType: in.ActorType, Provider: in.Provider, IdentityID: in.LinkTo}
	case UpdateProviderInput:
		return About{ActorType: in.ActorType, Provider: in.Provider, IdentityID: in.Credential.AuthIdentityID}
	case SignInNoticeInput:
		return aboutFields(in.SignIn)
	case CreateCustomerAccountInput:
		return About{ActorType: everlatch.ActorCustomer, ActorID: in.Customer.ID, IdentityID: in.AuthIdentityID}
	case CreateUserAccountInput:
		return About{ActorType: everlatch.ActorUser, ActorID: in.User.ID, IdentityID: in.AuthIdentityID}
	case CreateActorAccountInput:
		return About{ActorType: in.Actor.ActorType, ActorID: in.Actor.ID, IdentityID: in.AuthIdentityID}
	case RemoveAccountInput:
		actorType := everlatch.ActorCustomer
		if workflow == "RemoveUserAccount" {
			actorType = everlatch.ActorUser
		}
		return About{ActorType: actorType, ActorID: in.ActorID}
	case AccountDeletionInput:
		return About{ActorType: everlatch.ActorCustomer, ActorID: in.CustomerID}
	case EraseAccountInput:
		return About{ActorType: in.Erasure.ActorType, ActorID: in.Erasure.ActorID}
	case EmailChangeInput:
		return aboutFields(in.Actor)
	case InvitationInput:
		return About{ActorType: everlatch.ActorUser}
	default:
		return aboutFields(input)
	}
}

func aboutFields(input any) About {
	v := reflect.ValueOf(input) //workflowcheck:ignore
	if v.Kind() != reflect.Struct {
		return About{}
	}
	text := func(name string) string {
		field := v.FieldByName(name) //workflowcheck:ignore
		if field.IsValid() && field.Kind() == reflect.String {
			return field.String() //workflowcheck:ignore
		}
		return ""
	}
	return About{
		ActorType: text("ActorType"), Provider: text("Provider"), ActorID: text("ActorID"),
		IdentityID: cmp.Or(text("AuthIdentityID"), text("IdentityID")),
	}
}
