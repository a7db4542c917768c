package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

var errUsage = errors.New("usage: temporalserver schema | start")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	cfg, err := config.Load(config.WithEmbedded())
	if err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	logger := log.NewZapLogger(log.BuildZapLogger(cfg.Log))
	switch args[0] {
	case "schema":
		return createSchemas(cfg, logger)
	case "start":
		return start(cfg, logger)
	default:
		return errUsage
	}
}

// start runs the server until it is told to stop. Its services know each other's
// addresses: the protocol by which those of a cluster find each other waits for
// half a minute after a process was killed.
func start(cfg *config.Config, logger log.Logger) error {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(cfg.Services))
	for name, service := range cfg.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(
			net.JoinHostPort(service.RPC.BindOnIP, strconv.Itoa(service.RPC.GRPCPort)))
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.InterruptOn(temporal.InterruptCh()),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return fmt.Errorf("assemble the server: %w", err)
	}
	return server.Start()
}
