package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// buildSDK makes one file of the Medusa JS SDK, which browsers can't load from its
// package, and returns its path. It is not in the repository, because a part of the
// package has another license. npm fetches the pinned packages, without running their
// scripts.
func buildSDK(ctx context.Context, folder string) (string, error) {
	packages := filepath.Join(folder, "node_modules")
	bundle := filepath.Join(packages, ".cache", "medusa.js")
	if _, err := os.Stat(bundle); !errors.Is(err, fs.ErrNotExist) {
		return bundle, err
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", errors.New("install Node.js, whose npm fetches the Medusa JS SDK")
	}
	fmt.Println("Fetching the Medusa JS SDK …")
	if err := tool(ctx, folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return "", err
	}
	err := tool(ctx, folder, filepath.Join("node_modules", ".bin", "esbuild"), "sdk.mjs", "--bundle", "--format=esm", "--minify",
		"--log-level=warning", "--outfile="+filepath.Join("node_modules", ".cache", "medusa.js"))
	return bundle, err
}

// tool runs a program in a folder, and shows what it says.
func tool(ctx context.Context, folder, name string, args ...string) error {
	if filepath.Dir(name) != "." { // a file in that folder
		path, err := filepath.Abs(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		name = path
	}
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // npm, and the bundler that it has fetched
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}
