package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/keys"
)

func (p *program) keysCommand() *cobra.Command {
	c := group("keys", "Rotate the keys of tokens, cookies, sealed values, payloads and second factors",
		p.keysListCommand(), p.keysRotateCommand(), p.keysRetireCommand())
	c.Long = "Each ring has one key that seals or signs and previous ones that open and verify:\n\n" +
		"  jwt         tokens\n" +
		"  cookie      session cookies\n" +
		"  vault       what waits in the database: passwords, codes, tokens of providers, staged imports\n" +
		"  codec       payloads in Temporal\n" +
		"  mfa         secrets of second factors\n" +
		"  encryption  encryption.keys, which encrypt the keys of the other rings\n\n" +
		"To rotate a ring: everlatch keys rotate RING, and when nothing depends on the previous key any more,\n" +
		"everlatch keys retire RING ID. No process has to be restarted, and no request fails. Both can be repeated.\n" +
		"No command shows a key. For API keys see everlatch key."
	c.Example = "  everlatch keys list\n  everlatch keys rotate jwt cookie vault codec mfa\n  everlatch keys retire jwt 2f6vq0t3r5xa"
	return c
}

func (p *program) keysListCommand() *cobra.Command {
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the keys with their state and what still depends on them",
		Long: "Lists the keys of all rings. NEEDED BY is what a previous key still opens: values in the database, which the\n" +
			"schedule reseal seals again; histories in Temporal, which end with the retention of the namespace; and the time\n" +
			"until which tokens and sessions are valid that it has signed.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onFlows(c, existing, func(ctx context.Context, t target) error {
				found, err := t.app.Keys().List(ctx, t.app.Histories)
				if err != nil {
					return err
				}
				if !all {
					found = slices.DeleteFunc(found, func(k keys.Key) bool { return k.State == keys.Retired })
				}
				return p.answer(asJSON, map[string]any{"keys": found}, func(w io.Writer) { writeKeys(w, found) })
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "list retired keys, too")
	jsonFlag(c, &asJSON)
	return c
}

func writeKeys(w io.Writer, found []keys.Key) {
	row(w, "RING", "ID", "STATE", "SINCE", "SOURCE", "HELD BY", "NEEDED BY")
	for _, k := range found {
		held := ""
		if k.State != keys.Retired && k.ID != "medusa" {
			held = fmt.Sprintf("%d of %d", k.Processes-len(k.Lacking), k.Processes)
		}
		row(w, k.Ring, k.ID, k.State, moment(k.Since()), k.Source, held, k.Needs.In(clock()))
	}
}

// keysRequest is what `keys rotate` was asked for.
type keysRequest struct {
	again, detach, json bool
}

func (p *program) keysRotateCommand() *cobra.Command {
	var r keysRequest
	c := &cobra.Command{
		Use:   "rotate RING...",
		Short: "Give rings another key, and wait until every process uses it",
		Long: "Adds a key to each ring. Every process loads it within seconds; when all of them hold it, they begin to use it\n" +
			"together. With key pairs (http.jwt_options.algorithm), the public half is published for keys.publish_for first.\n" +
			"Then the flow Reseal seals again what the previous key has sealed, and the command says what to do next.\n\n" +
			"Repeating the command continues a rotation that has begun, and changes nothing shortly after one that has ended.\n" +
			"Interrupting it does not stop the rotation.\n\n" +
			"Programs that verify tokens themselves with JWT_SECRET don't have the new key: rotate that ring by putting a new\n" +
			"secret into http.jwt_secret and the previous one into http.jwt_previous_secrets. encryption.keys rotate the same\n" +
			"way. A new first key of the configuration is used when every process has it.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s needs a ring: %s; see %[1]s --help", c.CommandPath(), strings.Join(keys.All, ", "))
			}
			return nil
		},
		ValidArgs: keys.All,
		RunE: func(c *cobra.Command, args []string) error {
			return p.onFlows(c, existing, func(ctx context.Context, t target) error { return p.rotateKeys(ctx, t, args, r) })
		},
	}
	c.Flags().BoolVar(&r.again, "again", false, "add another key although the ring was rotated a moment ago")
	c.Flags().BoolVar(&r.detach, "detach", false, "do not wait; everlatch keys list tells how it goes")
	jsonFlag(c, &r.json)
	return c
}

func (p *program) rotateKeys(ctx context.Context, t target, rings []string, r keysRequest) error {
	for _, ring := range rings {
		if !slices.Contains(keys.All, ring) { // before the first one is rotated
			return fmt.Errorf("there is no ring %q; the rings are %s", ring, strings.Join(keys.All, ", "))
		}
	}
	var waiting, done []keys.Key
	for _, ring := range rings {
		k, err := t.app.Keys().Rotate(ctx, ring, r.again)
		if err != nil {
			return err
		}
		if k.State == keys.Active {
			p.note("%s: %s was added %s ago and is in use already", ring, k.ID, clock().Sub(k.AddedAt).Round(time.Second))
			done = append(done, k)
			continue
		}
		p.note("%s: added %s", ring, k.ID)
		waiting = append(waiting, k)
	}
	if !r.detach {
		used, err := p.awaitKeys(ctx, t.app, waiting)
		if err != nil {
			return err
		}
		done, waiting = append(done, used...), nil
		p.resealNow(ctx, t.app)
	}
	all := append(done, waiting...)
	return p.answer(r.json, map[string]any{"keys": all}, func(w io.Writer) { p.nextSteps(ctx, w, t.app, rings) })
}

func (p *program) note(format string, args ...any) {
	_, _ = fmt.Fprintf(p.stderr, format+"\n", args...)
}

const (
	// keysPoll is how often a rotation is looked at.
	keysPoll = 250 * time.Millisecond
	// keysNews is how often it is told what a rotation waits for.
	keysNews = 5 * time.Second
)

// awaitKeys waits until keys are in use, and tells what they wait for.
func (p *program) awaitKeys(ctx context.Context, a *app.App, waiting []keys.Key) (done []keys.Key, err error) {
	ticker := time.NewTicker(keysPoll)
	defer ticker.Stop()
	told := clock()
	for len(waiting) > 0 {
		select {
		case <-ctx.Done():
			p.note("The rotation goes on without this command; `%s keys list` tells how it goes.", p.name)
			return done, ctx.Err()
		case <-ticker.C:
		}
		if err := a.Keys().Advance(ctx); err != nil {
			return done, err
		}
		found, err := a.Keys().Keys(ctx)
		if err != nil {
			return done, err
		}
		news := clock().Sub(told) >= keysNews
		var still []keys.Key
		for _, k := range waiting {
			at := slices.IndexFunc(found, func(f keys.Key) bool { return f.Ring == k.Ring && f.ID == k.ID })
			switch {
			case at < 0 || found[at].State == keys.Retired:
				return done, fmt.Errorf("the key %s of the ring %s was retired meanwhile", k.ID, k.Ring)
			case found[at].State != keys.Next:
				p.note("%s: every process uses %s", k.Ring, k.ID)
				done = append(done, found[at])
				continue
			case news:
				p.note("%s", keyWaits(found[at]))
			}
			still = append(still, k)
		}
		if waiting = still; news {
			told = clock()
		}
	}
	return done, nil
}

// keyWaits says what a key waits for.
func keyWaits(k keys.Key) string {
	if !k.ActiveFrom.IsZero() {
		return fmt.Sprintf("%s: %s is used from %s on", k.Ring, k.ID, moment(k.ActiveFrom))
	}
	if len(k.Lacking) == 0 {
		return fmt.Sprintf("%s: every process holds %s", k.Ring, k.ID)
	}
	return fmt.Sprintf("%s: waits until it is held by: %s. A process that was killed is not waited for after half a minute", k.Ring, strings.Join(k.Lacking, "; "))
}

// resealNow starts the flow that the schedule would start later.
func (p *program) resealNow(ctx context.Context, a *app.App) {
	if err := a.Flows().TriggerSchedule(ctx, app.ScheduleReseal); err != nil && ctx.Err() == nil {
		p.note("The flow Reseal was not started (%v); the schedule %s starts it.", everlatch.Cause(err), app.ScheduleReseal)
	}
}

// nextSteps says what is left to do with the previous keys of rings.
func (p *program) nextSteps(ctx context.Context, w io.Writer, a *app.App, rings []string) {
	found, err := a.Keys().List(ctx, a.Histories)
	if err != nil {
		_, _ = fmt.Fprintf(w, "What is left to do: `%s keys list`\n", p.name)
		return
	}
	row(w, "RING", "PREVIOUS", "NEEDED BY", "THEN")
	for _, k := range found {
		if !slices.Contains(rings, k.Ring) || k.State != keys.Previous {
			continue
		}
		then := p.name + " keys retire " + k.Ring + " " + k.ID
		if k.ID == "medusa" {
			then = "remove auth.mfa.encryption_key"
		}
		needs := k.Needs.In(clock())
		if needs == "" {
			needs = "nothing"
		}
		row(w, k.Ring, k.ID, needs, then)
	}
}

func (p *program) keysRetireCommand() *cobra.Command {
	var force, asJSON bool
	c := &cobra.Command{
		Use:   "retire RING ID",
		Short: "Refuse a previous key from now on, and destroy it",
		Long: "Retires a key that is not in use any more. While something depends on it, the command refuses and says what.\n" +
			"With --force, that is lost: tokens and sessions of the key are refused, and what it has sealed cannot be read.\n" +
			"That is for a key that others know. A key in the configuration is refused although it is there; remove it at the\n" +
			"next occasion.",
		Example: "  everlatch keys retire codec k1",
		Args:    twoArgs("a ring and the id of a key"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onFlows(c, existing, func(ctx context.Context, t target) error {
				k, err := t.app.Keys().Retire(ctx, args[0], args[1], force, t.app.Histories)
				if needed, ok := errors.AsType[*keys.NeededError](err); ok {
					return p.stillNeeded(needed)
				}
				if err != nil {
					return err
				}
				return p.answer(asJSON, map[string]any{"key": k}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%s/%s is retired.\n", k.Ring, k.ID)
					if where := configuredAt[k.Ring]; k.Source == "configuration" && where != "" {
						_, _ = fmt.Fprintf(w, "When it is retired in every ring that has it, remove it from %s.\n", where)
					}
				})
			})
		},
	}
	c.Flags().BoolVar(&force, "force", false, "retire a key that is still needed: what depends on it is lost")
	jsonFlag(c, &asJSON)
	return c
}

// configuredAt is where the configuration has the keys of a ring.
var configuredAt = map[string]string{
	keys.JWT: "http.jwt_secret and http.jwt_previous_secrets", keys.Cookie: "http.cookie_secret and http.cookie_previous_secrets",
	keys.Vault: "encryption.keys", keys.Codec: "encryption.keys", keys.MFA: "encryption.keys", keys.Encryption: "encryption.keys",
}

// stillNeeded says what an operator does about a key that is needed.
func (p *program) stillNeeded(e *keys.NeededError) error {
	advice := "; `" + p.name + " schedule trigger " + app.ScheduleReseal + "` seals values again, the rest ends with time"
	switch {
	case e.Key.Ring == keys.Encryption:
		advice = "; `" + p.name + " schedule trigger " + app.ScheduleReseal + "` encrypts keys again, and the rings that are named have to retire the key first"
	case e.Key.Needs.Histories < 0:
		advice = "; is Temporal reachable?"
	}
	return errors.New(e.Error() + advice)
}
