package temporalkit

import "strings"

// Two installations may share a namespace, so ids that both would choose end with
// the installation (store.Installation). It is "" where there is only one, as in tests.

// OwnedID is the id under which an installation owns what it calls id.
func OwnedID(id, installation string) string {
	if installation == "" {
		return id
	}
	return id + "/" + installation
}

// OwnID is the inverse of [OwnedID]. The id of another installation stays as it is.
func OwnID(owned, installation string) string {
	if installation == "" {
		return owned
	}
	return strings.TrimSuffix(owned, "/"+installation)
}

// OwnerMemo is the key of a memo on what an installation owns. It is the key that
// says so, because values are encrypted.
func OwnerMemo(installation string) string { return "everlatch-installation/" + installation }

// IsOwnerMemo reports whether a memo's key names an owner, any one.
func IsOwnerMemo(key string) bool { return strings.HasPrefix(key, OwnerMemo("")) }
