//go:build !noembedded

package embedded

import (
	"fmt"
	"net"
	"strconv"
	"time"

	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	// clusterName and clusterID never change: they are written into the files,
	// and another value would make a restart a foreign cluster.
	clusterName = "active"
	clusterID   = "0f6d5c3e-7c1b-4d8e-9b57-e0e11a7c4000"

	storeHistories = "histories"
	storeIndex     = "index"

	// shards is how many parts of the histories are worked on independently.
	// One costs the least on one machine, and it cannot be changed later.
	shards = 1
)

// cachedFlows is how many executions stay in memory, closed ones included. A sign-in that is over
// is asked for once more when its timeout comes, fifteen seconds after its start; those of as long
// at the rate of a few cores fit. The garbage collector looks at all of them.
const cachedFlows = 2048

// noHost is one that no request names.
const noHost = "closed.invalid"

// dynamicConfig holds the settings that differ from a cluster's. A cluster
// polls its task queues at most 20 times a second, which costs 50 ms a hop; one
// process need not be that polite. The index alone is written four times a
// second at most, so that a short flow is listed once, when it has ended.
func dynamicConfig(o Options) dynamicconfig.StaticClient {
	c := dynamicconfig.StaticClient{
		dynamicconfig.MakeKey("system.enableEagerWorkflowStart"): true,
		dynamicconfig.TransferProcessorMaxPollRPS.Key():          2000,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():             2000,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():        4,
		// With several partitions, a task and the worker that polls for it often meet in
		// different ones.
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key():          1,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():           1,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 cachedFlows,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// Payloads are in the histories, none in a storage elsewhere, so nothing is to be counted
		// there, which takes a walk through every event.
		dynamicconfig.ExternalPayloadsEnabled.Key(): false,
		// The server calls Nexus operations over HTTP of its own. Its HTTP API on the same port
		// is closed, because any web page could call it.
		dynamicconfig.FrontendHTTPAllowedHosts.Key(): []string{noHost},
	}
	if o.ContinueAsNewAfter > 0 {
		c[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = o.ContinueAsNewAfter
	}
	if o.BriefRetention {
		c[dynamicconfig.NamespaceMinRetentionLocal.Key()] = time.Nanosecond
		c[dynamicconfig.RetentionTimerJitterDuration.Key()] = time.Nanosecond
	}
	if o.DrainedWithin > 0 {
		c[dynamicconfig.VersionDrainageStatusVisibilityGracePeriod.Key()] = o.DrainedWithin
		c[dynamicconfig.VersionDrainageStatusRefreshInterval.Key()] = o.DrainedWithin
	}
	return c
}

// serverConfig describes one process that is a whole cluster. Frontend is the
// address that others use; the other services take free loopback ports.
func serverConfig(frontend string, s stores) (*config.Config, error) {
	services := map[string]config.Service{}
	nexus, err := reserve("Temporal's Nexus service", net.JoinHostPort(hostOf(frontend), "0"))
	if err != nil {
		return nil, err
	}
	_, nexusPort, err := split(nexus)
	if err != nil {
		return nil, err
	}
	for _, name := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService,
		primitives.MatchingService, primitives.WorkerService,
	} {
		address := frontend
		if name != primitives.FrontendService {
			if address, err = reserve("Temporal's "+string(name)+" service", "127.0.0.1:0"); err != nil {
				return nil, err
			}
		}
		ip, port, err := split(address)
		if err != nil {
			return nil, err
		}
		service := config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
		if name == primitives.FrontendService {
			service.RPC.HTTPPort = nexusPort
		}
		services[string(name)] = service
	}
	off := "disabled"
	return &config.Config{
		Global: config.Global{Membership: config.Membership{
			MaxJoinDuration: 30 * time.Second, BroadcastAddress: "127.0.0.1",
		}},
		Persistence: config.Persistence{
			DefaultStore: storeHistories, VisibilityStore: storeIndex,
			NumHistoryShards: shards, DataStores: s.dataStores(),
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled: true, InitialFailoverVersion: 1, RPCAddress: reachable(frontend), ClusterID: clusterID,
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: reachable(frontend), HTTPHostPort: reachable(nexus)},
		Archival: config.Archival{
			History: config.HistoryArchival{State: off}, Visibility: config.VisibilityArchival{State: off},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: off},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: off},
		}},
	}, nil
}

// staticHosts tells every service where the others are, instead of a
// membership protocol that would have to settle first.
func staticHosts(c *config.Config) map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(c.Services))
	for name, service := range c.Services {
		address := net.JoinHostPort(service.RPC.BindOnIP, strconv.Itoa(service.RPC.GRPCPort))
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(reachable(address))
	}
	return hosts
}

// uiConfig describes a UI that only reads, unless the options say otherwise: it has no
// login.
func uiConfig(o Options) (*uiconfig.Config, error) {
	ip, port, err := split(o.UIAddress)
	if err != nil {
		return nil, err
	}
	return &uiconfig.Config{
		Host: ip, Port: port, TemporalGRPCAddress: reachable(o.Address), DefaultNamespace: o.Namespace,
		EnableUI: true, HideLogs: true, DisableNewsFetch: true, DisableWriteActions: !o.UIWrites,
		CORS:  uiconfig.CORS{CookieInsecure: true}, // plain http on this machine
		Codec: uiconfig.Codec{Endpoint: o.codecEndpoint()},
	}, nil
}

// codecPath is where the UI's listener serves the codec. The UI has no such page.
const codecPath = "/_codec"

// codecEndpoint is the URL of the codec, "" where there is none.
func (o Options) codecEndpoint() string {
	if o.UICodec == nil || !isLoopback(o.UIAddress) {
		return ""
	}
	return "http://" + o.UIAddress + codecPath
}

// uiOrigins are the origins of the UI's pages: it is reached by name and by address.
func uiOrigins(address string) []string {
	_, port, _ := net.SplitHostPort(address) // it was split before
	return []string{"http://" + address, "http://localhost:" + port, "http://127.0.0.1:" + port}
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

func split(address string) (ip string, port int, err error) {
	ip, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("address %q is not host:port: %w", address, err)
	}
	if port, err = strconv.Atoi(text); err != nil {
		return "", 0, fmt.Errorf("port of %q is not a number: %w", address, err)
	}
	return ip, port, nil
}
