//go:build linux

package crash_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	upgrade = flag.Bool("upgrade", false, "replace the program of an earlier commit under load")
	from    = flag.String("from", earlierCommit, "the earlier commit")
)

// earlierCommit is what a rollout replaces, until there is a release.
const earlierCommit = "5940bb7c39f937f228955b82053507cedf32499d"

// TestRollingUpgrade replaces an earlier program by this one while clients use every flow:
// it migrates the database under the earlier processes, and then replaces one process after
// the other. No request fails of clients who never repeat one, what was begun before is
// finished afterwards, and no flow is stuck.
func TestRollingUpgrade(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	onEachRollout(t, func(t *testing.T, c *cast, _, later program) {
		t.Helper()
		underLoad(t, c, rollout{change: func(ctx context.Context) {
			t.Logf("migrate: %s", printed(t, later.path, c.processes[workerNames[0]].env, "migrate", "up")) //nolint:contextcheck // the test's own is the same
			c.replace(ctx, t, later, slices.Concat(workerNames, apiNames))
		}})
		if len(later.env) > 0 {
			shown := printed(t, later.path, c.processes[workerNames[0]].env, "temporal", "deployment", "show")
			require.Contains(t, shown, "current", "the new version has become current by itself")
		}
	})
}

// TestRollback goes back to the earlier program, on the schema of this one, which stays. What
// this program has begun is finished by the earlier one. The APIs go first, so that no flow
// begins any more on a version that no worker will have. A flow that contains a step which the
// earlier program doesn't know waits: it is finished once this program runs again.
func TestRollback(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	onEachRollout(t, func(t *testing.T, c *cast, earlier, later program) {
		t.Helper()
		printed(t, later.path, c.processes[workerNames[0]].env, "migrate", "up")
		c.replace(t.Context(), t, later, slices.Concat(workerNames, apiNames))
		underLoad(t, c, rollout{
			change: func(ctx context.Context) { c.replace(ctx, t, earlier, slices.Concat(apiNames, workerNames)) },
			again:  func(ctx context.Context) { c.replace(ctx, t, later, slices.Concat(workerNames, apiNames)) },
		})
	})
}

// program is an executable with what is added to its environment.
type program struct {
	path string
	env  []string
}

// onEachRollout runs a test with an installation of the earlier program, for each way in
// which the later one may be rolled out.
func onEachRollout(t *testing.T, test func(t *testing.T, c *cast, earlier, later program)) {
	t.Helper()
	if !*upgrade {
		t.Skip("it takes minutes: make upgrade-test")
	}
	programs := map[string]string{"everlatch": buildEarlier(t, *from), "temporalserver": build(t)["temporalserver"]}
	for name, env := range map[string][]string{
		"workers without versions": nil,
		"workers with versions":    {"TEMPORAL_DEPLOYMENT_NAME=shop"},
	} {
		t.Run(name, func(t *testing.T) {
			test(t, newCastOf(t, programs), program{path: programs["everlatch"], env: env}, program{path: build(t)["everlatch"], env: env})
		})
	}
}

// replace replaces processes by those of a program, one after the other.
func (c *cast) replace(ctx context.Context, t *testing.T, with program, names []string) {
	t.Helper()
	for _, name := range names {
		p := c.processes[name]
		require.Zero(t, p.terminate(t), "%s ends well; log: %s", name, p.tail())
		p.path = with.path
		for _, variable := range with.env {
			if !slices.Contains(p.env, variable) {
				p.env = append(p.env, variable)
			}
		}
		p.start(t) //nolint:contextcheck // it outlives the call
		require.NoError(t, p.awaitReady(ctx), "log: %s", p.tail())
	}
}

// rollout is how an installation is changed: under load, and for a way back once more when
// the load is over. Between the two, steps that a program doesn't know may fail.
type rollout struct {
	change, again func(ctx context.Context)
}

// underLoad changes an installation while clients use every flow. No request fails of those
// who never repeat one, what was begun before is finished afterwards, and no flow is stuck.
func underLoad(t *testing.T, c *cast, r rollout) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfAll(len(c.processes)))
	defer cancel()
	supervised, release := context.WithCancel(ctx)
	var helpers, asking sync.WaitGroup
	l := newLedger()
	load := newLoad(supervised, c, l, &helpers)
	open := &waitingFlows{visitor: load.visitor(*visitors)}
	require.NoError(t, open.begin(ctx))

	load.start(ctx, rollingVisitors/2)
	rolling, rolled := context.WithCancel(ctx)
	defer rolled()
	served, faults := make([]int, rollingVisitors/2), make([]error, rollingVisitors/2)
	for i := range served {
		asking.Go(func() { served[i], faults[i] = asksOnce(rolling, c, i, l) })
	}
	r.change(ctx)
	require.NoError(t, open.finish(ctx))
	rolled()
	asking.Wait()
	load.finish(ctx)
	require.NoError(t, errors.Join(faults...))
	if r.again != nil {
		r.again(ctx)
	}

	n := &inspector{cast: c, ledger: l, client: newClient("http://"+c.proxy.address, "inspector", l), wentBack: r.again != nil}
	n.inspect(ctx)
	release()
	helpers.Wait()
	total := 0
	for _, n := range served {
		require.Positive(t, n)
		total += n
	}
	names, counts := l.tally()
	t.Logf("%d requests of clients who never repeat one, none failed; beside them:", total)
	for _, name := range names {
		t.Logf("%s: %d", name, counts[name])
	}
	for _, fault := range l.faults {
		t.Error(fault)
	}
}

// printed is what a command prints.
func printed(t *testing.T, path string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

// waitingFlows are flows that an earlier program begins and this one finishes.
type waitingFlows struct {
	*visitor

	forgetful, moving *person
	invited           string
}

// begin asks for what arrives by mail: a reset, another address, an invite.
func (o *waitingFlows) begin(ctx context.Context) (err error) {
	if o.forgetful, err = o.signUp(ctx); err != nil {
		return err
	}
	if o.moving, err = o.signUp(ctx); err != nil {
		return err
	}
	root, err := o.root(ctx)
	if err != nil {
		return err
	}
	o.invited = "invited-before@example.com"
	for _, r := range []struct {
		request

		status int
	}{
		{request{method: http.MethodPost, path: "/auth/customer/emailpass/reset-password", body: object{"identifier": o.forgetful.email}}, http.StatusCreated},
		{request{method: http.MethodPost, path: "/store/customers/me/email", body: object{"email": "new-" + o.moving.email}, header: bearer(o.moving.token)}, http.StatusAccepted},
		{request{method: http.MethodPost, path: "/admin/invites", body: object{"email": o.invited}, header: bearer(root), keyed: true}, http.StatusOK},
	} {
		a, err := o.once(ctx, r.request)
		if err == nil {
			err = a.want(r.path, r.status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finish uses the links of those mails.
func (o *waitingFlows) finish(ctx context.Context) error {
	reset, err := o.box.token(ctx, o.forgetful.email, "/reset-password")
	if err != nil {
		return err
	}
	moved, err := o.box.token(ctx, "new-"+o.moving.email, "/confirm-email")
	if err != nil {
		return err
	}
	invite, err := o.box.token(ctx, o.invited, "/app/invite")
	if err != nil {
		return err
	}
	const another = "another-Secret-of-a-visitor"
	send := func(r request, status int) (reply, error) {
		a, err := o.once(ctx, r)
		if err == nil {
			err = a.want(r.path, status)
		}
		return a, err
	}
	if _, err := send(request{
		method: http.MethodPost, path: "/auth/customer/emailpass/update", body: object{"password": another}, header: bearer(reset),
	}, http.StatusOK); err != nil {
		return err
	}
	if _, err := send(request{
		method: http.MethodPost, path: "/store/customers/me/email/confirm", body: object{"token": moved}, header: bearer(o.moving.token),
	}, http.StatusOK); err != nil {
		return err
	}
	registered, err := send(request{
		method: http.MethodPost, path: "/auth/user/emailpass/register", body: object{"email": o.invited, "password": another},
	}, http.StatusOK)
	if err != nil {
		return err
	}
	invited := &person{actorType: userType, token: registered.text("token"), identity: claim(registered.text("token"), "auth_identity_id")}
	accepted, err := o.accept(ctx, invited, invite)
	if err == nil {
		err = accepted.want("accept an invite", http.StatusOK)
	}
	if err != nil {
		return err
	}
	o.forgetful.password, o.moving.email = another, "new-"+o.moving.email
	for _, what := range []string{"accepted password changes", "accepted e-mail changes", "accepted invites"} {
		o.ledger.count(what)
	}
	o.ledger.keep(o.forgetful)
	o.ledger.keep(o.moving)
	return errors.Join(
		o.expectSignIn(ctx, o.forgetful, o.forgetful.email, another, http.StatusOK),
		o.expectSignIn(ctx, o.moving, o.moving.email, o.moving.password, http.StatusOK),
		o.expectSignIn(ctx, invited, o.invited, another, http.StatusOK),
	)
}

// TestEarlierCommit: the commit that a rollout replaces is in the history, or nothing would
// ever be rolled out.
func TestEarlierCommit(t *testing.T) {
	t.Parallel()
	needCommit(t, earlierCommit)
}

// needCommit skips a test where the repository has no history, or a shallow one. In a whole
// history a commit that is missing is a mistake.
func needCommit(t *testing.T, commit string) {
	t.Helper()
	root := repository(t, ".")
	shallow, err := exec.CommandContext(t.Context(), "git", "-C", root, "rev-parse", "--is-shallow-repository").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "*** SKIPPED: %s needs the repository: %s\n", t.Name(), shallow)
		t.Skip("the repository is not here")
	}
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "merge-base", "--is-ancestor", commit, "HEAD").CombinedOutput()
	if err != nil && strings.TrimSpace(string(shallow)) == "true" {
		fmt.Fprintf(os.Stderr, "*** SKIPPED: %s needs the commit %s, and the clone is shallow\n", t.Name(), commit)
		t.Skip("the history of the repository is not here")
	}
	require.NoError(t, err, "%s is not in the history: %s", commit, out)
}

// buildEarlier builds the program of a commit.
func buildEarlier(t *testing.T, commit string) string {
	t.Helper()
	root := repository(t, ".")
	needCommit(t, commit)
	folder := t.TempDir()
	archive, path := filepath.Join(folder, "earlier.tar"), filepath.Join(folder, "everlatch-earlier")
	for _, args := range [][]string{
		{"git", "-C", root, "archive", "--format=tar", "-o", archive, commit},
		{"tar", "-xf", archive, "-C", folder},
		{"go", "build", "-C", folder, "-buildvcs=false", "-tags", "noembedded", "-o", path, "./cmd/everlatch"},
	} {
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
	}
	return path
}
