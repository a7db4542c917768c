package emailpass

import "context"

// verify does the work of one stored hash, when its turn comes (docs/weak-spots.md#w20), and
// returns the form of the password that matches it, "" for none. A password that is
// not in the normal form costs two hashes, whatever the account, unless the first
// matches.
func (p *Provider) verify(ctx context.Context, h hash, password string) (matched string, err error) {
	for _, form := range forms(password) {
		matches := false
		err := p.slot(ctx, h.format, h.cost.memoryKiB, func() { matches = h.match([]byte(form)) })
		if err != nil {
			return "", err
		}
		if matches {
			return form, nil
		}
	}
	return "", nil
}

// hash computes a new hash once there is memory for it
// (docs/weak-spots.md#w20).
func (p *Provider) hash(ctx context.Context, password string) (hashed string, err error) {
	argon := p.options.Argon2
	err = p.slot(ctx, p.dummy.format, int64(argon.MemoryKiB), func() { hashed = argon.hash([]byte(password)) })
	return hashed, err
}

// slot runs work while it holds its share of the memory. Formats that need little
// memory still need a core, so every format weighs at least as much as a new hash.
func (p *Provider) slot(ctx context.Context, format string, memoryKiB int64, work func()) error {
	return p.queue.run(ctx, max(memoryKiB, int64(p.options.Argon2.MemoryKiB)), func() {
		p.options.OnHash(format)
		work()
	})
}
