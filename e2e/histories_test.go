package e2e_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// encryptionKeys is given to processes whose histories a test decodes.
const encryptionKeys = "e2e:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func temporalRing(t *testing.T) *vault.KeyRing {
	t.Helper()
	keys, err := vault.ParseKeys(encryptionKeys)
	require.NoError(t, err)
	ring, err := vault.NewKeyRing(keys)
	require.NoError(t, err)
	return ring.Derive("temporal")
}

// temporalClient connects to a process as another worker or client would.
func (p *process) temporalClient(t *testing.T) client.Client {
	t.Helper()
	c, err := temporalkit.Dial(temporalkit.Options{
		Client: client.Options{HostPort: p.temporal}, Sealing: temporalkit.Sealing{Ring: temporalRing(t)}, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// decodedHistories returns every history, decrypted, as JSON, by workflow id, as
// soon as each of the wanted workflows is among them.
func decodedHistories(t *testing.T, p *process, wanted []string) map[string][]byte {
	t.Helper()
	c := p.temporalClient(t)
	codec := temporalkit.NewCodec(temporalkit.Sealing{Ring: temporalRing(t)})
	out := map[string][]byte{}
	require.Eventually(t, func() bool { // the index lags a little behind
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
		require.NoError(t, err)
		for _, e := range list.Executions {
			id := e.Execution.WorkflowId
			if out[id] != nil {
				continue
			}
			out[id] = historyOf(t, c, codec, id, e.Execution.RunId)
		}
		kinds := string(bytes.Join(slices.Collect(maps.Values(out)), nil))
		for _, name := range wanted {
			if !strings.Contains(kinds, `"workflowType":{"name":"`+name+`"}`) {
				return false
			}
		}
		return true
	}, waitFor, tick)
	return out
}

func historyOf(t *testing.T, c client.Client, codec converter.PayloadCodec, id, run string) []byte {
	t.Helper()
	var h historypb.History
	it := c.GetWorkflowHistory(t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		event, err := it.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	sealed := 0
	require.NoError(t, proxy.VisitPayloads(t.Context(), &h, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			for i, payload := range payloads {
				opened, err := codec.Decode([]*commonpb.Payload{payload})
				if err != nil {
					continue // what the server and the SDK write themselves is scanned as it is
				}
				sealed++
				payloads[i] = opened[0]
			}
			return payloads, nil
		},
	}))
	require.Positive(t, sealed, "no payload in %s", id)
	raw, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&h)
	require.NoError(t, err)
	return append(raw, inClear(&h)...)
}

// inClear returns the payloads of a history as they are: JSON holds bytes in base64.
func inClear(h *historypb.History) (raw []byte) {
	for _, event := range h.Events {
		_ = proxy.VisitPayloads(context.Background(), event, proxy.VisitPayloadsOptions{
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				for _, payload := range payloads {
					raw = append(append(raw, '\n'), payload.Data...)
				}
				return payloads, nil
			},
		})
	}
	return raw
}

// command runs a command of the program against the process' data folder.
func (p *process) command(t *testing.T, args ...string) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, append(args, "--data", p.dir)...)
	cmd.Env = append(os.Environ(), p.env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

// requireNoAddress reads what lists of workflows show, and what the UI shows beside a
// history: summaries, details and search attributes hold no address.
func requireNoAddress(t *testing.T, p *process) {
	t.Helper()
	c := p.temporalClient(t)
	codec := temporalkit.NewCodec(temporalkit.Sealing{Ring: temporalRing(t)})
	list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
	require.NoError(t, err)
	summarized, searchable := 0, 0
	for _, e := range list.Executions {
		id := e.Execution.WorkflowId
		require.NotContains(t, id, "@")
		for name, value := range e.GetSearchAttributes().GetIndexedFields() {
			require.NotContains(t, string(value.Data), "@", "%s of %s", name, id)
			searchable++
		}
		for name := range e.GetMemo().GetFields() {
			require.NotContains(t, name, "@", id)
		}
		found, err := c.DescribeWorkflowExecution(t.Context(), id, e.Execution.RunId)
		require.NoError(t, err)
		metadata := found.GetExecutionConfig().GetUserMetadata()
		for _, payload := range []*commonpb.Payload{metadata.GetSummary(), metadata.GetDetails()} {
			if payload == nil {
				continue // started by the test
			}
			opened, err := codec.Decode([]*commonpb.Payload{payload})
			require.NoError(t, err, "summaries are sealed as well")
			require.NotContains(t, string(opened[0].Data), "@", id)
			summarized++
		}
	}
	require.Greater(t, summarized, 40)
	require.Greater(t, searchable, 40)
}
