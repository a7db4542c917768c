package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

// acme is a program of its own: a subscriber that needs a setting and reads
// customers, an actor type, a route and work in the background.
type acme struct {
	created    chan string // e-mails of new customers, behind mail.brand
	background chan struct{}
	assembled  atomic.Int32
}

func newAcme() *acme {
	return &acme{created: make(chan string, 1), background: make(chan struct{}, 1)}
}

func (a *acme) options() []app.Option {
	return []app.Option{
		app.WithActorType(everlatch.ActorType{Name: "courier", Fields: []everlatch.Field{{Name: "name", Kind: everlatch.FieldString}}}),
		app.WithRoutes(func(s *api.Server) {
			s.Echo().GET("/hello", func(c echo.Context) error { return c.String(http.StatusOK, "hello") })
		}),
		app.FromConfig(a.subscriber),
		app.WithBackground(func(ctx context.Context, _ *app.App) error {
			a.background <- struct{}{}
			<-ctx.Done()
			return nil
		}),
	}
}

func (a *acme) subscriber(cfg config.Config) ([]app.Option, error) {
	var service *app.App
	return []app.Option{
		app.WithApp(func(assembled *app.App) error {
			service = assembled
			a.assembled.Add(1)
			return nil
		}),
		app.WithSubscriber("acme", []string{everlatch.EventCustomerCreated}, func(ctx context.Context, e everlatch.Event) error {
			id, _ := e.Data["id"].(string)
			customer, err := service.Customer(ctx, id)
			if err == nil {
				a.created <- cfg.Mail.Brand + ": " + *customer.Email
			}
			return err
		}),
	}, nil
}

// execute runs a command of the program to its end.
func (a *acme) execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	err := cli.RunAs(ctx, "acme", args, []string{"EVERLATCH_RBAC_ENABLED=true"}, strings.NewReader(""), &out, &log, a.options()...)
	return out.String(), err
}

// One program has every command: its options are in dev and in the tools.
func TestAProgramOfItsOwn(t *testing.T) {
	t.Parallel()

	a := newAcme()
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	stdout, stderr, ended := newOutput(), newOutput(), make(chan struct{})
	var devErr error
	go func() {
		defer close(ended)
		devErr = cli.RunAs(ctx, "acme", []string{
			"dev", "--data", data, "--http", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui", "off",
		}, []string{"EVERLATCH_MAIL_BRAND=Acme"}, strings.NewReader(""), stdout, stderr, a.options()...)
	}()
	t.Cleanup(func() { stop(); <-ended })
	url := stdout.await(t, ended, `acme is running[\s\S]*API +(http://\S+)`)
	stdout.await(t, ended, `There is no administrator yet\.[\s\S]*/ui/user/(invite)\?token=`)

	require.Equal(t, http.StatusOK, get(t, url+"/hello", "").status)
	registered := post(t, url+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status, registered.body)
	token, _ := registered.body["token"].(string)
	created := send(t, http.MethodPost, url+"/store/customers", token, strings.NewReader(`{"email":"ada@example.com"}`))
	require.Equal(t, http.StatusOK, created.status, created.body)
	require.Equal(t, "Acme: ada@example.com", <-a.created)
	<-a.background

	// Beside dev, a tool borrows an App with the options, but does not serve.
	before := a.assembled.Load()
	_, err := a.execute(t, "user", "create", "-e", "root@example.com", "-p", password, "--data", data)
	require.NoError(t, err)
	require.Equal(t, before+1, a.assembled.Load())
	out, err := a.execute(t, "role", "policies", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "courier:read")
	stop()
	<-ended
	require.NoError(t, devErr)

	// Without it, too.
	_, err = a.execute(t, "user", "delete", "root@example.com", "--yes", "--data", data)
	require.ErrorContains(t, err, "last super admin")
	require.Equal(t, before+2, a.assembled.Load())
	require.Empty(t, a.background, "which is for services")
}

func TestMessagesNameTheProgram(t *testing.T) {
	t.Parallel()

	a := newAcme()
	out, err := a.execute(t, "--help")
	require.NoError(t, err)
	require.Contains(t, out, "acme [command]")
	require.Contains(t, out, "(default "+filepath.Join(".everlatch", "acme")+")")
	out, err = a.execute(t, "customer", "list", "--help")
	require.NoError(t, err)
	require.Contains(t, out, "  acme customer list --q lovelace")
	require.NotContains(t, out, "everlatch customer")
	out, err = a.execute(t, "--version")
	require.NoError(t, err)
	require.Regexp(t, `^acme with everlatch \S+`, out)
	out, err = a.execute(t, "config")
	require.NoError(t, err)
	require.Contains(t, out, "dir: "+filepath.Join(".everlatch", "acme"))
	_, err = a.execute(t, "customer", "list", "--data", t.TempDir())
	require.ErrorContains(t, err, "start one with `acme dev`")
	_, err = a.execute(t, "custmer")
	require.ErrorContains(t, err, "did you mean acme customer?")
	environ := []string{"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "x.db")}
	err = cli.RunAs(t.Context(), "acme", []string{"key", "create", "--title", "x"}, environ, strings.NewReader(""), newOutput(), newOutput())
	require.ErrorContains(t, err, "run `acme migrate up` first")
}

// TestHelpNamesTheProgram, but not the format of everlatch.
func TestHelpNamesTheProgram(t *testing.T) {
	t.Parallel()
	help, err := newAcme().execute(t, "import", "--help")
	require.NoError(t, err)
	require.Contains(t, help, "  acme import everlatch everlatch.ndjson --dry-run ")
	require.NotContains(t, help, "everlatch import")
}
