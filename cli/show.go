package cli

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/embedded"
)

// version is set by the linker in releases.
var version = "dev"

func (p *program) configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration as YAML, with secrets masked",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, wrong := p.load(c)
			text, err := cfg.YAML()
			if wrong != nil || err != nil {
				return errors.Join(wrong, err)
			}
			_, err = p.stdout.Write(text)
			return err
		},
	}
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, p.version())
			return err
		},
	}
}

// version describes the program: its name, the Everlatch in it, and how it was
// built.
func (p *program) version() string {
	temporal := "without the Temporal server"
	if embedded.Included {
		temporal = "with the Temporal server"
	}
	name := everlatchName
	if p.name != everlatchName {
		name = p.name + " with everlatch"
	}
	return fmt.Sprintf("%s %s (%s, %s/%s, %s)", name, release(), runtime.Version(), runtime.GOOS, runtime.GOARCH, temporal)
}

// release returns the version of Everlatch and the commit, where the build knows
// them.
func release() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/everlatch/everlatch" {
			return module.Version // in a program of another module
		}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return version + " " + s.Value[:12]
		}
	}
	return version
}
