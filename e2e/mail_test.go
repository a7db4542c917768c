package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/mailtest"
)

// mailConfig sends mails to a server of a test, and is impatient.
func mailConfig(address string) string {
	return fmt.Sprintf(`%s
mail:
  smtp: {address: %q, security: none, timeout: 1s}
events: {retry_initial: 20ms, retry_max: 200ms, retry_for: 10m}
`, cheapHashes, address)
}

// TestNoMailIsLost asks for mails while the mail server refuses, hangs, answers
// 451 and 550 in turn, and the service is killed three times. What the API has
// confirmed is delivered, or lies there as a dead letter for all to see; a kill
// doubles a mail at most once, under the same Message-ID.
func TestNoMailIsLost(t *testing.T) {
	t.Parallel()
	const people, kills = 12, 3
	server := mailtest.Start(t, mailtest.Options{})
	server.Script(
		mailtest.Refuse, mailtest.DataTemporary, mailtest.HangAfterGreeting, mailtest.RcptPermanent,
		mailtest.RefuseService, mailtest.RcptTemporary, mailtest.HangAfterData, mailtest.DataPermanent,
		mailtest.DataTemporary, mailtest.Refuse, mailtest.RcptTemporary, mailtest.HangAfterGreeting,
		mailtest.Refuse, mailtest.Refuse, mailtest.DataTemporary, mailtest.DataTemporary,
	)
	o := devOptions{config: mailConfig(server.Address())}
	p := startDev(t, o)
	o.dir = p.dir
	for i := range people {
		p.register(t, address(i), password)
	}
	for i := range people {
		p.forgot(t, "customer", address(i))
		if i%(people/kills) == 0 { // with mails under way
			p.kill()
			p = startDev(t, o)
		}
	}

	key := strings.TrimSpace(p.command(t, "key", "create", "--type", "secret", "--title", "operator"))
	key = key[strings.LastIndex(key, "sk_"):]
	operator := []string{"Authorization", "Basic " + key}
	open := func(status string) int {
		a := p.call(t, "GET", "/admin/event-deliveries?subscriber=mail&limit=0&status="+status, nil, operator...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		return int(a.json(t)["count"].(float64)) //nolint:forcetypeassert // a test
	}
	require.Eventually(t, func() bool { return open("delivered")+open("dead") == people }, waitFor, tick,
		"%d delivered, %d dead", open("delivered"), open("dead"))

	copies := map[string]int{}
	ids := map[string]string{}
	for _, m := range server.Accepted() {
		copies[m.To]++
		require.Equal(t, m.MessageID, idOr(ids, m.To, m.MessageID), "a duplicate can be known as one")
	}
	require.Len(t, copies, open("delivered"), "delivered is what the mail server accepted")
	for to, n := range copies {
		require.LessOrEqual(t, n, 1+kills, to)
	}
	require.LessOrEqual(t, len(server.Accepted())-len(copies), kills, "at most one duplicate for each kill")

	// 550 is permanent: a dead letter, until an operator releases it. (A kill may
	// have hidden the replies to those above.)
	before := open("dead")
	require.LessOrEqual(t, before, 2)
	server.Script(mailtest.RcptPermanent)
	p.register(t, "late@example.com", password)
	p.forgot(t, "customer", "late@example.com")
	require.Eventually(t, func() bool { return open("dead") == before+1 }, waitFor, tick)
	require.Contains(t, p.command(t, "event", "list", "--status", "dead"), "550")
	p.command(t, "event", "release", "--all")
	require.Eventually(t, func() bool { return open("delivered") == people+1 }, waitFor, tick)
}

func address(i int) string { return fmt.Sprintf("person%d@example.com", i) }

func idOr(ids map[string]string, to, id string) string {
	if ids[to] == "" {
		ids[to] = id
	}
	return ids[to]
}
