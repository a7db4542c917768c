package config

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Sources are where settings come from, the weakest first.
type Sources struct {
	// Defaults are values by key that replace the built-in ones.
	Defaults map[string]any
	// File is the path of a YAML file; "" is none.
	File string
	// Environ holds NAME=value, as [os.Environ] returns it. Empty values count
	// as not set, because that is how compose files leave a variable out.
	Environ []string
	// Flags are values by key.
	Flags map[string]any
}

// Load merges the sources over the defaults. The error is a [Problems] that
// names everything that is wrong; the Config is then what could be read.
func Load(s Sources) (Config, error) {
	l := loader{all: settings(), merged: koanf.New("."), from: map[string]string{}}
	l.defaults()
	l.merge(s.Defaults)
	l.file(s.File)
	l.environ(s.Environ)
	l.flags(s.Flags)
	cfg, unread := l.decode()
	for _, p := range cfg.check(unread) {
		l.report(l.origin(p.Key), p.Message)
	}
	return cfg, l.problems.err()
}

// loader merges layer over layer.
type loader struct {
	all    []setting
	merged *koanf.Koanf
	// from says which variable or flag gave a key its value.
	from     map[string]string
	problems Problems
}

func (l *loader) report(key, message string) {
	l.problems = append(l.problems, Problem{Key: key, Message: message})
}

// merge puts a layer of flat keys on top.
func (l *loader) merge(layer map[string]any) {
	if err := l.merged.Load(confmap.Provider(layer, "."), nil); err != nil {
		l.report("configuration", err.Error()) // confmap has no error of its own
	}
}

func (l *loader) defaults() {
	layer := map[string]any{}
	for _, s := range l.all {
		if text := s.tag.Get("default"); text != "" {
			value, _ := parsed(text, text[:1]) // the default of every setting is tested
			layer[s.key] = value
		}
	}
	l.merge(layer)
}

func (l *loader) file(path string) {
	if path == "" {
		return
	}
	content := koanf.New(".")
	err := content.Load(file.Provider(path), yaml.Parser())
	if errors.Is(err, fs.ErrNotExist) {
		l.report(path, "there is no such file")
		return
	}
	if err != nil {
		l.report(path, "cannot be read as YAML: "+yamlReason(err))
		return
	}
	layer := map[string]any{}
	for _, key := range content.Keys() {
		switch value := content.Get(key); {
		case value == nil: // a section or key that was left empty
		case l.known(key):
			layer[key] = value
		default:
			l.report(key, "unknown key in "+path+suggest(key, l.keys()))
		}
	}
	l.merge(layer)
}

// yamlReason is the parser's error on one line, without the names of Go's types.
// What it quotes of the file is left out: it may be a secret.
func yamlReason(err error) string {
	if m := yamlType.FindStringSubmatch(err.Error()); m != nil {
		return m[1] + " is not the name of a setting with its value"
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}

// yamlType finds the line in an error about the type of a value.
var yamlType = regexp.MustCompile(`(line \d+): cannot unmarshal`)

// known says whether a flat key of a file is a setting or part of a map.
func (l *loader) known(key string) bool {
	for _, s := range l.all {
		if s.key == key || s.isMap() && strings.HasPrefix(key, s.key+".") {
			return true
		}
	}
	return false
}

func (l *loader) keys() []string {
	out := make([]string, len(l.all))
	for i, s := range l.all {
		out[i] = s.key
	}
	return out
}

// environ merges the variables: first the well-known names, then ours.
func (l *loader) environ(environ []string) {
	long, short := map[string]string{}, map[string]string{}
	var names []string
	for _, s := range l.all {
		names = append(names, s.env()[0])
		long[s.env()[0]] = s.key
		short[s.shortName()] = s.key
	}
	for _, byName := range []map[string]string{short, long} {
		provider := env.Provider(".", env.Opt{
			EnvironFunc: func() []string { return environ },
			TransformFunc: func(name, value string) (string, any) {
				key := byName[name]
				if value == "" || key == "" {
					return "", nil
				}
				l.from[key] = name
				return key, value
			},
		})
		if err := l.merged.Load(provider, nil); err != nil {
			l.report("environment", err.Error())
		}
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && long[name] == "" && name != FileVariable && !isServiceLink(name, value) {
			l.report(name, "unknown variable"+suggest(name, names))
		}
	}
}

// FileVariable names the YAML file where no flag does.
const FileVariable = envPrefix + "CONFIG"

func (l *loader) flags(flags map[string]any) {
	for key := range flags {
		delete(l.from, key)
	}
	l.merge(flags)
}

// decode writes every merged value into its field, and returns the keys whose
// value could not be read.
func (l *loader) decode() (Config, map[string]bool) {
	var cfg Config
	unread := map[string]bool{}
	value := reflect.ValueOf(&cfg).Elem()
	for _, s := range l.all {
		if !l.merged.Exists(s.key) {
			continue
		}
		if err := assign(value.FieldByIndex(s.index), l.merged.Get(s.key)); err != nil {
			for _, one := range split(err) {
				l.report(l.origin(s.key), flat(one))
			}
			unread[s.key] = true
		}
	}
	return cfg, unread
}

// split returns the errors that were joined to one.
func split(err error) []error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		return several.Unwrap()
	}
	return []error{err}
}

// origin names a key together with the variable that set it.
func (l *loader) origin(key string) string {
	if name := l.from[key]; name != "" {
		return fmt.Sprintf("%s (%s)", key, name)
	}
	return key
}

// flat puts joined errors on one line.
func flat(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
