package emailpass

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// bcryptText is bcrypt's base64.
var bcryptText = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// dummyOf returns a hash that no password matches and that costs as much as hashes with
// given parameters, as [Stored.Parameters] has them.
func dummyOf(params string) (hash, error) {
	switch {
	case params == medusaFormat:
		return medusaDummy()
	case strings.HasPrefix(params, "$fbscrypt$"):
		return firebaseDummy(params)
	}
	random := make([]byte, 48)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	tail := base64.RawStdEncoding.EncodeToString(random[:16]) + "$" + base64.RawStdEncoding.EncodeToString(random[16:])
	switch {
	case strings.HasPrefix(params, "$2"):
		tail = bcryptText.EncodeToString(random[:16]) + bcryptText.EncodeToString(random[16:39])
	case strings.HasPrefix(params, "$pbkdf2"):
		tail = strings.ReplaceAll(tail, "+", ".")
	}
	h, err := parseHash(params + tail)
	if err == nil && h.weak {
		err = fmt.Errorf("%s costs nothing, and needs no evening out", h.format)
	}
	return h, err
}

// evens returns one hash of each kind that a refused sign-in must cost: of the new ones, and
// of those that were imported.
func (o Options) evens(dummy hash) ([]hash, error) {
	out := []hash{dummy}
	kinds := o.ImportedHashes
	if o.MedusaHashes && !slices.Contains(kinds, medusaFormat) {
		kinds = append([]string{medusaFormat}, kinds...)
	}
	for _, params := range kinds {
		h, err := dummyOf(params)
		if err != nil {
			return nil, fmt.Errorf("imported_hashes has %q, and parameters as the report of an import names them are expected, such as $2b$10$: %w", params, err)
		}
		out = append(out, h)
	}
	return out, nil
}

// evenOut computes what a refused sign-in has not cost yet (docs/weak-spots.md#w19).
func (p *Provider) evenOut(ctx context.Context, done hash, password string) error {
	for _, h := range p.owed(done) {
		if _, err := p.verify(ctx, h, password); err != nil {
			return err
		}
	}
	return nil
}

// owed returns the other kinds of hashes. Unless imported ones are evened out, only one that
// is cheaper than a new hash owes that: an account with it must not answer faster than an
// unknown address.
func (p *Provider) owed(done hash) []hash {
	if len(p.even) == 1 {
		if done.cost.share() < p.dummy.cost.share() {
			return p.even
		}
		return nil
	}
	i := slices.IndexFunc(p.even, func(h hash) bool { return h.params == done.params && h.format == done.format })
	if i < 0 {
		i = slices.IndexFunc(p.even, func(h hash) bool { return h.format == done.format })
	}
	if i < 0 {
		return p.even
	}
	return slices.Delete(slices.Clone(p.even), i, i+1)
}
