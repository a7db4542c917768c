package medusa

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers/emailpass"
)

func (s *Source) identities() *kind {
	with := []related{{"provider_identity", "auth_identity_id"}}
	lists := []string{
		// Links to accounts that are no more.
		`'gone', jsonb_build_array(
			CASE WHEN EXISTS (SELECT 1 FROM customer a WHERE a.id = x.app_metadata->>'customer_id' AND a.deleted_at IS NULL) THEN '' ELSE 'customer' END,
			CASE WHEN EXISTS (SELECT 1 FROM "user" a WHERE a.id = x.app_metadata->>'user_id' AND a.deleted_at IS NULL) THEN '' ELSE 'user' END)`,
		list("provider_identities", object("c", "id provider entity_id user_metadata provider_metadata "+rowTimes), "provider_identity c WHERE c.auth_identity_id = x.id AND c.deleted_at IS NULL"),
	}
	add := func(table, name, element, test string) {
		if s.has(table) {
			lists = append(lists, list(name, element, table+" c WHERE c.auth_identity_id = x.id AND c.deleted_at IS NULL"+test))
			with = append(with, related{table, "auth_identity_id"})
		}
	}
	add("auth_mfa_factor", "factors", object("c", "id provider status provider_metadata metadata "+rowTimes), " AND c.status = 'enabled'")
	add("auth_mfa_recovery_code", "recovery_codes", "c.id", "")
	add("auth_verification", "verifications", object("c", "id entity_id entity_type code_provider verified_at requested_at metadata "+rowTimes), " AND c.verified_at IS NOT NULL")
	return byID(kind{
		typ: transfer.TypeIdentity, table: "auth_identity",
		object: object("x", "id app_metadata "+rowTimes, lists...), convert: convertIdentity,
	}, with...)
}

func convertIdentity(s *Source, record transfer.Record, u *transfer.Unit) {
	record["credential_version"] = 1
	linkActors(record, u)
	for _, p := range taken(record, "provider_identities") {
		if p["provider"] != "emailpass" {
			p["entity_key"] = p["entity_id"]
		}
		if p["provider"] == "github" { // in clear, and of no use to a sign-in (docs/weak-spots.md#w50)
			delete(p, "provider_metadata")
		}
	}
	for _, v := range taken(record, "verifications") {
		v["entity_key"], v["expires_at"] = v["entity_id"], v["requested_at"]
		if key, valid := emailpass.CanonicalEmail(v.Text("entity_id")); v["entity_type"] == "email" && valid {
			v["entity_key"] = key
		}
	}
	u.Notes = append(u.Notes, imports.Credentials(record)...)
	s.openFactors(record, u)
}

// taken are the records in a field. Those of a database always are some.
func taken(record transfer.Record, name string) []transfer.Record {
	out, _ := record.List(name)
	return out
}

// linkActors makes links of the keys of app_metadata that are some (docs/contract.md#s1-1).
func linkActors(record transfer.Record, u *transfer.Unit) {
	metadata, _ := record["app_metadata"].(map[string]any)
	gone, _ := record["gone"].([]any)
	delete(record, "gone")
	var actors []transfer.Record
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if !everlatch.AppMetadataReserved(key) {
			continue
		}
		id, _ := metadata[key].(string)
		delete(metadata, key)
		actorType, link := strings.CutSuffix(key, everlatch.ActorKey(""))
		switch {
		case !link || id == "" || actorType == "": // roles, or what was unlinked
		case slices.Contains(gone, any(actorType)):
			u.Notes = append(u.Notes, fmt.Sprintf("The %s %s that it was linked to does not exist any more.", actorType, id))
		default:
			actors = append(actors, transfer.Record{"actor_type": actorType, "actor_id": id, "created_at": record["created_at"]})
		}
	}
	record["actors"] = actors
	if len(metadata) == 0 {
		delete(record, "app_metadata")
	}
}

// openFactors decrypts the secrets of second factors. An identity whose factor cannot be
// moved is refused, or the factor is left out.
func (s *Source) openFactors(record transfer.Record, u *transfer.Unit) {
	var factors []transfer.Record
	for _, f := range taken(record, "factors") {
		reason := s.openFactor(f)
		if reason == "" {
			factors = append(factors, f)
			record["mfa_enabled_at"] = earlier(record["mfa_enabled_at"], f.Text("enabled_at"))
			continue
		}
		if !s.options.LeaveOutFactors {
			u.Refusal = reason + " With --leave-out-factors, the identity is imported without it."
			return
		}
		u.Notes = append(u.Notes, "A second factor was left out. "+reason)
	}
	record["factors"] = factors
	codes, _ := record["recovery_codes"].([]any)
	delete(record, "recovery_codes")
	if len(codes) > 0 && len(factors) > 0 {
		u.Notes = append(u.Notes, "The recovery codes were left out: Medusa's hashes of them cannot be moved. The user can generate new ones.")
	}
}

func earlier(a any, b string) string {
	text, _ := a.(string)
	if text != "" && text < b { // one clock, one form
		return text
	}
	return b
}

// openFactor completes a factor with its secret in clear, or returns why it can't.
func (s *Source) openFactor(f transfer.Record) (reason string) {
	metadata, _ := f["provider_metadata"].(map[string]any)
	delete(f, "provider_metadata")
	if f["provider"] != "totp" {
		return fmt.Sprintf("Second factors of the method %q cannot be moved.", cmp.Or(f.Text("provider"), "unknown"))
	}
	sealed, _ := metadata["secret"].(string)
	if len(s.options.FactorKey.Reveal()) == 0 {
		return "The secret of a second factor needs auth.mfa.encryption_key, the key of Medusa."
	}
	secret, err := vault.OpenMedusa(s.options.FactorKey, sealed)
	if err != nil {
		return "The secret of a second factor cannot be decrypted with auth.mfa.encryption_key."
	}
	f["secret"], f["enabled_at"] = string(secret.Reveal()), f["updated_at"]
	return ""
}
