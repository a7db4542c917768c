package doctor_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/mail"
)

// Secrets of the subjects. No report has any of them.
const (
	jwtSecret    = "kT9vQ2mX7pLw4RzN8sBd6HfJ1cYgA3uE5oiWqVxM"
	cookieSecret = "Zr8nM3xC6vB1kL9pQ4wE7tY2uI5oA0sDfGhJqWzX"
	keyMaterial  = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU="
	hunter       = "hunter2-hunter2"
)

var planted = []string{jwtSecret, cookieSecret, keyMaterial, hunter}

// patience bounds the parts of an examination that should end by themselves, on a machine
// that is busy.
const patience = time.Minute

// production are the settings of an installation without faults and doubts, over which
// others may be put.
func production(database string, others ...string) []string {
	return append([]string{
		"JWT_SECRET=" + jwtSecret, "COOKIE_SECRET=" + cookieSecret, "EVERLATCH_ENCRYPTION_KEYS=k1:" + keyMaterial,
		"DATABASE_URL=" + database,
		"STORE_CORS=https://shop.example", "ADMIN_CORS=https://admin.shop.example",
		"EVERLATCH_HTTP_TRUST_PROXY=1", "EVERLATCH_HTTP_TRUSTED_PROXIES=10.0.0.0/8",
		`EVERLATCH_MAIL_URLS={customer: "https://shop.example", user: "https://admin.shop.example/app"}`,
		"EVERLATCH_MAIL_FROM=Shop <no-reply@shop.example>",
	}, others...)
}

// subject reads settings, the later of a name. Temporal is not part of these tests: cli has
// them, against a real server.
func subject(t *testing.T, environ []string) doctor.Subject {
	t.Helper()
	last := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		last[name] = value
	}
	var unique []string
	for name, value := range last {
		unique = append(unique, name+"="+value)
	}
	cfg, err := config.Load(config.Sources{Environ: unique})
	s := doctor.Subject{
		Config: cfg, Unread: err, Command: "everlatch", Now: time.Now, Within: patience,
		Temporal: doctor.Temporal{Err: errors.New("not part of this test")},
	}
	if cfg.Mail.SMTP.Address != "" {
		s.Mail, err = mail.NewSMTP(mail.SMTPOptions{
			Address: cfg.Mail.SMTP.Address, Username: cfg.Mail.SMTP.Username, Password: cfg.Mail.SMTP.Password.Reveal(),
		})
		require.NoError(t, err)
	}
	return s
}

// examine runs an examination, whose report keeps every secret.
func examine(t *testing.T, s doctor.Subject) doctor.Report {
	t.Helper()
	report := doctor.Run(t.Context(), s)
	known := map[string]bool{}
	for _, c := range doctor.Checks() {
		known[c.ID] = true
	}
	for _, f := range report.Findings {
		require.True(t, known[f.Check], "%s is not among the checks", f.Check)
		require.NotEmpty(t, f.Message, f.Check)
		require.NotContains(t, f.Message+f.Advice, "\n", f.Check)
		if f.Status == doctor.Warning || f.Status == doctor.Fault {
			require.NotEmpty(t, f.Advice, "%s: %s", f.Check, f.Message)
		}
		for _, secret := range planted {
			require.NotContains(t, f.Message+f.Advice+f.About, secret, f.Check)
		}
	}
	return report
}

// found returns the findings of a check that have a status.
func found(r doctor.Report, check string, status doctor.Status) (out []doctor.Finding) {
	for _, f := range r.Findings {
		if f.Check == check && f.Status == status {
			out = append(out, f)
		}
	}
	return out
}

// seen collects which findings the tests have caused.
type seen map[string]bool

func (s seen) add(check string, status doctor.Status) { s[check+" "+string(status)] = true }

// probe is a service of a test.
type probe func(ctx context.Context) (everlatch.Probed, error)

// Probe implements [everlatch.Prober].
func (p probe) Probe(ctx context.Context) (everlatch.Probed, error) { return p(ctx) }

// silent returns the address of a server that takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	})
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	return l.Addr().String()
}

// refusing is a PostgreSQL that refuses every connection with a SQLSTATE.
func refusing(t *testing.T, state, message string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			backend := pgproto3.NewBackend(conn, conn)
			if _, err := backend.ReceiveStartupMessage(); err == nil {
				backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: state, Message: message})
				_ = backend.Flush()
			}
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	return "postgres://ada:" + hunter + "@" + l.Addr().String() + "/shop?sslmode=disable"
}

// onPostgres returns the URL of the server of the tests with another user, database or
// parameters.
func onPostgres(t *testing.T, change func(u *url.URL, q url.Values)) string {
	t.Helper()
	if !storetest.HasPostgres() {
		t.Skip("needs PostgreSQL")
	}
	u, err := url.Parse(os.Getenv(storetest.PostgresVariable))
	require.NoError(t, err)
	q := u.Query()
	change(u, q)
	u.RawQuery = q.Encode()
	return u.String()
}

// postgresDatabase makes a database that is dropped after the test, and returns its name.
func postgresDatabase(t *testing.T, with string) string {
	t.Helper()
	server := onPostgres(t, func(*url.URL, url.Values) {})
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := "doctor_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name+" "+with)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, errors.Join(err, db.Close()))
	})
	return name
}

// smtp are the settings of a mail server.
func smtp(server *mailtest.Server) string { return "EVERLATCH_MAIL_SMTP_ADDRESS=" + server.Address() }

// receiver is the target of a webhook.
func receiver(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}
