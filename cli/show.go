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
		Short: "Print the effective configuration as YAML, secrets masked",
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
			temporal := "without the Temporal server"
			if embedded.Included {
				temporal = "with the Temporal server"
			}
			_, err := fmt.Fprintf(p.stdout, "everlatch %s%s (%s, %s/%s, %s)\n",
				version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH, temporal)
			return err
		},
	}
}

// revision returns the commit that was built, where the build knew it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return " " + s.Value[:12]
		}
	}
	return ""
}
