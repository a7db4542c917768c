package cli

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/telemetry"
)

// program is one run of the command.
type program struct {
	// name is how the program was called.
	name           string
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	options        []app.Option // of the program that calls Main
}

// everlatchName is the name of the command that comes with this module.
const everlatchName = "everlatch"

// releaseVersion matches the version of a release, such as v1.2.3. Other builds may share
// what they are called.
var releaseVersion = regexp.MustCompile(`^v?\d+\.\d+\.\d+`)

// with returns the options of a command, followed by those of the program.
func (p *program) with(own ...app.Option) []app.Option {
	own = append(own, app.WithCommandName(p.name))
	if releaseVersion.MatchString(version) {
		own = append(own, app.WithBuildID(version))
	}
	return append(own, p.options...)
}

// dataFolder is the data folder where none is set.
func (p *program) dataFolder() string {
	if p.name == everlatchName {
		return ".everlatch"
	}
	return filepath.Join(".everlatch", p.name)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           p.name,
		Short:         "Authentication on durable execution",
		Version:       p.version(),
		SilenceUsage:  true, // an error says what is wrong; --help says how to do it right
		SilenceErrors: true, // Main prints it
		Args:          noSuchCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentPreRunE = checkFlags
	root.SetFlagErrorFunc(explainFlag)
	root.SetVersionTemplate("{{.Version}}\n")
	root.PersistentFlags().String("config", "", "YAML file (default $"+config.FileVariable+", or everlatch.yaml if it exists)")
	setting(root.PersistentFlags(), "data", "data.dir", "data folder of dev (default "+p.dataFolder()+")")
	root.AddCommand(
		p.devCommand(), p.serveCommand(), p.apiCommand(), p.workerCommand(), p.migrateCommand(),
		p.peopleCommand(), p.userCommand(), p.roleCommand(), p.inviteCommand(), p.customerCommand(), p.identityCommand(), p.actorCommand(), p.keyCommand(), p.keysCommand(), p.eventCommand(), p.flowCommand(), p.scheduleCommand(), p.statisticsCommand(), p.auditCommand(),
		p.exportCommand(), p.importCommand(), p.configCommand(), p.versionCommand(), p.healthCommand(), p.temporalCommand(), p.codecCommand(),
		p.nexusCommand(), p.doctorCommand(),
	)
	p.rename(root)
	return root
}

// rename puts the name of the program into the help of a command and of those
// below it, which is written for everlatch.
func (p *program) rename(c *cobra.Command) {
	if p.name == everlatchName {
		return
	}
	// An import from everlatch keeps its name: that is a format.
	renamed := strings.NewReplacer("everlatch import everlatch ", p.name+" import everlatch ", "everlatch ", p.name+" ")
	c.Long, c.Example = renamed.Replace(c.Long), renamed.Replace(c.Example)
	for _, below := range c.Commands() {
		p.rename(below)
	}
}

// keyAnnotation marks a flag that sets a key of the configuration.
const keyAnnotation = "everlatch_key"

// setting adds a flag that sets a key of the configuration.
func setting(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage)
	annotate(flags, name, key)
}

func annotate(flags *pflag.FlagSet, name, key string) {
	_ = flags.SetAnnotation(name, keyAnnotation, []string{key}) // fails only for a flag that was not added
}

// load reads the configuration for a command. Where the address of the pages is set, links
// in mails lead to them, except those whose URL is set.
func (p *program) load(c *cobra.Command) (config.Config, error) {
	cfg, err := p.loadOver(c, nil)
	if err != nil || cfg.Pages.URL == "" || !cfg.Pages.Enabled {
		return cfg, err
	}
	return p.loadOver(c, map[string]any{"mail.urls": p.pageURLs(cfg.Pages.URL)})
}

// loadOver reads the configuration over more defaults than load does.
func (p *program) loadOver(c *cobra.Command, defaults map[string]any) (config.Config, error) {
	flags := map[string]any{}
	c.Flags().Visit(func(f *pflag.Flag) {
		if key := f.Annotations[keyAnnotation]; len(key) == 1 {
			flags[key[0]] = f.Value.String()
		}
	})
	all := map[string]any{"data.dir": p.dataFolder()}
	maps.Copy(all, defaults)
	return config.Load(config.Sources{Defaults: all, File: p.configFile(c), Environ: p.environ, Flags: flags})
}

// configFile returns the file that the flag or the variable names, or the usual one
// of the working directory, or "".
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

// logger returns a logger to stderr; auto is the format that "auto" stands for.
func (p *program) logger(c config.Log, auto string) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config allows names of levels only
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" || c.Format == "auto" && auto == "json" {
		return slog.New(telemetry.WithTraceIDs(slog.NewJSONHandler(p.stderr, opts)))
	}
	return slog.New(telemetry.WithTraceIDs(slog.NewTextHandler(p.stderr, opts)))
}
