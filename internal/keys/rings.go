package keys

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// The rings.
const (
	// JWT signs tokens.
	JWT = "jwt"
	// Cookie signs session cookies.
	Cookie = "cookie"
	// Vault seals what waits in the database.
	Vault = "vault"
	// Codec seals payloads of Temporal.
	Codec = "codec"
	// MFA seals the secrets of second factors.
	MFA = "mfa"
	// Encryption is encryption.keys itself, which encrypt the keys of the other rings.
	Encryption = "encryption"

	// index holds what keyed hashes are made with. It never changes.
	index = "index"
)

// All are the rings in the order in which they are listed.
var All = []string{JWT, Cookie, Vault, Codec, MFA, Encryption}

// sealing are the rings whose first keys are encryption.keys.
var sealing = []string{Encryption, Vault, Codec, MFA}

// wrapping is the purpose for which keys are encrypted.
const wrapping = "rings"

// Options configure [New].
type Options struct {
	// Encryption are encryption.keys, the current one first.
	Encryption []vault.Key
	// Purposes are those that hashed before there were index keys.
	Purposes []string
	// Cookies are the cookie secrets of the configuration, the current one first; none in a process
	// that has none.
	Cookies []string
	// Algorithm is that of tokens.
	Algorithm string
	// JWT are the keys of the configuration that sign or verify tokens, the current one
	// first; none as above. Their Signs and From are ignored.
	JWT []tokens.Key
	// Medusa is the key of a Medusa installation for second factors, empty without one.
	Medusa vault.Secret

	// Refresh is how often a process looks for changes, and Publish how long the public half
	// of a key for tokens is published before it signs.
	Refresh, Publish time.Duration
	// Longest is how long the longest-lived token is valid, and LongestSession a session.
	Longest, LongestSession time.Duration
	// SealedTo is how long callers may hold a public key of the vault's ring.
	SealedTo time.Duration

	Now func() time.Time
	Log *slog.Logger
}

// Rings are the key rings of a process. They are safe for concurrent use.
type Rings struct {
	// Vault, Codec and MFA are the rings of these names, and of no purpose yet.
	Vault, Codec, MFA *vault.KeyRing

	o Options
	// main encrypts the keys of the other rings.
	main *vault.KeyRing

	cookies atomic.Pointer[[]string]

	store  *store.Store
	tokens *tokens.Tokens // nil in a process without
	// self is the process that reports what it holds; without an id none does.
	self store.RingHolder
	// unused are rings of which this process needs no key.
	unused []string

	mu     sync.Mutex
	loaded time.Time // the last attempt
	opened map[string]vault.Secret
	index  []vault.IndexKey
	// rows are in use since used, and known holds what the configuration has.
	rows   []store.RingKey
	used   time.Time
	known  map[string][]configured
	warned map[string]bool
}

// New returns rings with the keys of the configuration alone. It fails like
// [vault.NewKeyRing].
func New(o Options) (*Rings, error) {
	r := &Rings{o: o, opened: map[string]vault.Secret{}, warned: map[string]bool{}, known: map[string][]configured{}}
	for _, ring := range []**vault.KeyRing{&r.main, &r.Vault, &r.Codec, &r.MFA} {
		var err error
		if *ring, err = vault.NewKeyRing(o.Encryption); err != nil {
			return nil, err
		}
	}
	r.cookies.Store(&o.Cookies)
	return r, nil
}

// In returns rings that list what a database has. It loads no key.
func (r *Rings) In(db *store.Store) *Rings {
	return &Rings{o: r.o, store: db, opened: map[string]vault.Secret{}, warned: map[string]bool{}, known: map[string][]configured{}}
}

// Now is the clock of the rings.
func (r *Rings) Now() time.Time { return r.o.Now() }

// Process says what a process is.
type Process struct {
	// ID is one that no other process has; without one, the process reports nothing: it
	// is short, and asks for what it does not know.
	ID, Name string
	// Unused are the rings whose keys it does not need.
	Unused []string
}

// Open loads the rings from the database, and reports what the process holds. From then on
// the rings of the process follow those of the database. t is nil in a process without tokens.
//
// It fails when the database has keys that were encrypted with one that is missing in
// encryption.keys.
func (r *Rings) Open(ctx context.Context, s *store.Store, t *tokens.Tokens, p Process) error {
	r.store, r.tokens, r.unused = s, t, p.Unused
	r.self = store.RingHolder{ProcessID: p.ID, Name: p.Name}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.refresh(ctx); err != nil {
		return err
	}
	for _, ring := range []*vault.KeyRing{r.Vault, r.Codec, r.MFA} {
		ring.OnUnknown(r.renew)
	}
	if t != nil {
		t.OnUnknown(r.renew)
	}
	return nil
}

// Run keeps the rings up to date until ctx ends.
func (r *Rings) Run(ctx context.Context) {
	ticker := time.NewTicker(r.o.Refresh)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := r.refresh(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			r.o.Log.WarnContext(ctx, "the key rings were not read; those that are loaded stay in use", slog.Any("error", err))
		}
		failing = err != nil
	}
}

// Leave says that this process holds no keys any more. A process that was killed is
// forgotten after a while.
func (r *Rings) Leave(ctx context.Context) {
	if r.self.ProcessID == "" {
		return
	}
	if err := r.store.ForgetRingHolder(ctx, r.self.ProcessID, r.o.Now().Add(-time.Hour)); err != nil {
		r.o.Log.WarnContext(ctx, "other processes wait for the keys of this one for a while", slog.Any("error", err))
	}
}

// liveFor is how long a process counts as running after its last report.
func (r *Rings) liveFor() time.Duration { return max(30*time.Second, 6*r.o.Refresh) }

const (
	// renewAfter is how old the rings must be to be read because of an unknown key: a caller who sends
	// us nonsense costs the database one query in this time.
	renewAfter  = time.Second
	renewWithin = 2 * time.Second
)

// renew reads the rings because a key is unknown. It returns whether there may be another
// key now.
func (r *Rings) renew() bool {
	ctx, cancel := context.WithTimeout(context.Background(), renewWithin)
	defer cancel()
	return r.Renew(ctx) == nil
}

// Advance reads the rings, and lets keys begin that every running process holds. The processes do
// so themselves; without any, a tool has to.
func (r *Rings) Advance(ctx context.Context) error { return r.refresh(ctx) }

// Renew reads the rings, unless they were read in the last second.
func (r *Rings) Renew(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Now().Sub(r.loaded) < renewAfter {
		return nil // by another goroutine, perhaps while this one waited
	}
	return r.load(ctx)
}

// refresh reads the rings, reports what this process holds, and lets keys begin that
// every process holds.
func (r *Rings) refresh(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(ctx); err != nil {
		return err
	}
	if r.self.ProcessID != "" {
		self := r.self
		self.SeenAt, self.Holds = r.o.Now(), r.holds()
		if err := r.store.SaveRingHolder(ctx, self); err != nil {
			return err
		}
	}
	return r.begin(ctx)
}

// Cookies returns the secrets that sign cookies, see [wire.Cookies].
func (r *Rings) Cookies(unknown bool) []string {
	if unknown {
		r.renew()
	}
	return *r.cookies.Load()
}

// name of a key among those of all rings.
func name(ring, id string) string { return ring + "/" + id }

// holds are the names of the keys that this process holds.
func (r *Rings) holds() []string {
	out := []string{}
	for _, ring := range r.unused {
		out = append(out, name(ring, anyKey))
	}
	for _, row := range r.rows {
		if _, held := r.material(row); held && row.RetiredAt.IsZero() {
			out = append(out, name(row.Ring, row.ID))
		}
	}
	slices.Sort(out)
	return out
}

// anyKey is what a process reports of a ring that it does not need.
const anyKey = "*"

func holds(h store.RingHolder, k store.RingKey) bool {
	return slices.Contains(h.Holds, name(k.Ring, k.ID)) || slices.Contains(h.Holds, name(k.Ring, anyKey))
}

// begin lets keys begin that are wanted and that every running process holds.
func (r *Rings) begin(ctx context.Context) error {
	waiting := slices.DeleteFunc(slices.Clone(r.rows), func(k store.RingKey) bool { return !isWaiting(k) })
	if len(waiting) == 0 {
		return nil
	}
	now := r.o.Now()
	holders, err := r.store.RingHolders(ctx, now.Add(-r.liveFor()))
	if err != nil {
		return err
	}
	for _, k := range waiting {
		if slices.ContainsFunc(holders, func(h store.RingHolder) bool { return !holds(h, k) }) {
			continue
		}
		if err := r.store.ActivateRingKey(ctx, k.Ring, k.ID, now.Add(r.lead(k))); err != nil {
			return err
		}
	}
	return nil
}

// isWaiting says that a key is wanted and has no time from which it is used.
func isWaiting(k store.RingKey) bool {
	return !k.WantedAt.IsZero() && k.ActiveFrom.IsZero() && k.RetiredAt.IsZero()
}

// lead is how long before its time everyone has to know that a key begins.
func (r *Rings) lead(k store.RingKey) time.Duration {
	lead := 2*r.o.Refresh + time.Second
	if tokens.IsPair(k.Algorithm) {
		return max(lead, r.o.Publish)
	}
	return lead
}

// fail says which key has which problem, without what it consists of.
func fail(k store.RingKey, err error) error { return fmt.Errorf("key %s: %w", name(k.Ring, k.ID), err) }
