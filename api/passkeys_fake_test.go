package api_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// fakePasskeys remembers what the API asked for. Its passkeys are texts: the id, which names
// the credential.
type fakePasskeys struct {
	begun    []flows.PasskeyRequest
	answered []flows.PasskeyAnswer
}

// paperPasskeys is a provider that accepts what claims to be a passkey.
type paperPasskeys struct{}

func (paperPasskeys) Identifier() string     { return "passkey" }
func (paperPasskeys) DisplayName() string    { return "Passkey" }
func (paperPasskeys) Timeout() time.Duration { return 5 * time.Minute }

func (paperPasskeys) Request(challenge string) ([]byte, error) {
	return json.Marshal(object{"challenge": challenge, "rpId": "shop.example"})
}

func (paperPasskeys) Create(challenge string, u providers.PasskeyUser) ([]byte, error) {
	return json.Marshal(object{"challenge": challenge, "user": object{"id": u.Handle, "name": u.Name}, "excludeCredentials": u.Existing})
}

func (paperPasskeys) Read(answer []byte) (out providers.PasskeyClaim, err error) {
	var in struct {
		ID        string `json:"id"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(answer, &in) != nil || in.ID == "" {
		return out, passkeyRefused()
	}
	return providers.PasskeyClaim{ID: in.ID, Challenge: in.Challenge}, nil
}

func (paperPasskeys) Register([]byte, string, []byte) (out providers.PasskeyRecord, err error) {
	return out, passkeyRefused()
}

func (paperPasskeys) Verify([]byte, string, *providers.PasskeyRecord) (out providers.PasskeyUse, err error) {
	return out, passkeyRefused()
}

func passkeyRefused() error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused}
}

func (f *fakeFlows) begin(r flows.PasskeyRequest) (flows.PasskeyChallenge, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passkeys.begun = append(f.passkeys.begun, r)
	return flows.PasskeyChallenge{Challenge: "the challenge", ExpiresAt: f.now().Add(r.TTL), AuthIdentityID: r.LinkTo}, f.fail
}

func (f *fakeFlows) BeginPasskeySignIn(_ context.Context, r flows.PasskeyRequest) (flows.PasskeyChallenge, error) {
	return f.begin(r)
}

func (f *fakeFlows) BeginPasskey(_ context.Context, r flows.PasskeyRequest) (flows.PasskeyChallenge, error) {
	return f.begin(r)
}

// claimed notes an answer and returns the id of its passkey.
func (f *fakeFlows) claimed(a flows.PasskeyAnswer) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passkeys.answered = append(f.passkeys.answered, a)
	if a.Challenge != "the challenge" {
		return "", passkeyRefused()
	}
	claim, err := paperPasskeys{}.Read(a.Answer)
	if err == nil {
		err = f.fail
	}
	return claim.ID, err
}

func (f *fakeFlows) CompletePasskeySignIn(ctx context.Context, a flows.PasskeyAnswer) (workflows.Login, error) {
	id, err := f.claimed(a)
	if err != nil {
		return workflows.Login{}, err
	}
	found, err := f.store.FindCredential(ctx, a.Provider, id)
	if err != nil {
		return workflows.Login{}, passkeyRefused()
	}
	return f.loginOf(found.Identity, found.Provider, a.ActorType), nil
}

func (f *fakeFlows) CompletePasskey(ctx context.Context, a flows.PasskeyAnswer) (out workflows.RegisteredPasskey, err error) {
	id, err := f.claimed(a)
	if err != nil {
		return out, err
	}
	metadata := everlatch.Metadata{}
	if a.Label != "" {
		metadata["label"] = a.Label
	}
	identityID, pi := a.SignedInAs, ids.New("", f.now())
	if identityID == "" {
		identityID = ids.New(ids.AuthIdentity, f.now())
		_, err = f.store.RegisterIdentity(ctx, store.NewIdentity{
			ID: identityID, ProviderIdentityID: pi, Provider: a.Provider, EntityID: id, EntityKey: id, UserMetadata: metadata,
		})
	} else {
		err = f.store.AddCredential(ctx, store.NewCredential{
			ID: pi, IdentityID: identityID, Provider: a.Provider, EntityID: id, EntityKey: id, UserMetadata: metadata, Most: store.MaxPasskeys,
		})
	}
	if err != nil {
		return out, err
	}
	found, err := f.store.FindCredential(ctx, a.Provider, id)
	return workflows.RegisteredPasskey{Login: f.loginOf(found.Identity, found.Provider, a.ActorType), Credential: found.Provider}, err
}
