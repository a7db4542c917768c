//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// settleWithin is how long what was begun may take to finish after the last failure: a
// delivery is retried with pauses, an account removed after its grace.
const settleWithin = 3 * time.Minute

// settleAgainWithin is the same after an earlier program has failed workflow tasks: Temporal
// waits longer before each attempt, and the later version is current again only when the
// earlier one has not polled for 90 s.
const settleAgainWithin = 10 * time.Minute

// inspector compares what clients were promised with what is there.
type inspector struct {
	cast   *cast
	ledger *ledger
	client *client
	// wentBack says that an earlier program was given flows of a later one.
	wentBack bool
}

// inspect waits until the installation is quiet, and notes all that is wrong.
func (n *inspector) inspect(ctx context.Context) {
	begun := time.Now()
	n.awaitQuiet(ctx)
	n.ledger.add("seconds until quiet", int(time.Since(begun).Seconds()))
	for _, invariant := range nothingHalf {
		found, err := n.find(ctx, invariant.query)
		n.report(invariant.what, found, err)
	}
	for _, p := range n.ledger.accounts {
		n.check(p.email, n.checkAccount(ctx, p))
	}
	for _, p := range n.ledger.removed {
		n.check(p.email, n.checkRemoved(ctx, p))
	}
	for _, i := range n.ledger.invites {
		n.check(i.email, n.checkInvite(ctx, i))
	}
	n.check("accounts", n.checkCounts(ctx))
	late, err := n.find(ctx, `SELECT event_id FROM delivery WHERE error = $1`, tooLate)
	n.check("deliveries", err)
	n.ledger.add("mails about a removal that came first", len(late))
	n.awaitQuiet(ctx) // the sign-ins above have events, which are delivered
	n.checkFlows(ctx)
	n.checkMails(ctx)
	n.checkLogs()
}

// awaitQuiet waits until no query finds anything any more and no short flow is open, at
// most settleWithin. What is then still there is reported afterwards.
func (n *inspector) awaitQuiet(ctx context.Context) {
	within := settleWithin
	if n.wentBack {
		within = settleAgainWithin
	}
	_ = await(ctx, within, "quiet", func() bool {
		for _, invariant := range nothingHalf {
			if found, err := n.find(ctx, invariant.query); err != nil || len(found) > 0 {
				rest(ctx, 500*time.Millisecond)
				return false
			}
		}
		open, err := n.openFlows(ctx)
		return err == nil && len(open) == 0
	})
}

func (n *inspector) check(who string, err error) {
	if err != nil {
		n.ledger.fault("%s: %v", who, err)
	}
}

func (n *inspector) report(what string, found []string, err error) {
	if err != nil {
		n.ledger.fault("harness: %s: %v", what, err)
	}
	if len(found) > 0 {
		n.ledger.fault("%s: %d, such as %s", what, len(found), strings.Join(found[:min(len(found), 5)], ", "))
	}
}

// find is [find] in Everlatch's database.
func (n *inspector) find(ctx context.Context, query string, args ...any) ([]string, error) {
	return find(ctx, n.cast.db, query, args...)
}

// checkAccount wants an account exactly once, with its actor, under its latest
// address, and that its latest password signs in.
func (n *inspector) checkAccount(ctx context.Context, p *person) error {
	var identity, account string
	err := n.cast.db.QueryRowContext(ctx, `SELECT i.id, l.actor_id FROM provider_identity p
		JOIN auth_identity i ON i.id = p.auth_identity_id AND i.deleted_at IS NULL
		JOIN actor_link l ON l.auth_identity_id = i.id AND l.actor_type = $1
		WHERE p.provider = $2 AND p.entity_key = $3 AND p.deleted_at IS NULL`, p.actorType, p.provider, p.email).Scan(&identity, &account)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errors.New("an accepted account is lost")
	case err != nil:
		return err
	case identity != p.identity || account != p.account:
		return fmt.Errorf("the account is %s of %s, confirmed was %s of %s", account, identity, p.account, p.identity)
	case p.provider != emailpass:
		return nil
	}
	table := map[string]string{customerType: "customer", userType: `"user"`}[p.actorType]
	found, err := n.find(ctx, `SELECT id FROM `+table+` WHERE email_key = $1 AND deleted_at IS NULL`, p.email)
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0] != p.account {
		return fmt.Errorf("the accounts with the address are %v, confirmed was %s", found, p.account)
	}
	return n.signsIn(ctx, p, http.StatusOK)
}

// signsIn wants an answer to the latest password.
func (n *inspector) signsIn(ctx context.Context, p *person, status int) error {
	r, err := n.client.ask(ctx, request{
		method: http.MethodPost, path: "/auth/" + p.actorType + "/emailpass", body: object{"email": p.email, "password": p.password},
	})
	if err != nil {
		return err
	}
	return r.want("the latest password", status)
}

// checkRemoved wants nothing that is left of an account, and no way in.
func (n *inspector) checkRemoved(ctx context.Context, p *person) error {
	for what, query := range map[string]string{
		"a customer":       `SELECT id FROM customer WHERE id = $1 OR email_key = $2`,
		"a sign-in method": `SELECT id FROM provider_identity WHERE id = $1 OR entity_key = $2`,
		"a link":           `SELECT auth_identity_id FROM actor_link WHERE actor_id = $1 OR auth_identity_id = $2`,
		"a session":        `SELECT id FROM session WHERE actor_id = $1 OR auth_identity_id = $2`,
		"a sign-in":        `SELECT id FROM sign_in WHERE actor_id = $1 OR auth_identity_id = $2`,
	} {
		second := p.identity
		if strings.Contains(query, "_key") {
			second = p.email
		}
		if found, err := n.find(ctx, query, p.account, second); err != nil || len(found) > 0 {
			return fmt.Errorf("%s of a removed account: %v %w", what, found, err)
		}
	}
	me, err := n.client.ask(ctx, request{method: http.MethodGet, path: "/store/customers/me", header: bearer(p.token)})
	if err != nil {
		return err
	}
	return errors.Join(me.want("a token of a removed account", http.StatusUnauthorized), n.signsIn(ctx, p, http.StatusUnauthorized))
}

// checkInvite wants an accepted invite to have made one administrator, and a revoked one
// none.
func (n *inspector) checkInvite(ctx context.Context, i invitation) error {
	var accepted bool
	if err := n.cast.db.QueryRowContext(ctx, `SELECT accepted FROM invite WHERE id = $1`, i.id).Scan(&accepted); err != nil {
		if errors.Is(err, sql.ErrNoRows) && !i.accepted {
			return nil
		}
		return fmt.Errorf("invite %s: %w", i.id, err)
	}
	if accepted != i.accepted {
		return fmt.Errorf("invite %s: accepted is %v, confirmed was %v", i.id, accepted, i.accepted)
	}
	return nil
}

// promisedBy are the events that stand for what clients were promised, by what the ledger
// counts. Where there are two counts, each of both has one event.
var promisedBy = map[string][]string{
	"customer.created":            {"accepted sign-ups", "accepted social logins"},
	"auth.password_changed":       {"accepted password changes"},
	"auth.email_changed":          {"accepted e-mail changes"},
	"auth.email_change_undone":    {"accepted undos of e-mail changes"},
	"auth.mfa_enabled":            {"accepted second factors"},
	"invite.accepted":             {"accepted invites"},
	"invite.deleted":              {"accepted revocations of invites"},
	"customer.deletion_scheduled": {"accepted deletions"},
	"customer.deletion_cancelled": {"cancelled deletions"},
}

// checkCounts wants no account and no event without a client who was promised it, and an
// event for each promise. A client that has met a fault has not finished what it began, and
// counts nothing.
func (n *inspector) checkCounts(ctx context.Context) error {
	if len(n.ledger.faults) > 0 {
		return nil
	}
	promised := 0
	for _, p := range n.ledger.accounts {
		if p.actorType == customerType {
			promised++
		}
	}
	found, err := n.find(ctx, `SELECT id FROM customer WHERE deleted_at IS NULL`)
	problems := []error{err}
	if len(found) != promised {
		problems = append(problems, fmt.Errorf("%d customers, promised were %d", len(found), promised))
	}
	_, counts := n.ledger.tally()
	for name, whats := range promisedBy {
		events, err := n.find(ctx, `SELECT id FROM event WHERE name = $1`, name)
		problems = append(problems, err)
		promised := 0
		for _, what := range whats {
			promised += counts[what]
		}
		if len(events) != promised {
			problems = append(problems, fmt.Errorf("%d events %s, promised were %d", len(events), name, promised))
		}
	}
	return errors.Join(problems...)
}
