package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/trails"
)

func (p *program) flowCommand() *cobra.Command {
	flow := group("flow", "Find flows, see what happened in one, and what needs an operator",
		p.flowListCommand(), p.flowShowCommand(), p.flowAttentionCommand())
	flow.Long = "A flow is one whole exchange with a person, run by one workflow. Temporal keeps it for the retention of the\n" +
		"namespace, and so do these commands."
	flow.Example = "  everlatch flow list --email ada@example.com     what Ada tried\n" +
		"  everlatch flow show password-reset/emailpass/h:… and what became of it"
	return flow
}

// flowQuery is what `flow list` was asked for.
type flowQuery struct {
	trails.Person
	flows.FlowFilter

	since time.Duration
	json  bool
}

func (p *program) flowListCommand() *cobra.Command {
	var q flowQuery
	c := &cobra.Command{
		Use:   "list",
		Short: "List flows, by whom they are about or how they ended",
		Long: "Lists flows: those that run first, and then the ones that ended last. A person is found by any of --identity,\n" +
			"--actor and --email, with the sign-ins that were refused. The list lags a moment behind.",
		Example: "  everlatch flow list --email ada@example.com\n  everlatch flow list --outcome refused --since 1h --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if q.Limit < 1 {
				return fmt.Errorf("--limit is %d, and at least 1 is expected", q.Limit)
			}
			if q.since > 0 {
				q.Since = clock().Add(-q.since)
			}
			return p.withTrails(c, func(ctx context.Context, b trails.Book) error {
				found, err := b.Find(ctx, q.Person, q.FlowFilter)
				if err != nil {
					return err
				}
				return flowTable.answer(p, q.json, found, len(found))
			})
		},
	}
	f := c.Flags()
	f.StringVar(&q.IdentityID, "identity", "", "only flows of this identity")
	f.StringVar(&q.ActorID, "actor", "", "only flows of this account, such as cus_…")
	f.StringVar(&q.Email, "email", "", "only flows about this address, of accounts or not")
	f.StringVar(&q.RequestID, "request", "", "only flows that the request with this X-Request-Id has started")
	f.StringVar(&q.WorkflowID, "id", "", "only flows with this workflow id")
	f.StringVar(&q.Workflow, "workflow", "", "only flows of this workflow, such as PasswordReset")
	f.StringVar(&q.Outcome, "outcome", "", "only flows with this outcome, such as refused")
	f.DurationVar(&q.since, "since", 0, "only flows that were started within this time, such as 1h")
	f.IntVar(&q.Limit, "limit", 50, "how many to list at most")
	c.MarkFlagsMutuallyExclusive("identity", "actor", "email")
	jsonFlag(c, &q.json)
	return c
}

var flowTable = table[flows.FlowInfo]{
	key: "flows", header: []string{"STARTED", "FLOW", "STATUS", "OUTCOME", "FOR", "WITH", "ID"},
	row: func(f flows.FlowInfo) []string {
		return []string{moment(f.StartedAt), f.Title, f.Status, f.Outcome, f.ActorType, f.Provider, f.ID}
	},
}

func (p *program) flowShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Tell what happened in a flow",
		Long: "Tells what happened in a flow, from its history, its events and their deliveries. ID is a workflow id, which\n" +
			"`everlatch flow list` finds. Times are in UTC.",
		Example: "  everlatch flow show authenticate/customer/01M8MB5EJ0P8HT8522SE1PVA77",
		Args:    oneArg("the workflow id of a flow"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withTrails(c, func(ctx context.Context, b trails.Book) error {
				s, err := b.Tell(ctx, args[0])
				if err != nil {
					return err
				}
				return p.answer(asJSON, s, func(w io.Writer) { writeTrail(w, s) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func writeTrail(w io.Writer, s flows.FlowTrail) {
	row(w, "id", s.ID)
	row(w, "flow", s.Title)
	row(w, "status", s.Status)
	for _, line := range [][2]string{
		{"outcome", s.Outcome},
		{"for", strings.TrimSpace(s.ActorType + " " + s.ActorID)},
		{"with", s.Provider},
		{"identity", s.AuthIdentityID},
		{"request", s.RequestID},
		{"now", s.Now},
	} {
		if line[1] != "" {
			row(w, line[0], line[1])
		}
	}
	_, _ = fmt.Fprintln(w)
	for _, m := range s.Moments {
		row(w, m.At.UTC().Format(time.DateTime), m.Text)
	}
}

func (p *program) flowAttentionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "attention",
		Short: "List what does not end by itself, with what to do",
		Long: "Lists flows that could not undo everything, removals that have failed, steps that do not succeed, and dead\n" +
			"letters, each with what to do.",
		Example: "  everlatch flow attention --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withTrails(c, func(ctx context.Context, b trails.Book) error {
				found, err := b.Attention(ctx)
				if err != nil {
					return err
				}
				return p.answer(asJSON, map[string]any{"attention": found}, func(w io.Writer) { writeAttention(w, found) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func writeAttention(w io.Writer, found []flows.Attention) {
	if len(found) == 0 {
		_, _ = fmt.Fprintln(w, "Nothing needs attention.")
	}
	for _, a := range found {
		row(w, "flow", a.Flow.String())
		row(w, "why", a.Why)
		row(w, "do", a.Advice)
		_, _ = fmt.Fprintln(w)
	}
}

func (p *program) withTrails(c *cobra.Command, do func(ctx context.Context, b trails.Book) error) error {
	return p.onFlows(c, existing, func(ctx context.Context, t target) error {
		err := do(ctx, trails.Book{Flows: t.app.Flows(), Store: t.store})
		if errors.Is(err, everlatch.ErrUnavailable) {
			return unavailable(err, "is Temporal reachable?")
		}
		return err
	})
}
