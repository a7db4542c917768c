//go:build !noembedded

package embedded

import (
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/api/historyservice/v1"
	"go.temporal.io/server/api/matchingservice/v1"
	"go.temporal.io/server/chasm"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/pprof"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resource"
	"go.temporal.io/server/service/frontend"
	"go.temporal.io/server/service/history"
	"go.temporal.io/server/service/history/replication"
	"go.temporal.io/server/service/matching"
	"go.temporal.io/server/temporal"
	"go.uber.org/fx"
	"google.golang.org/grpc"
)

// assembly is [temporal.TopLevelModule], with services that call each other as c says, and
// without the frontend for clusters that have one of their own inside.
func (c *calls) assembly() fx.Option {
	return fx.Options(
		fx.Provide(
			temporal.NewServerFxImpl,
			temporal.ServerOptionsProvider,
			resource.ArchivalMetadataProvider,
			temporal.TaskCategoryRegistryProvider,
			c.historyService,
			c.matchingService,
			c.frontendService,
			temporal.WorkerServiceProvider,
			temporal.ApplyClusterMetadataConfigProvider,
		),
		dynamicconfig.Module,
		pprof.Module,
		temporal.TraceExportModule,
		chasm.Module,
		serialization.Module,
		temporal.FxLogAdapter,
		fx.Invoke(temporal.ServerLifetimeHooks),
	)
}

func (c *calls) historyService(p temporal.ServiceProviderParamsCommon) (temporal.ServicesGroupOut, error) {
	return c.service(p, primitives.HistoryService, &historyservice.HistoryService_ServiceDesc,
		fx.Options(history.QueueModule, history.Module, replication.Module, fx.Decorate(keepCreated)),
		fx.Invoke(func(lc fx.Lifecycle, s *grpc.Server, h *history.Handler) error {
			return c.serve(lc, &historyservice.HistoryService_ServiceDesc, h, s)
		}))
}

func (c *calls) matchingService(p temporal.ServiceProviderParamsCommon) (temporal.ServicesGroupOut, error) {
	return c.service(p, primitives.MatchingService, &matchingservice.MatchingService_ServiceDesc,
		matching.Module,
		fx.Invoke(func(lc fx.Lifecycle, s *grpc.Server, h *matching.Handler) error {
			return c.serve(lc, &matchingservice.MatchingService_ServiceDesc, h, s)
		}))
}

func (c *calls) frontendService(p temporal.ServiceProviderParamsCommon) (temporal.ServicesGroupOut, error) {
	return c.service(p, primitives.FrontendService, &workflowservice.WorkflowService_ServiceDesc,
		fx.Options(fx.Supply(p.CustomFrontendInterceptors), frontend.Module),
		fx.Invoke(func(lc fx.Lifecycle, s *grpc.Server, h frontend.Handler) error {
			return c.serve(lc, &workflowservice.WorkflowService_ServiceDesc, h, s)
		}))
}

// service assembles one service. Its calls to the others take the short way, and serve offers
// it to them.
func (c *calls) service(
	p temporal.ServiceProviderParamsCommon, name primitives.ServiceName, desc *grpc.ServiceDesc, module, serve fx.Option,
) (temporal.ServicesGroupOut, error) {
	app := fx.New(
		p.GetCommonServiceOptions(name),
		fx.Decorate(c.dialing),
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(c.served[desc.ServiceName].drain)) }), // the last hook that stops
		module,
		serve,
	)
	return temporal.NewService(app, name, p.Logger), app.Err()
}

// dialing adds the short way to the connections of a service, after what they do otherwise.
func (c *calls) dialing(o map[primitives.ServiceName][]grpc.DialOption) map[primitives.ServiceName][]grpc.DialOption {
	out := make(map[primitives.ServiceName][]grpc.DialOption, len(o))
	for name, options := range o {
		out[name] = append(append([]grpc.DialOption{}, options...), grpc.WithChainUnaryInterceptor(c.intercept))
	}
	return out
}
