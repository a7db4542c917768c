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

// Erase removes the files of somebody whose account is gone. Whoever never
// uploaded anything is no error; a storage that is away is, and Erase is called
// again until it is back.
func (u Uploads) Erase(_ context.Context, e everlatch.Erasure) error {
	if e.ActorType != everlatch.ActorCustomer {
		return nil // administrators upload nothing
	}
	if _, err := os.Stat(u.Folder); err != nil {
		return fmt.Errorf("the storage is away: %w", err)
	}
	return os.RemoveAll(filepath.Join(u.Folder, e.ActorID))
}
