package everlatch

import "strings"

// ModuleEvents returns the names that Medusa's modules give to the event of a name
// (docs/contract.md#s7), nil for none. A subscriber may ask for them.
func ModuleEvents(name string) []string {
	kind, verb, _ := strings.Cut(name, ".")
	switch {
	case kind == "invite":
		return inviteEvents(name)
	case (kind == ActorCustomer || kind == ActorUser) && (verb == "created" || verb == "updated" || verb == "deleted"):
		return []string{kind + "." + name}
	}
	return nil
}

// EventInviteToken is the name that Medusa gives to a new token of an invite.
const EventInviteToken = "user.user.invite.token_generated"

func inviteEvents(name string) []string {
	const created, updated, deleted = "user.invite.created", "user.invite.updated", "user.invite.deleted"
	switch name {
	case EventInviteCreated:
		return []string{created, EventInviteToken}
	case EventInviteResent:
		return []string{updated, EventInviteToken}
	case EventInviteAccepted:
		return []string{updated}
	case EventInviteDeleted:
		return []string{deleted}
	}
	return nil
}
