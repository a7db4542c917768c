//go:build !noembedded

package embedded

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/api/historyservice/v1"
	"go.temporal.io/server/api/matchingservice/v1"
	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// drainTimeout is how long a service that stops waits for calls, as it does for those over
// its listener.
const drainTimeout = 2 * time.Second

// calls takes the calls between the services of one server, and those of its process, from
// the client to the handler without a connection: with copies of request and reply, the
// interceptors of both sides, metadata, deadline and the end of the caller's context. What a
// service that hasn't started, or has stopped, would have to answer goes over its listener,
// and so do streams and all other services.
type calls struct {
	served map[string]*served // by the name of the gRPC service
}

func newCalls() *calls {
	c := &calls{served: map[string]*served{}}
	for _, desc := range []*grpc.ServiceDesc{
		&workflowservice.WorkflowService_ServiceDesc, &historyservice.HistoryService_ServiceDesc, &matchingservice.MatchingService_ServiceDesc,
	} {
		c.served[desc.ServiceName] = newServed()
	}
	return c
}

// serve answers the calls of a service for as long as it runs, as the gRPC server does that
// has the same handler.
func (c *calls) serve(lc fx.Lifecycle, desc *grpc.ServiceDesc, handler any, server *grpc.Server) error {
	chain, err := interceptors(server)
	if err != nil {
		return err
	}
	c.served[desc.ServiceName].answers(desc, handler, chain)
	lc.Append(fx.StartStopHook(c.served[desc.ServiceName].open, c.served[desc.ServiceName].close))
	return nil
}

// interceptors returns those of a gRPC server, from a field that it doesn't export. Temporal
// chooses them where it makes the server. A version of gRPC without the field fails every
// start, and every test.
func interceptors(server *grpc.Server) (grpc.UnaryServerInterceptor, error) {
	options := reflect.ValueOf(server).Elem().FieldByName("opts")
	if !options.IsValid() || options.Kind() != reflect.Struct {
		return nil, errUnknownGRPC
	}
	field := options.FieldByName("unaryInt")
	if !field.IsValid() || field.Type() != reflect.TypeFor[grpc.UnaryServerInterceptor]() || field.IsNil() {
		return nil, errUnknownGRPC
	}
	return *(*grpc.UnaryServerInterceptor)(field.Addr().UnsafePointer()), nil
}

var errUnknownGRPC = errors.New("this version of gRPC is not known")

// intercept implements [grpc.UnaryClientInterceptor]. It comes last.
func (c *calls) intercept(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	s := c.served[service]
	if s == nil || !s.begin() {
		return invoke(ctx, method, req, reply, conn, opts...)
	}
	defer s.end()
	in, isRequest := req.(proto.Message)
	out, isReply := reply.(proto.Message)
	m, isKnown := s.methods[name]
	if !isRequest || !isReply || !isKnown {
		return invoke(ctx, method, req, reply, conn, opts...)
	}
	return s.call(ctx, &answering{method: method}, m, in, out, opts)
}

// served is a service that is called.
type served struct {
	handler any
	methods map[string]grpc.MethodDesc
	chain   grpc.UnaryServerInterceptor

	// life ends the calls that a service that has stopped still answers.
	life context.Context //nolint:containedctx // it is the life of the value
	kill context.CancelFunc

	mu      sync.Mutex
	opened  bool
	running int
	// idle is closed when a closed service still ran calls, and the last has ended.
	idle chan struct{}
}

func newServed() *served {
	s := &served{methods: map[string]grpc.MethodDesc{}, idle: make(chan struct{})}
	s.life, s.kill = context.WithCancel(context.Background())
	return s
}

func (s *served) answers(desc *grpc.ServiceDesc, handler any, chain grpc.UnaryServerInterceptor) {
	s.handler, s.chain = handler, chain
	for _, method := range desc.Methods {
		s.methods[method.MethodName] = method
	}
}

func (s *served) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = true
}

func (s *served) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = false
}

func (s *served) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		s.running++
	}
	return s.opened
}

func (s *served) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 && !s.opened {
		close(s.idle)
	}
}

// drain waits for the calls of a service that was closed, and then ends them.
func (s *served) drain(ctx context.Context) {
	defer s.kill()
	if s.rests() {
		return
	}
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-s.idle:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *served) rests() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running == 0
}

func (s *served) call(ctx context.Context, a *answering, m grpc.MethodDesc, req, reply proto.Message, opts []grpc.CallOption) error {
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	answerCtx, cancel := s.context(ctx, a)
	defer cancel()
	answer, err := m.Handler(s.handler, answerCtx, func(in any) error {
		to, ok := in.(proto.Message)
		if !ok {
			return status.Errorf(codes.Internal, "the request is a %T", in)
		}
		return transfer(to, req)
	}, s.chain)
	a.report(opts)
	if err != nil {
		return asStatus(err)
	}
	out, ok := answer.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "the answer is a %T", answer)
	}
	return transfer(reply, out)
}

// transfer copies a message to one that is empty or gets emptied. Temporal has types for the
// two ends of some calls that differ, and only look the same on a connection.
func transfer(to, from proto.Message) error {
	if to.ProtoReflect().Descriptor() == from.ProtoReflect().Descriptor() {
		proto.Reset(to)
		proto.Merge(to, from)
		return nil
	}
	raw, err := proto.Marshal(from)
	if err == nil {
		err = proto.Unmarshal(raw, to)
	}
	if err != nil {
		return status.Errorf(codes.Internal, "copy %s: %v", from.ProtoReflect().Descriptor().FullName(), err)
	}
	return nil
}

// context returns that of a handler: with the deadline of the caller's and its end, and with
// the metadata that it sends, but with none of its values.
func (s *served) context(ctx context.Context, a *answering) (context.Context, context.CancelFunc) {
	sent, _ := metadata.FromOutgoingContext(ctx)
	answerCtx := grpc.NewContextWithServerTransportStream(metadata.NewIncomingContext(s.life, sent), a)
	var cancel context.CancelFunc
	if deadline, ok := ctx.Deadline(); ok {
		answerCtx, cancel = context.WithDeadline(answerCtx, deadline)
	} else {
		answerCtx, cancel = context.WithCancel(answerCtx)
	}
	unlink := context.AfterFunc(ctx, cancel)
	return answerCtx, func() {
		unlink()
		cancel()
	}
}

// asStatus is what a gRPC server makes of an error of a handler.
func asStatus(err error) error {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	return s.Err()
}

// answering implements [grpc.ServerTransportStream]: it keeps the metadata of an answer.
type answering struct {
	method string

	mu              sync.Mutex
	header, trailer metadata.MD
}

// Method implements [grpc.ServerTransportStream].
func (a *answering) Method() string { return a.method }

// SetHeader implements [grpc.ServerTransportStream].
func (a *answering) SetHeader(md metadata.MD) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.header = metadata.Join(a.header, md)
	return nil
}

// SendHeader implements [grpc.ServerTransportStream].
func (a *answering) SendHeader(md metadata.MD) error { return a.SetHeader(md) }

// SetTrailer implements [grpc.ServerTransportStream].
func (a *answering) SetTrailer(md metadata.MD) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trailer = metadata.Join(a.trailer, md)
	return nil
}

// report gives the metadata to those options of a call that ask for it.
func (a *answering) report(opts []grpc.CallOption) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = a.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = a.trailer
		}
	}
}
