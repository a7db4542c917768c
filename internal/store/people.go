package store

import (
	"regexp"
	"strings"
)

// recordID is what the ids of records look like: they are looked up, not searched for.
var recordID = regexp.MustCompile(`^[a-z]+_[0-9A-Za-z]{6,}$`)

// IsRecordID reports whether a search for people is for a record with this id.
func IsRecordID(q string) bool { return recordID.MatchString(q) }

// CustomersLike selects customers by their id, or by words in their address and names.
func CustomersLike(q string) CustomerFilter {
	if IsRecordID(q) {
		return CustomerFilter{ID: []TextTest{{Op: Is, Texts: []string{q}}}}
	}
	return CustomerFilter{Q: q}
}

// UsersLike selects administrators by their id, or by words in their address and names.
func UsersLike(q string, page Page) UserFilter {
	if IsRecordID(q) {
		return UserFilter{IDs: []string{q}, Page: page}
	}
	return UserFilter{Q: q, Page: page}
}

// IdentitiesLike selects identities by their own id, by that of an account, or by words in
// what they sign in with.
func IdentitiesLike(q string) IdentityFilter {
	switch {
	case strings.HasPrefix(q, "authid_"):
		return IdentityFilter{ID: []TextTest{{Op: Is, Texts: []string{q}}}}
	case IsRecordID(q):
		return IdentityFilter{IdentitySearch: IdentitySearch{ActorIDs: []string{q}}}
	}
	return IdentityFilter{IdentitySearch: IdentitySearch{Q: q}}
}
