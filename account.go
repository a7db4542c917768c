package everlatch

import "time"

// Customer is a buyer (docs/contract.md#s1-2). A customer with an account is linked to
// an [AuthIdentity]; a guest is not.
type Customer struct {
	ID          string     `json:"id"`
	Email       *string    `json:"email"`
	CompanyName *string    `json:"company_name"`
	FirstName   *string    `json:"first_name"`
	LastName    *string    `json:"last_name"`
	Phone       *string    `json:"phone"`
	HasAccount  bool       `json:"has_account"`
	Metadata    Metadata   `json:"metadata"`
	CreatedBy   *string    `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	DeletedAt   *time.Time `json:"deleted_at"`
	// Addresses is nil unless the read says that it loads them.
	Addresses []Address `json:"addresses,omitempty"`
	// Groups is loaded in the same way.
	Groups []CustomerGroup `json:"groups,omitempty"`
}

// CustomerGroup is a set of customers that a shop treats alike
// (docs/contract.md#s1-2).
type CustomerGroup struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Metadata  Metadata   `json:"metadata"`
	CreatedBy *string    `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at"`
	// Customers is nil unless the read says that it loads them.
	Customers []Customer `json:"customers,omitempty"`
}

// Address is an address of a customer (docs/contract.md#s1-2, customer_address).
type Address struct {
	ID                string     `json:"id"`
	CustomerID        string     `json:"customer_id"`
	AddressName       *string    `json:"address_name"`
	Company           *string    `json:"company"`
	FirstName         *string    `json:"first_name"`
	LastName          *string    `json:"last_name"`
	Address1          *string    `json:"address_1"`
	Address2          *string    `json:"address_2"`
	City              *string    `json:"city"`
	CountryCode       *string    `json:"country_code"`
	Province          *string    `json:"province"`
	PostalCode        *string    `json:"postal_code"`
	Phone             *string    `json:"phone"`
	Metadata          Metadata   `json:"metadata"`
	IsDefaultShipping bool       `json:"is_default_shipping"`
	IsDefaultBilling  bool       `json:"is_default_billing"`
	CreatedAt         time.Time  `json:"created_at"`
	UpdatedAt         time.Time  `json:"updated_at"`
	DeletedAt         *time.Time `json:"deleted_at"`
}

// User is an administrator (docs/contract.md#s1-3).
type User struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	FirstName *string    `json:"first_name"`
	LastName  *string    `json:"last_name"`
	AvatarURL *string    `json:"avatar_url"`
	Metadata  Metadata   `json:"metadata"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at"`
}

// The kinds of [APIKey].
const (
	// KeyPublishable names a storefront; it is not a secret.
	KeyPublishable = "publishable"
	// KeySecret acts as an administrator.
	KeySecret = "secret"
)

// APIKey is a publishable or secret API key (docs/contract.md#s1-4). The clear token of
// a secret key exists only in the answer to its creation.
type APIKey struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Type       string     `json:"type"`
	Token      string     `json:"token"` // "" for a stored secret key
	Redacted   string     `json:"redacted"`
	LastUsedAt *time.Time `json:"last_used_at"`
	CreatedBy  string     `json:"created_by"`
	// OwnerID is the administrator on whose authority a secret key acts, at first its
	// creator; "" for an operator's. A key stops when its owner's account is removed.
	OwnerID   string     `json:"owner_id,omitempty"`
	RevokedBy *string    `json:"revoked_by"`
	RevokedAt *time.Time `json:"revoked_at"` // may be in the future
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at"`
}
