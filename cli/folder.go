package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/everlatch/everlatch/config"
)

// databaseFile is the database in a data folder.
const databaseFile = "everlatch.db"

// folder is a data folder of dev. Its files:
//
//	lock           held by the process that uses the Temporal files
//	running.json   where that process listens; meaningless without the lock
//	secrets.yaml   generated secrets, mode 0600
//	everlatch.db   the database
//	temporal/      Temporal's files and log
//	.gitignore     keeps all of it out of git
type folder struct {
	path string
	lock *os.File // nil when another process holds it
	// temporary folders are removed when they are closed.
	temporary bool
}

// running says where a dev process listens.
type running struct {
	PID       int    `json:"pid"`
	API       string `json:"api"`
	Temporal  string `json:"temporal"`
	Namespace string `json:"namespace"`
	UI        string `json:"ui,omitempty"`
}

// openFolder creates a folder where it is missing and tries to take its lock.
func openFolder(path string) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	f := &folder{path: path}
	if err := os.WriteFile(f.file(".gitignore"), []byte("*\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write to data folder: %w", err)
	}
	f.lock, err = lockFile(f.file("lock"))
	if err != nil && !errors.Is(err, errLocked) {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	return f, nil
}

// openTemporary returns a new folder that close removes.
func openTemporary() (*folder, error) {
	path, err := os.MkdirTemp("", "everlatch-dev-")
	if err != nil {
		return nil, fmt.Errorf("create temporary data folder: %w", err)
	}
	f, err := openFolder(path)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	f.temporary = true
	return f, nil
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// database returns the URL of the folder's database.
func (f *folder) database() config.URL {
	return config.URL("sqlite://" + (&url.URL{Path: f.file(databaseFile)}).EscapedPath())
}

// announce says where this process listens.
func (f *folder) announce(r running) error {
	r.PID = os.Getpid()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("describe running process: %w", err)
	}
	// A reader finds all of it or the previous one.
	next := f.file(".running.json")
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write to data folder: %w", err)
	}
	return os.Rename(next, f.file("running.json"))
}

// find returns the process that holds the lock.
func (f *folder) find() (running, error) {
	var r running
	text, err := os.ReadFile(f.file("running.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return running{}, fmt.Errorf("another process uses %s and is just starting or stopping; try again in a moment", f.path)
	}
	return r, nil
}

// runningOn returns the dev process that runs on a folder, which it does not
// create.
func runningOn(path string) (running, bool) {
	if _, err := os.Stat(filepath.Join(path, "running.json")); err != nil {
		return running{}, false
	}
	f, err := openFolder(path)
	if err != nil {
		return running{}, false
	}
	if f.lock != nil { // the file is left of a process that was killed
		_ = f.lock.Close()
		return running{}, false
	}
	r, err := f.find()
	return r, err == nil
}

// close gives the folder back.
func (f *folder) close() error {
	if f.lock == nil {
		return nil
	}
	problems := []error{}
	if err := os.Remove(f.file("running.json")); !errors.Is(err, os.ErrNotExist) {
		problems = append(problems, err)
	}
	if f.temporary {
		problems = append(problems, os.RemoveAll(f.path))
	}
	return errors.Join(append(problems, f.lock.Close())...)
}
