package config

import "time"

// Deletion is about accounts that end.
type Deletion struct {
	Grace     Span `koanf:"grace" default:"336h" min:"0" doc:"How long after DELETE /store/customers/me the account is removed; signing in before then keeps it. 0 removes it at once."`
	Retention Span `koanf:"retention" default:"720h" min:"0" doc:"How long the hidden record of an account is kept that an administrator removed; with_deleted shows it. Accounts that their owners delete are not kept. 0 keeps the record forever; otherwise at least 48h."`
}

// leastRetention is longer than any removal may have to bring back what it hid.
const leastRetention = 48 * time.Hour

func (d Deletion) check() Problems {
	if d.Retention > 0 && d.Retention.Duration() < leastRetention {
		return Problems{{"deletion.retention", d.Retention.String() + " is too short, 48h is the least; 0 keeps what was removed"}}
	}
	return nil
}
