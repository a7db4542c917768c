package medusa

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/everlatch/everlatch/internal/transfer"
)

func (s *Source) invites() *kind {
	k := kind{typ: transfer.TypeInvite, table: "invite", convert: convertInvite}
	columns := "id email accepted token expires_at metadata " + rowTimes
	if !s.has("rbac_role", "invite_rbac_role") {
		k.object = object("x", columns)
		return byID(k)
	}
	k.object = object("x", columns, list("roles", "c.rbac_role_id",
		"invite_rbac_role c JOIN rbac_role r ON r.id = c.rbac_role_id AND r.deleted_at IS NULL WHERE c.invite_id = x.id AND c.deleted_at IS NULL"))
	return byID(k, related{"invite_rbac_role", "invite_id"})
}

// convertInvite keeps of the token of an invite what proves it here, the hash of its id
// (docs/weak-spots.md#w7).
func convertInvite(_ *Source, record transfer.Record, u *transfer.Unit) {
	id := tokenID(record.Text("token"))
	delete(record, "token")
	if id == "" {
		u.Notes = append(u.Notes, "The link of the invite is not valid here: send it again.")
		return
	}
	sum := sha256.Sum256([]byte(id))
	record["token_hash"] = hex.EncodeToString(sum[:])
}

// tokenID returns the jti of a token; "" for none. Its signature is checked when
// it is presented.
func tokenID(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.ID
}

// apiKeys keep their tokens as Medusa stores them, which the first use replaces. A secret
// key belongs to the administrator who has created it, if there is one.
func apiKeys() *kind {
	return byID(kind{
		typ: transfer.TypeAPIKey, table: "api_key",
		object: object("x", "id title token salt redacted last_used_at created_by revoked_by revoked_at "+rowTimes, "'kind', x.type",
			`'owner_id', (SELECT u.id FROM "user" u WHERE u.id = x.created_by AND x.type = 'secret' AND u.deleted_at IS NULL)`),
		convert: func(_ *Source, record transfer.Record, u *transfer.Unit) {
			if record["kind"] == "secret" && record["owner_id"] == nil {
				u.Notes = append(u.Notes, "The administrator who created the key does not exist any more: one has to take it over before it has permissions.")
			}
		},
	})
}
