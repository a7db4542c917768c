package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) auditCommand() *cobra.Command {
	c := group("audit", "Show what administrators and commands did", p.auditListCommand())
	c.Long = "What administrators change over HTTP, and what commands change, is recorded before it is changed: who, what, to\n" +
		"what, when and from where, and then how it went. Nothing that was sent is kept. admin.audit_retention says for\n" +
		"how long."
	c.Example = "  everlatch audit list --target authid_01M8MB5EJ0P8HT8522SE1PVA77"
	return c
}

func (p *program) auditListCommand() *cobra.Command {
	var f store.AuditFilter
	var page pages
	var from, to, outcome string
	c := &cobra.Command{
		Short: "List what was done, the latest first",
		Long: "Lists what administrators and commands did or tried to do, the latest first. Without an outcome, it goes on or was\n" +
			"interrupted.",
		Example: "  everlatch audit list --actor user_01M8MB5EJ0P8HT8522SE1PVA77 --from 2026-11-01\n" +
			"  everlatch audit list --outcome refused --json",
	}
	c.Flags().StringVar(&f.ActorID, "actor", "", "only by this administrator, such as user_…, key or account")
	c.Flags().StringVar(&f.TargetID, "target", "", "only to this record, such as cus_…")
	c.Flags().StringVar(&f.RequestID, "request", "", "only by the request with this X-Request-Id")
	c.Flags().StringVar(&f.Action, "action", "", "only this route or command, such as 'identity disable'")
	c.Flags().StringVar(&outcome, "outcome", "", "only with this outcome: done, refused, failed or unknown")
	c.Flags().StringVar(&from, "from", "", "only since this date or time")
	c.Flags().StringVar(&to, "to", "", "only before this date or time")
	return list[everlatch.AuditEntry]{
		p: p, page: &page, table: auditTable, orders: "created_at", open: p.onStore,
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.AuditEntry, int, error) {
			var err error
			if f.From, err = timeFlag("from", from); err == nil {
				f.Until, err = timeFlag("to", to)
			}
			if err == nil && outcome != "" {
				f.Outcome, err = outcomeFlag(outcome)
			}
			if err != nil {
				return nil, 0, err
			}
			return s.Audit(ctx, f, page)
		},
	}.command(c)
}

func outcomeFlag(text string) (*string, error) {
	switch text {
	case everlatch.AuditDone, everlatch.AuditRefused, everlatch.AuditFailed:
		return &text, nil
	case "unknown":
		return new(everlatch.AuditUnknown), nil
	}
	return nil, errors.New("--outcome is one of done, refused, failed and unknown")
}

var auditTable = table[everlatch.AuditEntry]{
	key: "entries", header: []string{"AT", "BY", "WITH", "DID", "TO", "PART", "FROM", "OUTCOME", "STATUS", "REQUEST", "FLOW"},
	row: func(e everlatch.AuditEntry) []string {
		status := ""
		if e.Status != nil {
			status = strconv.Itoa(*e.Status)
		}
		return []string{
			moment(e.CreatedAt), e.ActorID, e.APIKeyID, e.Method + " " + e.Action, e.TargetID, e.PartID, e.Network, e.Outcome, status,
			e.RequestID, e.FlowID,
		}
	},
}

// reading are the last words of commands that change nothing. Every other command that opens
// a database is recorded.
var reading = []string{"list", "show", "attention", "policies", "statistics"}

// sealingKeys prints public keys.
const sealingKeys = "nexus keys"

// noted is the entry of a command, for what it learns about its target.
type noted struct{ target string }

// note says which record a command changes. What was typed may be an address.
func (t target) note(id string) {
	if t.noted != nil && t.noted.target == "" {
		t.noted.target = id
	}
}

// audited wraps what a command does with a record of it, which is written before anything
// is changed. The command does nothing when that fails.
func (p *program) audited(c *cobra.Command, do func(context.Context, target) error) func(context.Context, target) error {
	action := p.actionOf(c)
	if slices.Contains(reading, c.Name()) || action == sealingKeys {
		return do
	}
	return func(ctx context.Context, t target) error {
		e, err := t.store.BeginAudit(ctx, everlatch.AuditEntry{
			ActorType: actorCLI, ActorID: account(), Method: everlatch.AuditCommand, Action: action,
			TargetID: namedID(action, c.Flags().Args()), PartID: namedPart(action, c.Flags().Args()), Network: host(),
		})
		if err != nil {
			return err
		}
		t.noted = &noted{}
		err = do(ctx, t)
		e.TargetID, e.Outcome = t.noted.target, outcomeOf(err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditWithin)
		defer cancel()
		if failed := t.store.EndAudit(ctx, e); failed != nil {
			p.logger(config.Log{Level: "warn", Format: "text"}, "text").WarnContext(ctx, "the outcome of the command is not recorded", slog.Any("error", everlatch.Cause(failed)))
		}
		return err
	}
}

const (
	actorCLI = "cli"
	// auditWithin is how long a command waits for its outcome to be recorded.
	auditWithin = 5 * time.Second
)

// actionOf is the path of a command below the program: "identity disable".
func (p *program) actionOf(c *cobra.Command) string {
	action := c.Name()
	for above := c.Parent(); above != nil && above.HasParent(); above = above.Parent() {
		action = above.Name() + " " + action
	}
	return action
}

// ownID is what the ids of records look like. Jobs, rings of keys and events have names of
// other forms, and none of a person.
var (
	ownID   = regexp.MustCompile(`^[a-z]+_[0-9A-Za-z_-]+$`)
	ownName = regexp.MustCompile(`^[0-9A-Za-z._:-]+$`)
)

// namedID is the argument that names a record, where it is an id and not an address or a
// file. It is the first one, but for accounts of custom types, whose type comes first.
func namedID(action string, args []string) string {
	form := ownID
	switch first, _, _ := strings.Cut(action, " "); first {
	case "schedule", "keys", "event":
		form = ownName
	case "actor":
		args = args[min(1, len(args)):]
	}
	return idIn(args, 0, form)
}

// namedPart is the argument that names what a command is about within the record, such as
// a factor.
func namedPart(action string, args []string) string {
	switch action {
	case "identity end-session": // the ids of sessions have no prefix
		return idIn(args, 1, ownName)
	case "actor delete":
		return ""
	}
	return idIn(args, 1, ownID)
}

// maxAuditID is longer than any id of ours.
const maxAuditID = 128

// idIn is an argument that has the form of an id, or "".
func idIn(args []string, i int, form *regexp.Regexp) string {
	if len(args) <= i || len(args[i]) > maxAuditID || !form.MatchString(args[i]) {
		return ""
	}
	return args[i]
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return everlatch.AuditDone
	case everlatch.ErrorCode(err) == everlatch.CodeUnavailable || errors.Is(err, context.Canceled):
		return everlatch.AuditFailed
	}
	if e, ok := errors.AsType[*everlatch.Error](err); ok && e.Code != everlatch.CodeInternal {
		return everlatch.AuditRefused
	}
	return everlatch.AuditFailed
}

// account is the account of the operating system that runs the command.
func account() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
