// Package config reads the settings of a process: defaults, a YAML file, the
// environment and flags, each stronger than the one before.
//
//	cfg, err := config.Load(config.Sources{File: "everlatch.yaml", Environ: os.Environ()})
//
// Every key has an environment variable, EVERLATCH_ and the key in capitals
// (http.jwt_secret is EVERLATCH_HTTP_JWT_SECRET); a few also have a name that
// everybody knows, such as JWT_SECRET. Where both are set the long one wins.
//
// [Load] reports every problem at once: unknown keys and variables with the
// nearest known one, values of the wrong form, and, for a process that is to
// serve, each secret that is missing or weak (docs/weak-spots.md#w35).
//
// The struct tags of [Config] are the only place where a setting is described:
// the loader, `everlatch config` and the table of docs/configuration.md are made from them.
//
// The package imports nothing of ours; package app hands each part its values.
package config
