package store

import (
	"fmt"
	"strings"

	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/transfer"
)

// fieldKind is how a field is stored, and what it is in a record.
type fieldKind int

const (
	// kindText must be given; kindOwnText is "" and kindInteger 0 where it is not.
	kindText fieldKind = iota
	kindOwnText
	kindOptionalText
	kindBool
	kindInteger
	// kindTime is the time of the import where it is not given.
	kindTime
	kindOptionalTime
	// kindObject is metadata, kindList a JSON array, kindNumber a real number; only a list
	// is never NULL.
	kindObject
	kindList
	kindNumber
	// kindSecret is encrypted for its record.
	kindSecret
)

// field is a field of a record and the column of the same name.
type field struct {
	name string
	kind fieldKind
	// column is the column where it has another name. read and write are SQL where the
	// column alone is not enough; ? stands for the value.
	column, read, write string
	// grows says that the larger value counts, and that it makes no record newer: it
	// changes whenever its record is used.
	grows bool
	// least is what a smaller number, or none, stands for.
	least int64
	// auto is the prefix of the id that a record without one gets.
	auto *string
	// limited says that limits.metadata applies.
	limited bool
}

// shape is a kind of record: its table, its fields, and the records that belong to it.
type shape struct {
	name, table string
	// key are the fields that tell records apart, among those of one parent.
	key    []string
	parent string
	fields []field
	// live selects what is exported; $now stands for the time.
	live string
	// soft says that rows are hidden before they are deleted.
	soft bool
	// emailKey is derived from the e-mail; one says that a parent has at most one.
	emailKey, one bool
	// taken is why a record is refused whose unique value another one has, and absent why
	// one is that refers to a record that is missing.
	taken, absent string
	children      []*shape
}

func columns(kind fieldKind, names string) []field {
	var out []field
	for name := range strings.FieldsSeq(names) {
		out = append(out, field{name: name, kind: kind})
	}
	return out
}

func joined(groups ...[]field) (out []field) {
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

func single(f field) []field { return []field{f} }

func autoID(prefix string) []field { return single(field{name: "id", kind: kindText, auto: &prefix}) }

func limitedObject(name string) []field {
	return single(field{name: name, kind: kindObject, limited: true})
}

func growing(kind fieldKind, name string) []field {
	return single(field{name: name, kind: kind, grows: true})
}

var (
	bothTimes   = columns(kindTime, "created_at updated_at")
	createdTime = columns(kindTime, "created_at")
)

const alive = "deleted_at IS NULL"

// shapes are all kinds of records in the order in which they are exported and imported.
var shapes = []*shape{
	{
		name: transfer.TypePolicy, table: "rbac_policy", key: []string{"key"}, live: alive,
		fields: joined(autoID(ids.Policy), columns(kindText, "key resource operation"), columns(kindOptionalText, "name description"), columns(kindObject, "metadata"), columns(kindBool, "built_in"), bothTimes),
	},
	{
		name: transfer.TypeRole, table: "rbac_role", key: []string{"id"}, live: alive, taken: transfer.RoleNameTaken,
		fields: joined(columns(kindText, "id name"), columns(kindOptionalText, "description"), columns(kindObject, "metadata"), bothTimes),
		children: []*shape{{
			name: "policies", table: "rbac_role_policy", key: []string{"id"}, parent: "role_id", live: alive,
			fields: joined(autoID(ids.RolePolicy), single(field{
				name: "policy_id", kind: kindText, read: "(SELECT p.key FROM rbac_policy p WHERE p.id = policy_id)",
				write: "(SELECT id FROM rbac_policy WHERE key = ?)",
			}), columns(kindObject, "metadata"), bothTimes),
			absent: transfer.RolePolicyAbsent, taken: transfer.RolePolicyTwice,
		}},
	},
	{
		name: transfer.TypeRoleParent, table: "rbac_role_parent", key: []string{"role_id", "parent_id"},
		fields: joined(columns(kindText, "role_id parent_id"), createdTime), absent: transfer.RoleAbsent,
	},
	{
		name: transfer.TypeGroup, table: "customer_group", key: []string{"id"}, live: alive, soft: true, taken: transfer.GroupNameTaken,
		fields: joined(columns(kindText, "id name"), limitedObject("metadata"), columns(kindOptionalText, "created_by"), bothTimes),
	},
	{
		name: transfer.TypeCustomer, table: "customer", key: []string{"id"}, live: alive, soft: true, emailKey: true,
		taken:  transfer.CustomerEmailTaken,
		fields: joined(columns(kindText, "id"), columns(kindOptionalText, "email company_name first_name last_name phone"), columns(kindBool, "has_account"), limitedObject("metadata"), columns(kindOptionalText, "created_by"), bothTimes),
		children: []*shape{
			{
				name: "addresses", table: "customer_address", key: []string{"id"}, parent: "customer_id", live: alive, soft: true,
				taken: transfer.AddressTaken,
				fields: joined(autoID(ids.Address), columns(kindOptionalText, "address_name company first_name last_name address_1 address_2 city country_code province postal_code phone"),
					limitedObject("metadata"), columns(kindBool, "is_default_shipping is_default_billing"), bothTimes),
			},
			{
				name: "groups", table: "customer_group_customer", key: []string{"customer_group_id"}, parent: "customer_id",
				fields: joined(columns(kindText, "customer_group_id"), createdTime), absent: transfer.GroupAbsent, taken: transfer.GroupTwice,
			},
			{
				name: "deletion", table: "account_deletion", parent: "customer_id", one: true,
				fields: joined(columns(kindTime, "deletion_at requested_at")),
			},
		},
	},
	{
		name: transfer.TypeUser, table: `"user"`, key: []string{"id"}, live: alive, soft: true, emailKey: true, taken: transfer.UserEmailTaken,
		fields: joined(columns(kindText, "id email"), columns(kindOptionalText, "first_name last_name avatar_url"), limitedObject("metadata"), bothTimes),
		children: []*shape{{
			name: "roles", table: "user_rbac_role", key: []string{"rbac_role_id"}, parent: "user_id",
			fields: joined(columns(kindText, "rbac_role_id"), createdTime), absent: transfer.UserRoleAbsent, taken: transfer.UserRoleTwice,
		}},
	},
	{
		name: transfer.TypeActor, table: "actor_record", key: []string{"id"}, live: alive, soft: true,
		fields: joined(columns(kindText, "id actor_type"), single(field{name: "data", kind: kindObject}), bothTimes),
		children: []*shape{{
			name: "values", table: "actor_value", key: []string{"name"}, parent: "actor_id",
			fields: joined(columns(kindText, "name actor_type"), columns(kindOwnText, "value"), columns(kindNumber, "number"), columns(kindOptionalText, "unique_key")),
			taken:  transfer.ActorValueTaken,
		}},
	},
	identityShape,
	{
		name: transfer.TypeInvite, table: "invite", key: []string{"id"}, live: alive + " AND for_first_user = FALSE", soft: true, emailKey: true, taken: transfer.InviteEmailTaken,
		fields: joined(columns(kindText, "id email"), columns(kindBool, "accepted"), columns(kindOwnText, "accepted_by token_hash"), columns(kindTime, "expires_at"), columns(kindList, "roles"), columns(kindObject, "metadata"), columns(kindOwnText, "workflow_id"), bothTimes),
	},
	{
		name: transfer.TypeAPIKey, table: "api_key", key: []string{"id"}, live: alive, soft: true, taken: transfer.KeyTaken,
		fields: joined(columns(kindText, "id title token"), columns(kindOwnText, "salt"), single(field{name: "kind", column: "type", kind: kindText}), columns(kindOwnText, "redacted"), single(field{name: "last_used_at", kind: kindOptionalTime, grows: true}),
			columns(kindOwnText, "created_by"), columns(kindOptionalText, "owner_id revoked_by"), columns(kindOptionalTime, "revoked_at"), bothTimes),
	},
	{
		name: transfer.TypeSignIn, table: "sign_in", key: []string{"id"}, live: "expires_at > $now", absent: transfer.IdentityAbsent,
		fields: joined(columns(kindText, "id auth_identity_id auth_provider actor_type"), columns(kindOwnText, "actor_id"), columns(kindInteger, "credential_version"), columns(kindOwnText, "device network"),
			createdTime, growing(kindTime, "last_used_at"), columns(kindTime, "expires_at")),
	},
	{
		name: transfer.TypeSession, table: "session", key: []string{"id"}, live: "expires_at > $now", absent: transfer.IdentityAbsent, taken: transfer.SessionTaken,
		fields: joined(columns(kindText, "id secret_hash auth_identity_id auth_provider actor_type"), columns(kindOwnText, "actor_id"), columns(kindInteger, "credential_version"), columns(kindBool, "mfa_enabled"),
			columns(kindOptionalTime, "mfa_completed_at"), columns(kindObject, "user_metadata"), createdTime, growing(kindTime, "idle_expires_at"), columns(kindTime, "expires_at"),
			columns(kindOptionalTime, "authenticated_at"), columns(kindOwnText, "sign_in_id amr")),
	},
	{
		name: transfer.TypeEndedSignIn, table: "ended_sign_in", key: []string{"id"}, live: "expires_at > $now",
		fields: joined(columns(kindText, "id"), growing(kindTime, "expires_at")),
	},
}

// identityShape is that of an identity, with everything that signs it in.
var identityShape = &shape{
	name: transfer.TypeIdentity, table: "auth_identity", key: []string{"id"}, live: alive, soft: true,
	// Tokens know versions from 1 on.
	fields: joined(columns(kindText, "id"), single(field{name: "credential_version", kind: kindInteger, grows: true, least: 1}), growing(kindTime, "last_used_at"), columns(kindOptionalTime, "disabled_at mfa_enabled_at"),
		columns(kindOwnText, "mfa_enabled_by"), single(field{name: "language", kind: kindOwnText, grows: true}), limitedObject("app_metadata"), bothTimes),
	children: []*shape{
		{
			name: "provider_identities", table: "provider_identity", key: []string{"id"}, parent: "auth_identity_id", live: alive, soft: true,
			taken: transfer.CredentialTaken,
			fields: joined(autoID(ids.ProviderIdentity), columns(kindText, "provider entity_id entity_key"), limitedObject("user_metadata"), columns(kindObject, "provider_metadata"),
				columns(kindOptionalText, "verified_email"), growing(kindInteger, "counter"), single(field{name: "used_by", kind: kindOwnText, grows: true}),
				single(field{name: "last_used_at", kind: kindOptionalTime, grows: true}), bothTimes),
		},
		{
			name: "actors", table: "actor_link", key: []string{"actor_type"}, parent: "auth_identity_id", taken: transfer.ActorTwice,
			fields: joined(columns(kindText, "actor_type actor_id"), createdTime),
		},
		{
			name: "factors", table: "mfa_factor", key: []string{"id"}, parent: "auth_identity_id", live: "status = 'enabled'",
			taken: transfer.FactorTaken,
			fields: joined(autoID(ids.Factor), columns(kindText, "provider"), single(field{name: "status", kind: kindText}), columns(kindOwnText, "handle"), single(field{name: "secret", kind: kindSecret}),
				growing(kindInteger, "counter"), columns(kindObject, "metadata"), columns(kindOptionalTime, "enabled_at"), single(field{name: "last_used_at", kind: kindOptionalTime, grows: true}),
				bothTimes, single(field{name: "used_by", kind: kindOwnText, grows: true})),
		},
		{
			name: "recovery_codes", table: "mfa_recovery_code", key: []string{"id"}, parent: "auth_identity_id", taken: transfer.RecoveryCodeTwice,
			fields: joined(autoID(ids.RecoveryCode), columns(kindText, "code_hash"), createdTime),
		},
		{
			name: "verifications", table: "auth_verification", key: []string{"id"}, parent: "auth_identity_id", live: "verified_at IS NOT NULL",
			taken: transfer.VerificationTwice,
			fields: joined(autoID(ids.Verification), columns(kindText, "entity_id entity_key entity_type code_provider"), columns(kindOwnText, "request_id"), columns(kindOptionalTime, "verified_at"),
				columns(kindTime, "requested_at expires_at"), columns(kindObject, "metadata"), bothTimes),
		},
	},
}

func shapeOf(given transfer.Record) (*shape, error) {
	if v, ok := given["version"]; ok && fmt.Sprint(v) != fmt.Sprint(transfer.Version) {
		return nil, refusedf(transfer.VersionUnknown, v, transfer.Version)
	}
	for _, sh := range shapes {
		if sh.name == given.Type() {
			return sh, nil
		}
	}
	return nil, refusedf(transfer.TypeUnknown, given.Type())
}
