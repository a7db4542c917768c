package emailpass

// HashInfo describes a stored password hash to tests.
type HashInfo struct {
	Format          string
	MemoryKiB, Work int64
}

// CheckHash parses a stored hash without computing one.
func CheckHash(stored string) (HashInfo, error) {
	h, err := parseHash(stored)
	if err != nil {
		return HashInfo{}, err
	}
	return HashInfo{Format: h.format, MemoryKiB: h.cost.memoryKiB, Work: h.cost.work}, nil
}
