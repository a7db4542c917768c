package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/everlatch/everlatch"
)

// Uploads are the files of customers: a folder for each, by the id of the
// customer. It stands for a bucket, a CRM, a newsletter.
type Uploads struct {
	Folder string
}

// Erase removes the files of a deleted customer. A customer without uploads is not
// an error. An unavailable storage is one, and Erase is called again until it is
// available.
func (u Uploads) Erase(_ context.Context, e everlatch.Erasure) error {
	if e.ActorType != everlatch.ActorCustomer {
		return nil // administrators upload nothing
	}
	if _, err := os.Stat(u.Folder); err != nil {
		return fmt.Errorf("the storage is unavailable: %w", err)
	}
	return os.RemoveAll(filepath.Join(u.Folder, e.ActorID))
}
