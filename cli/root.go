package cli

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// program is one run of the command.
type program struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	options        []app.Option // of the program that calls Main
}

// with returns the options of a command, followed by those of the program.
func (p *program) with(own ...app.Option) []app.Option { return append(own, p.options...) }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "everlatch",
		Short:         "Authentication on durable execution",
		SilenceUsage:  true, // an error says what is wrong; --help says how it goes
		SilenceErrors: true, // main prints it
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().String("config", "", "YAML file (default $"+config.FileVariable+", or everlatch.yaml if there is one)")
	setting(root.PersistentFlags(), "data", "data.dir", "folder of dev (default .everlatch)")
	root.AddCommand(
		p.devCommand(), p.serveCommand(), p.apiCommand(), p.workerCommand(), p.migrateCommand(),
		p.userCommand(), p.roleCommand(), p.inviteCommand(), p.customerCommand(), p.keyCommand(), p.eventCommand(), p.scheduleCommand(),
		p.configCommand(), p.versionCommand(), p.healthCommand(),
	)
	return root
}

// keyAnnotation marks a flag that sets a key of the configuration.
const keyAnnotation = "everlatch_key"

// setting adds a flag that sets a key of the configuration.
func setting(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage)
	annotate(flags, name, key)
}

func annotate(flags *pflag.FlagSet, name, key string) {
	_ = flags.SetAnnotation(name, keyAnnotation, []string{key}) // fails only for a flag that is not there
}

// load reads the configuration for a command.
func (p *program) load(c *cobra.Command) (config.Config, error) {
	flags := map[string]any{}
	c.Flags().Visit(func(f *pflag.Flag) {
		if key := f.Annotations[keyAnnotation]; len(key) == 1 {
			flags[key[0]] = f.Value.String()
		}
	})
	return config.Load(config.Sources{File: p.configFile(c), Environ: p.environ, Flags: flags})
}

// configFile returns the file that the flag or the variable names, or the one
// that lies in the working directory, or none.
func (p *program) configFile(c *cobra.Command) string {
	if file, err := c.Flags().GetString("config"); err == nil && file != "" {
		return file
	}
	for _, entry := range p.environ {
		if file, ok := strings.CutPrefix(entry, config.FileVariable+"="); ok && file != "" {
			return file
		}
	}
	const usual = "everlatch.yaml"
	if _, err := os.Stat(usual); errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return usual
}

// logger writes to stderr; auto is the format that "auto" stands for.
func (p *program) logger(c config.Log, auto string) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config allows names of levels only
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" || c.Format == "auto" && auto == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(p.stderr, opts))
}
