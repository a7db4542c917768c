package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

const (
	cookieSecret = "supersecret" // so that recorded cookies verify
	shopOrigin   = "http://localhost:8000"
	adminOrigin  = "http://localhost:9000"
)

// world is a server over a real SQLite store and flows without Temporal.
type world struct {
	t      testing.TB
	server *api.Server
	store  *store.Store
	flows  *fakeFlows
	tokens *tokens.Tokens
	clock  *clocktest.Clock
	logs   *syncBuffer
	parts  api.Deps
	client *http.Client // checks every exchange against openapi.yaml
	raw    *http.Client // does not, for custom routes
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

type setting func(*api.Options, *tokens.Config)

func options(change func(*api.Options)) setting {
	return func(o *api.Options, _ *tokens.Config) { change(o) }
}

func setup(tb testing.TB, settings ...setting) *world {
	tb.Helper()
	w := &world{t: tb, clock: clocktest.At(time.Date(2026, 11, 23, 13, 47, 46, 0, time.UTC)), logs: &syncBuffer{}}
	w.store = storetest.Open(tb, w.clock.Now)

	o := api.Options{
		AdminCORS: adminOrigin, StoreCORS: " " + shopOrigin + ` , /\.preview\.example$/i`, CookieSecrets: []string{cookieSecret},
		AuthMethodsPerActor: map[string][]string{"customer": {"emailpass", "login-only", "elsewhere"}, "vendor": {"emailpass"}, "unlisted": {}},
	}
	cfg := tokens.Config{Secret: []byte("a secret of the tests, long enough"), OwnActorOnly: true}
	for _, s := range settings {
		s(&o, &cfg)
	}
	for i := range o.ActorTypes { // as package app does
		t, err := o.ActorTypes[i].Complete()
		require.NoError(tb, err)
		o.ActorTypes[i].Store = w.store.Records(t)
	}
	var err error
	w.tokens, err = tokens.New(cfg, w.clock.Now)
	require.NoError(tb, err)
	w.flows = &fakeFlows{fakeInvites: fakeInvites{w: w}, fakeEmails: fakeEmails{w: w}, fakeFactors: fakeFactors{w: w}, fakeSignIns: fakeSignIns{w: w}, fakeControl: fakeControl{w: w}, fakeCodes: fakeCodes{w: w}, fakeChallenges: fakeChallenges{w: w}, fakePersons: fakePersons{w: w}, store: w.store, now: w.clock.Now}
	level := slog.LevelDebug
	if _, bench := tb.(*testing.B); bench {
		level = slog.LevelInfo // as in production
	}
	registry := providers.NewRegistry()
	require.NoError(tb, registry.Add("emailpass", registrar{}))
	require.NoError(tb, registry.Add("login-only", loginOnly{}))
	require.NoError(tb, registry.Add("elsewhere", elsewhere{}))
	methods := providers.NewFactors()
	require.NoError(tb, methods.Add(totpMethod{}))
	languages, err := mail.LoadLanguages("", "")
	require.NoError(tb, err)
	w.parts = api.Deps{
		Factors: methods, Languages: languages,
		Store: w.store, Flows: w.flows, Tokens: w.tokens, Providers: registry, Codes: builtInCodes(tb), Now: w.clock.Now,
		Log: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: level})),
	}
	w.parts.Auth = w.authService()
	w.server, err = api.New(w.parts, o)
	require.NoError(tb, err)
	w.serve()
	return w
}

// serve makes the clients reach the server.
func (w *world) serve() {
	base := apitest.Handler(w.server.Handler())
	w.client = &http.Client{Transport: apitest.NewTransport(w.t, base)}
	w.raw = &http.Client{Transport: base}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response

	body string
}

// value returns a part of a JSON body: "customer.email".
func (r reply) value(tb testing.TB, path string) any {
	tb.Helper()
	var v any
	require.NoError(tb, json.Unmarshal([]byte(r.body), &v), r.body)
	for part := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		require.True(tb, ok, "no %s in %s", path, r.body)
		v = object[part]
	}
	return v
}

func (r reply) text(tb testing.TB, path string) string {
	tb.Helper()
	text, ok := r.value(tb, path).(string)
	require.True(tb, ok, "no text %s in %s", path, r.body)
	return text
}

// is compares a body byte for byte: the order of the fields is part of it.
func (r reply) is(tb testing.TB, want string) {
	tb.Helper()
	require.Equal(tb, want, r.body)
}

type header func(*http.Request)

func with(name, value string) header { return func(r *http.Request) { r.Header.Add(name, value) } }
func bearer(token string) header     { return with("Authorization", "Bearer "+token) }

// do sends a request; body is text as it is, nil for none, else JSON.
func (w *world) do(method, path string, body any, headers ...header) reply {
	w.t.Helper()
	return w.send(w.client, method, path, body, headers...)
}

func (w *world) send(client *http.Client, method, path string, body any, headers ...header) reply {
	w.t.Helper()
	var payload io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case string:
		payload, kind = strings.NewReader(b), "application/json"
	default:
		raw, err := json.Marshal(b)
		require.NoError(w.t, err)
		payload, kind = bytes.NewReader(raw), "application/json"
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, "http://everlatch.test"+path, payload)
	require.NoError(w.t, err)
	for _, h := range headers {
		h(r)
	}
	if kind != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := client.Do(r)
	require.NoError(w.t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	_ = resp.Body.Close()
	if !slices.Contains(published, path) {
		for _, word := range leaks {
			require.NotContains(w.t, strings.ToLower(string(raw)), word, "%s %s leaks", method, path)
		}
	}
	return reply{resp, string(raw)}
}

// published are the paths whose answers name parts of the service on purpose.
var published = []string{"/ready", "/openapi.yaml", "/docs"}

// leaks are words that only the inside knows.
var leaks = []string{"sql:", ".go:", "panic", "goroutine", "temporal"}

type object = map[string]any

// registered returns a token of a new identity.
func (w *world) registered(actorType, email string) string {
	w.t.Helper()
	r := w.do("POST", "/auth/"+actorType+"/emailpass/register", object{"email": email, "password": "supersecret"})
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "token")
}

func (w *world) login(actorType, email string) string {
	w.t.Helper()
	r := w.do("POST", "/auth/"+actorType+"/emailpass", object{"email": email, "password": "supersecret"})
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "token")
}

// customer returns a token of a new customer.
func (w *world) customer(email string) string {
	w.t.Helper()
	r := w.do("POST", "/store/customers", object{"email": email, "first_name": "F", "last_name": "L"},
		bearer(w.registered("customer", email)))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return w.login("customer", email)
}

// admin returns a token of a new administrator.
func (w *world) admin(email string) string {
	w.t.Helper()
	claims := w.claims(w.registered("user", email))
	id := ids.New(ids.User, w.clock.Now())
	_, err := w.store.CreateUser(w.t.Context(), everlatch.User{ID: id, Email: email}, everlatch.Event{ID: "evt_" + id, Name: everlatch.EventUserCreated, GroupID: id})
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.LinkActor(w.t.Context(), store.Link{IdentityID: claims.AuthIdentityID, ActorType: "user", ActorID: id, GroupID: id}))
	return w.login("user", email)
}

func (w *world) claims(token string) tokens.Claims {
	w.t.Helper()
	claims, err := w.tokens.Verify(token, tokens.PurposeAccess)
	require.NoError(w.t, err)
	return claims
}

// cookie returns the session cookie that an answer sets, as a browser sends it.
func (r reply) cookie(tb testing.TB) string {
	tb.Helper()
	cookies := r.Cookies()
	require.Len(tb, cookies, 1)
	return cookies[0].Name + "=" + cookies[0].Value
}

// session returns the Cookie header of a new session.
func (w *world) session(token string) string {
	w.t.Helper()
	r := w.do("POST", "/auth/session", nil, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.cookie(w.t)
}

type registrar struct{}

func (registrar) Identifier() string  { return "emailpass" }
func (registrar) AMR() []string       { return []string{"pwd"} }
func (registrar) DisplayName() string { return "Email/Password Authentication" }

func (registrar) PasswordLength() (least, most int) { return 8, 0 }
func (registrar) Identify(providers.Input) (providers.Subject, error) {
	return providers.Subject{}, errors.ErrUnsupported
}

func (registrar) Authenticate(context.Context, providers.Input, *providers.Record) (providers.Verdict, error) {
	return providers.Verdict{}, errors.ErrUnsupported
}

func (registrar) Register(context.Context, providers.Input, *providers.Record) (providers.Verdict, error) {
	return providers.Verdict{}, errors.ErrUnsupported
}

func (registrar) Subject(identifier string) providers.Subject {
	return providers.Subject{EntityID: identifier, EntityKey: strings.ToLower(strings.TrimSpace(identifier))}
}

func (registrar) Update(context.Context, providers.Input, providers.Record) (providers.Verdict, error) {
	return providers.Verdict{}, errors.ErrUnsupported
}

// elsewhere redirects; it allows one other callback URL.
type elsewhere struct{ providers.Redirect }

func (elsewhere) Identifier() string  { return "elsewhere" }
func (elsewhere) DisplayName() string { return "Elsewhere Authentication" }
func (elsewhere) CommonName() string  { return "Elsewhere" }
func (elsewhere) KindName() string    { return "Elsewhere" }

// OwnsAddress implements [providers.AddressOwner] as Google does.
func (elsewhere) OwnsAddress(email string, m everlatch.Metadata) bool {
	return !strings.HasSuffix(email, "@former.example") || m["hd"] != nil
}

// StateTTL implements [providers.TimeLimiter].
func (elsewhere) StateTTL() time.Duration { return time.Minute }

func (elsewhere) CallbackURL(requested string) (string, error) {
	switch requested {
	case "":
		return "https://shop.example/cb", nil
	case "https://shop.example/other":
		return requested, nil
	}
	return "", refuse("The provided callback URL is not allowed")
}
func (elsewhere) Explain(params map[string]string) string { return providers.ReadMore(params) }

func (f *fakeFlows) CreateActorAccount(ctx context.Context, r flows.ActorAccountRequest) (everlatch.ActorRecord, error) {
	if err := f.note(flows.AuthRequest{}, r.IdempotencyKey); err != nil {
		return everlatch.ActorRecord{}, err
	}
	id := ids.New(r.Type.IDPrefix, f.now())
	created, err := r.Type.Store.Create(ctx, everlatch.ActorRecord{ID: id, ActorType: r.Type.Name, Data: r.Data})
	if err != nil {
		return created, err
	}
	err = f.store.LinkActor(ctx, store.Link{IdentityID: r.AuthIdentityID, ActorType: r.Type.Name, ActorID: id, GroupID: id})
	if err != nil {
		return everlatch.ActorRecord{}, errors.Join(err, r.Type.Store.Discard(ctx, id))
	}
	return created, nil
}

func (f *fakeFlows) UpdateActor(ctx context.Context, _, id string, change everlatch.Metadata) (everlatch.ActorRecord, error) {
	t := managerType()
	return f.store.Records(t).Update(ctx, id, func(stored everlatch.Metadata) (everlatch.Metadata, error) { return t.Changed(stored, change), f.fail })
}

func (f *fakeFlows) RemoveActorAccount(ctx context.Context, actorType, id string) error {
	_, err := f.store.Records(managerType()).Remove(ctx, id, "remove-"+actorType)
	return err
}

// fakeFlows does what the flows do to the store, in one go. The password is
// kept in plain text: hashing is not measured here.
type fakeFlows struct {
	// noNamespace and unserved are what readiness lacks.
	noNamespace error
	unserved    []string

	fakeInvites
	fakeRegistrations

	fakeEmails

	fakeFactors

	fakeSignIns
	fakeCodes

	fakeChallenges
	passkeys fakePasskeys
	fakeEmailCodes

	fakeControl
	fakeTrails
	fakeSchedules
	fakePersons

	store *store.Store
	now   func() time.Time

	mu        sync.Mutex
	meanwhile func()
	fail      error         // what every flow answers
	told      flows.Request // what hooks of the last registration would be told
	keys      []string
	seen      []flows.AuthRequest
	// resets are the open ones by entity key, asked the requests by mail.
	resets map[string]activities.ResetGrant
	asked  []flows.ResetRequest
	// askedIn are the languages of asked.
	askedIn []string
	// granted are tokens that the service has created, by entity key and id.
	granted map[string]activities.ResetGrant
	by      []everlatch.Principal
	// away and back are the legs of sign-ins elsewhere.
	away []flows.RedirectRequest
	back []flows.RedirectAnswer
	// noGrace removes at once who asks for it.
	noGrace bool
}

func (f *fakeFlows) failWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// whenAsked is called when a flow is asked for.
func (f *fakeFlows) whenAsked(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.meanwhile = do
}

func (f *fakeFlows) note(r flows.AuthRequest, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.meanwhile != nil {
		f.meanwhile()
	}
	f.seen = append(f.seen, r)
	f.keys = append(f.keys, key)
	return f.fail
}

func refuse(message string) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message}
}

func typed(r flows.AuthRequest) (email, password string, err error) {
	password, ok := r.Input.Body["password"].(string)
	if !ok {
		return "", "", refuse("Password should be a string")
	}
	email, ok = r.Input.Body["email"].(string)
	if !ok {
		return "", "", refuse("Email should be a string")
	}
	return email, password, nil
}

func (f *fakeFlows) Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error) {
	if err := f.note(r, ""); err != nil {
		return workflows.Login{}, err
	}
	email, password, err := typed(r)
	if err != nil {
		return workflows.Login{}, err
	}
	found, err := f.store.FindCredential(ctx, r.Provider, strings.ToLower(email))
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && found.Provider.ProviderMetadata["password"] != password {
		return workflows.Login{}, refuse("Invalid email or password")
	}
	if err != nil {
		return workflows.Login{}, err
	}
	return f.loginOf(found.Identity, found.Provider, r.ActorType), nil
}

func (f *fakeFlows) loginOf(identity everlatch.AuthIdentity, p everlatch.ProviderIdentity, actorType string) workflows.Login {
	return workflows.Login{
		At: f.now(), TokenID: ids.New("", f.now()),
		Principal: everlatch.Principal{
			AuthIdentityID: identity.ID, AuthProvider: p.Provider, ActorType: actorType, ActorID: identity.ActorID(actorType),
			CredentialVersion: identity.CredentialVersion, Links: identity.Links, UserMetadata: p.UserMetadata,
			MFAEnabled: !identity.MFAEnabledAt.IsZero(),
		},
	}
}

func (f *fakeFlows) Register(ctx context.Context, r flows.AuthRequest) (workflows.Login, error) {
	f.mu.Lock()
	f.told = flows.RequestOf(ctx)
	f.mu.Unlock()
	if err := f.note(r, r.IdempotencyKey); err != nil {
		return workflows.Login{}, err
	}
	email, password, err := typed(r)
	if err != nil {
		return workflows.Login{}, err
	}
	identity, err := f.store.RegisterIdentity(ctx, store.NewIdentity{
		ID: ids.New(ids.AuthIdentity, f.now()), ProviderIdentityID: ids.New("", f.now()), Provider: r.Provider,
		EntityID: email, EntityKey: strings.ToLower(email), ProviderMetadata: everlatch.Metadata{"password": password},
	})
	if errors.Is(err, everlatch.ErrDuplicate) {
		return workflows.Login{}, refuse("Identity with email already exists")
	}
	if err != nil {
		return workflows.Login{}, err
	}
	login := f.loginOf(identity, everlatch.ProviderIdentity{Provider: r.Provider}, r.ActorType)
	if r.Customer != nil {
		c, err := f.CreateCustomerAccount(ctx, flows.CustomerAccountRequest{AuthIdentityID: identity.ID, Customer: *r.Customer})
		if err != nil {
			return workflows.Login{}, err
		}
		login.Principal = login.Principal.Linked(r.ActorType, c.ID)
	}
	if r.Actor != nil {
		actor, err := f.CreateActorAccount(ctx, flows.ActorAccountRequest{AuthIdentityID: identity.ID, Type: r.Actor.Type, Data: r.Actor.Data})
		if err != nil {
			return workflows.Login{}, err
		}
		login.Principal = login.Principal.Linked(r.ActorType, actor.ID)
	}
	return login, nil
}

func (f *fakeFlows) CreateCustomerAccount(ctx context.Context, r flows.CustomerAccountRequest) (everlatch.Customer, error) {
	if err := f.note(flows.AuthRequest{}, r.IdempotencyKey); err != nil {
		return everlatch.Customer{}, err
	}
	c := r.Customer
	c.ID, c.HasAccount = ids.New(ids.Customer, f.now()), true
	// Any e-mail, so that the tests of this package can mix people and addresses.
	accounts := activities.Accounts{Store: f.store, Now: f.now, AnyEmail: true}
	done, err := accounts.CreateCustomer(ctx, activities.CreateCustomerInput{Customer: c, GroupID: c.ID, AuthIdentityID: r.AuthIdentityID})
	if err != nil {
		return everlatch.Customer{}, err
	}
	if done.Refusal != nil {
		return everlatch.Customer{}, done.Refusal.Err()
	}
	created := done.Customer
	err = f.store.LinkActor(ctx, store.Link{IdentityID: r.AuthIdentityID, ActorType: "customer", ActorID: c.ID, GroupID: c.ID})
	if err != nil {
		return everlatch.Customer{}, errors.Join(err, f.store.DiscardCustomer(ctx, c.ID, c.ID))
	}
	return created, nil
}

func (f *fakeFlows) RemoveCustomerAccount(ctx context.Context, id string) error {
	if err := f.note(flows.AuthRequest{}, ""); err != nil {
		return err
	}
	return f.store.RemoveCustomer(ctx, id, everlatch.Event{ID: ids.New(ids.Event, f.now()), Name: everlatch.EventCustomerDeleted, GroupID: fmt.Sprint("remove-", id)})
}

// DeleteCustomer has a grace of a day, unless the test took it away.
func (f *fakeFlows) DeleteCustomer(ctx context.Context, id string) (time.Time, error) {
	if err := f.note(flows.AuthRequest{}, ""); err != nil {
		return time.Time{}, err
	}
	if f.noGrace {
		return time.Time{}, f.RemoveCustomerAccount(ctx, id)
	}
	noted, err := f.store.ScheduleDeletion(ctx, id, f.now().Add(24*time.Hour),
		everlatch.Event{ID: ids.New(ids.Event, f.now()), Name: everlatch.EventDeletionScheduled, GroupID: "account-deletion/" + id})
	return noted.At, err
}

func (f *fakeFlows) RemoveUserAccount(ctx context.Context, id string) error {
	return f.store.RemoveUser(ctx, id, everlatch.Event{ID: ids.New(ids.Event, f.now()), Name: everlatch.EventUserDeleted, GroupID: fmt.Sprint("remove-", id)})
}

func (f *fakeFlows) BeginSocialLogin(_ context.Context, r flows.RedirectRequest) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = append(f.away, r)
	return "https://elsewhere.example/authorize?state=s" + fmt.Sprint(len(f.away)), f.fail
}

func (f *fakeFlows) CompleteSocialLogin(_ context.Context, r flows.RedirectAnswer) (workflows.Login, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.back = append(f.back, r)
	if f.fail != nil {
		return workflows.Login{}, f.fail
	}
	if r.State != "good" {
		return workflows.Login{}, refuse("No state provided, or session expired")
	}
	return workflows.Login{At: f.now(), TokenID: "run", Principal: everlatch.Principal{
		AuthIdentityID: "authid_1", AuthProvider: r.Provider, ActorType: r.ActorType, CredentialVersion: 1,
		UserMetadata: everlatch.Metadata{"name": "Ada"},
	}}, nil
}

func (f *fakeFlows) RequestPasswordReset(ctx context.Context, r flows.ResetRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.askedIn = append(f.asked, r), append(f.askedIn, everlatch.LanguageOf(ctx))
	return f.fail
}

func (f *fakeFlows) IssuePasswordReset(
	_ context.Context, r flows.ResetRequest, by everlatch.Principal,
) (workflows.IssuedReset, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by = append(f.by, by)
	grant := activities.ResetGrant{
		Known: true, TokenID: ids.New("", f.now()), ActorType: r.ActorType, EntityID: r.EntityKey,
		IssuedAt: f.now(), ExpiresAt: f.now().Add(flows.DefaultResetTTL),
	}
	if f.resets == nil {
		f.resets = map[string]activities.ResetGrant{}
	}
	f.resets[r.EntityKey] = grant
	return workflows.IssuedReset{Grant: grant}, f.fail
}

func (f *fakeFlows) CompletePasswordReset(_ context.Context, r flows.NewPassword) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	if open, ok := f.resets[r.EntityKey]; !ok || open.TokenID != r.TokenID {
		return refuse("Invalid token")
	}
	if password, _ := r.Input.Body["password"].(string); password == "" {
		return refuse("Unauthorized")
	}
	delete(f.resets, r.EntityKey)
	return nil
}

func (f *fakeFlows) Readiness(context.Context) flows.Readiness {
	f.mu.Lock()
	defer f.mu.Unlock()
	return flows.Readiness{Temporal: f.fail, Namespace: f.noNamespace, Unserved: f.unserved}
}
