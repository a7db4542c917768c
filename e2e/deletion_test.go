package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

const mePath = "/store/customers/me"

func graceOf(span string) string { return cheapHashes + "deletion: {grace: " + span + "}\n" }

// becomes registers a customer and signs them in.
func (p *process) becomes(t *testing.T, email string) (token string) {
	t.Helper()
	a := p.call(t, "POST", "/store/customers", object{"email": email}, bearer(p.register(t, email, password))...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return p.login(t, email, password)
}

func (p *process) deleteMe(t *testing.T, token string) answer {
	t.Helper()
	return p.call(t, "DELETE", mePath, nil, bearer(token)...)
}

// TestAccountDeletion asks, is signed out, thinks again, over a crash; and asks
// again, and an administrator is faster.
func TestAccountDeletion(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	o := devOptions{config: graceOf("14d")}
	p := startDev(t, o)
	root := p.root(t)
	token := p.becomes(t, email)
	session := p.call(t, "POST", "/auth/session", nil, bearer(token)...)
	cookie, _, _ := strings.Cut(session.header.Get("Set-Cookie"), ";")

	asked := p.deleteMe(t, token)

	require.Equal(t, 202, asked.status, "%s", asked.raw)
	at, err := time.Parse(time.RFC3339, asked.str(t, "deletion_at"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(14*24*time.Hour), at, time.Minute)
	for name, header := range map[string][]string{"token": bearer(token), "session": {"Cookie", cookie}} {
		require.Equal(t, 401, p.call(t, "GET", mePath, nil, header...).status, "the %s has ended", name)
	}
	require.Equal(t, string(asked.raw), string(p.deleteMe(t, token).raw), "asked again")
	told := fmt.Sprint(p.mailTo(t, email, everlatch.EventDeletionScheduled, 1))
	require.Contains(t, told, at.Format("2 January 2006"))

	p.kill()
	o.dir = p.dir
	p = startDev(t, o)
	require.Equal(t, 401, p.call(t, "POST", "/auth/token/refresh", nil, bearer(token)...).status, "a refresh is no sign-in")
	again := p.login(t, email, password)
	require.Equal(t, 200, p.call(t, "GET", mePath, nil, bearer(again)...).status)
	p.mailTo(t, email, everlatch.EventDeletionCancelled, 1)
	p.login(t, email, password)
	require.Equal(t, 1, p.released(t, everlatch.EventDeletionCancelled, root))
	require.Equal(t, 401, p.deleteMe(t, token).status, "the first request is history")

	require.Equal(t, 202, p.deleteMe(t, again).status)
	id := asked.str(t, "id")
	require.Equal(t, 200, p.call(t, "DELETE", "/admin/customers/"+id, nil, bearer(root)...).status)
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password}).status)
	require.Eventually(t, func() bool { return p.released(t, everlatch.EventCustomerErased, root) == 1 }, waitFor, tick)
	a := p.call(t, "GET", "/admin/customers?with_deleted=true&id="+id, nil, bearer(root)...)
	require.Contains(t, string(a.raw), email, "what an administrator removed is kept a while")
}

// TestAccountDeletionIsDone lets the time pass: nothing is left of the person,
// and the receipt does not say who it was.
func TestAccountDeletionIsDone(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"200ms", "0"} {
		t.Run(grace, func(t *testing.T) {
			t.Parallel()
			const email = "ada@example.com"
			p := startDev(t, devOptions{config: graceOf(grace)})
			root := p.root(t)
			token := p.becomes(t, email)
			answers := parallel(t, 50, func(int) (answer, error) {
				return p.try(t.Context(), "DELETE", mePath, nil, bearer(token)...)
			})
			id := ""
			for _, a := range answers {
				if a.status != 401 { // who was too late
					require.Equal(t, map[string]int{"0": 200}[grace]+map[string]int{"200ms": 202}[grace], a.status, "%s", a.raw)
					id = a.str(t, "id")
				}
			}
			require.NotEmpty(t, id, "at least one was in time")
			p.mailTo(t, email, everlatch.EventCustomerErased, 1)
			for _, name := range []string{everlatch.EventCustomerErased, everlatch.EventCustomerDeleted, everlatch.EventIdentityDeleted} {
				require.Equal(t, 1, p.released(t, name, root), name)
			}
			receipt := p.call(t, "GET", "/admin/events?name=customer.erased", nil, bearer(root)...)
			require.Contains(t, string(receipt.raw), id)
			require.NotContains(t, string(receipt.raw), email)
			a := p.call(t, "GET", "/admin/customers?with_deleted=true&id="+id, nil, bearer(root)...)
			require.Contains(t, string(a.raw), `"count":0`, "no row is left")
			require.Equal(t, 401, p.deleteMe(t, token).status)
			p.becomes(t, email) // the address is free
		})
	}
}

// TestSignInMeetsDeletion signs 50 people in around the time at which they are
// removed. Each is there with everything, or gone with everything.
func TestSignInMeetsDeletion(t *testing.T) {
	t.Parallel()
	const people = 50
	p := startDev(t, devOptions{config: graceOf("2s")})
	root := p.root(t)
	tokens := make([]string, people)
	for i := range people {
		tokens[i] = p.becomes(t, addressOf(i))
	}
	signIn := func(ctx context.Context, i int) (answer, error) {
		return p.try(ctx, "POST", "/auth/customer/emailpass", object{"email": addressOf(i), "password": password})
	}
	met := parallel(t, people, func(i int) (answer, error) {
		asked, err := retrying(func() (answer, error) { return p.try(t.Context(), "DELETE", mePath, nil, bearer(tokens[i])...) })
		if err != nil || asked.status != 202 {
			return asked, err // 401: it was heard before, and is over
		}
		at, err := time.Parse(time.RFC3339, asked.str(t, "deletion_at"))
		if err != nil {
			return asked, err
		}
		timer := time.NewTimer(time.Until(at) + time.Duration(i-people/2)*20*time.Millisecond)
		defer timer.Stop()
		<-timer.C
		return retrying(func() (answer, error) { return signIn(t.Context(), i) })
	})
	kept := 0
	for i, a := range met {
		require.Contains(t, []int{200, 401}, a.status, "%s", a.raw)
		if a.status == 200 {
			kept++
			me := p.call(t, "GET", mePath, nil, bearer(a.str(t, "token"))...)
			require.Equal(t, 200, me.status, "%s has their account: %s", addressOf(i), me.raw)
		}
	}
	t.Logf("%d of %d came back in time", kept, people)
	require.Eventually(t, func() bool { return p.released(t, everlatch.EventCustomerErased, root) == people-kept }, waitFor, tick)
	require.Equal(t, kept, p.released(t, everlatch.EventDeletionCancelled, root))
	require.Equal(t, people-kept, p.released(t, everlatch.EventCustomerDeleted, root))
	for i, a := range met {
		after, err := retrying(func() (answer, error) { return signIn(t.Context(), i) })
		require.NoError(t, err)
		require.Equal(t, a.status, after.status, "%s", after.raw)
	}
}

// retrying repeats a request that the service was too busy to answer in time.
func retrying(send func() (answer, error)) (a answer, err error) {
	for range 10 {
		if a, err = send(); err != nil || a.status != 503 {
			break
		}
	}
	return a, err
}

// TestKillDuringDeletions kills the process in the middle of deletions, twice.
// Each that was confirmed is done, once.
func TestKillDuringDeletions(t *testing.T) {
	t.Parallel()
	const people = 12
	o := devOptions{config: graceOf("50ms")}
	p := startDev(t, o)
	o.dir = p.dir
	root := p.root(t)
	for i := range people {
		require.Equal(t, 202, p.deleteMe(t, p.becomes(t, addressOf(i))).status)
		if i%5 == 4 {
			p.kill()
			p = startDev(t, o)
		}
	}
	for i := range people {
		p.mailTo(t, addressOf(i), everlatch.EventCustomerErased, 1)
	}
	require.Equal(t, people, p.released(t, everlatch.EventCustomerErased, root))
	require.Equal(t, people, p.released(t, everlatch.EventCustomerDeleted, root))
	a := p.call(t, "GET", "/admin/customers?with_deleted=true&limit=1", nil, bearer(root)...)
	require.Contains(t, string(a.raw), `"count":0`)
}

// TestErasers runs a service with erasers of its own, of which one hangs and one
// refuses. The person is gone at once, the receipt waits for all.
func TestErasers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := temporalServer(t, filepath.Join(dir, "temporal"), "")
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"http.address": "127.0.0.1:0", "database.url": "sqlite://" + filepath.Join(dir, "everlatch.db"), "deletion.grace": "0",
		"temporal.address": server.Address(), "temporal.namespace": server.Namespace(), "accounts.orphan_grace": "0",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	var shop, crm atomic.Int32
	mended, hang := make(chan everlatch.Erasure, 1), make(chan struct{})
	a, err := app.New(t.Context(), cfg, app.WithMigrations(),
		app.WithEraser("shop", func(context.Context, everlatch.Erasure) error { shop.Add(1); return nil }),
		app.WithEraser("crm", func(_ context.Context, e everlatch.Erasure) error {
			if crm.Add(1) < 3 {
				return everlatch.ErrInvalidData // even such an error is retried
			}
			mended <- e
			return nil
		}),
		app.WithEraser("archive", func(ctx context.Context, _ everlatch.Erasure) error {
			select {
			case <-hang:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	rows, err := store.Open(t.Context(), cfg.Database.URL.Reveal(), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rows.Close()) })
	require.NoError(t, a.Listen(t.Context()))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-done) })
	<-a.Started()
	p := &process{base: "http://" + a.Address()}
	token := p.becomes(t, "ada@example.com")

	gone := p.deleteMe(t, token)

	require.Equal(t, 200, gone.status, "%s", gone.raw)
	id := gone.str(t, "id")
	told := <-mended
	require.Equal(t, "ada@example.com", told.Email)
	require.Equal(t, []string{identityOf(t, token)}, told.AuthIdentityIDs)
	var progress workflows.ErasureProgress
	require.Eventually(t, func() bool {
		progress, err = a.Flows().ErasureProgress(t.Context(), everlatch.ActorCustomer, id)
		return err == nil && len(progress.Confirmed) == 2
	}, waitFor, tick, "%v", err)
	require.Equal(t, []string{"archive"}, progress.Waiting)
	_, err = rows.AccountState(t.Context(), everlatch.ActorCustomer, id)
	require.NoError(t, err, "its row waits")

	close(hang)

	require.Eventually(t, func() bool {
		_, err := rows.AccountState(t.Context(), everlatch.ActorCustomer, id)
		return errors.Is(err, everlatch.ErrNotFound)
	}, waitFor, tick)
	require.EqualValues(t, 1, shop.Load())
	require.EqualValues(t, 3, crm.Load())
}
