package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The flags of authenticator data.
const (
	flagPresent   = 1 << 0
	flagVerified  = 1 << 2
	flagEligible  = 1 << 3
	flagBackedUp  = 1 << 4
	flagAttested  = 1 << 6
	handleMissing = "-"
)

// Key is a passkey on a [Device].
type Key struct {
	ID, Handle []byte
	RPID       string
	// Name is the account as the device shows it.
	Name string
	// Counter is that of the last answer. A device that keeps none leaves it 0.
	Counter uint32
	private *ecdsa.PrivateKey
}

// Clone returns a copy of the key, with its current counter.
func (k *Key) Clone() *Key {
	c := *k
	return &c
}

// Device answers options. Its zero value has no keys, verifies no one and counts nothing.
type Device struct {
	// Origin is where the page is that asks.
	Origin string
	// Verifies says that the device asks for a PIN or the like.
	Verifies bool
	// Counts says that it counts its answers; synced passkeys don't.
	Counts bool
	// Synced says that its keys are backed up.
	Synced bool
	Keys   []*Key

	// The lies: RPID takes the place of the domain, Challenge of the challenge, Handle of
	// the user handle ("-" for none) and Type of the type of client data.
	RPID, Challenge, Handle, Type string
	// Absent leaves out that a user was there.
	Absent bool
	// NextID is the id of the next key, nil for a random one.
	NextID []byte
}

// options are those of either kind.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"user"`
	Allowed  []descriptor `json:"allowCredentials"`
	Excluded []descriptor `json:"excludeCredentials"`
}

type descriptor struct {
	ID string `json:"id"`
}

// Create answers the options of navigator.credentials.create with a new key.
func (d *Device) Create(raw []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	for _, k := range d.Keys {
		if slices.Contains(o.Excluded, descriptor{encode(k.ID)}) {
			return nil, errors.New("InvalidStateError: the device has a passkey of this account")
		}
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, fmt.Errorf("user.id: %w", err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &Key{ID: make([]byte, 32), Handle: handle, RPID: o.RP.ID, Name: o.User.Name, private: private}
	if _, _ = rand.Read(k.ID); d.NextID != nil {
		k.ID = d.NextID
	}
	d.Keys = append(d.Keys, k)
	public, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	data := d.data(k, flagAttested)
	data = append(data, make([]byte, 16)...)                      // a model that is not told
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID))) //nolint:gosec // 32 bytes
	data = append(append(data, k.ID...), coseKey(public[1:33], public[33:])...)
	client := d.client("webauthn.create", o.Challenge)
	return d.answer(k, map[string]any{
		"clientDataJSON": encode(client), "attestationObject": encode(attestation(data)), "transports": []string{"internal"},
	})
}

// Get answers the options of navigator.credentials.get with the latest key that may.
func (d *Device) Get(raw []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	for _, k := range slices.Backward(d.Keys) {
		if k.RPID == o.RPID && (len(o.Allowed) == 0 || slices.Contains(o.Allowed, descriptor{encode(k.ID)})) {
			return d.Sign(k, o.Challenge)
		}
	}
	return nil, errors.New("NotAllowedError: the device has no passkey for this")
}

// Sign answers a challenge with a key.
func (d *Device) Sign(k *Key, challenge string) ([]byte, error) {
	if d.Counts {
		k.Counter++
	}
	client, data := d.client("webauthn.get", challenge), d.data(k, 0)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		return nil, err
	}
	response := map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(k.Handle),
	}
	switch d.Handle {
	case "":
	case handleMissing:
		delete(response, "userHandle")
	default:
		response["userHandle"] = encode([]byte(d.Handle))
	}
	return d.answer(k, response)
}

func (d *Device) answer(k *Key, response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id": encode(k.ID), "rawId": encode(k.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": true}}, "response": response,
	})
}

func (d *Device) client(kind, challenge string) []byte {
	if d.Type != "" {
		kind = d.Type
	}
	if d.Challenge != "" {
		challenge = d.Challenge
	}
	raw, _ := json.Marshal(struct { //nolint:errchkjson // texts are JSON
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}{Type: kind, Challenge: challenge, Origin: d.Origin})
	return raw
}

func (d *Device) data(k *Key, flags byte) []byte {
	rp := k.RPID
	if d.RPID != "" {
		rp = d.RPID
	}
	if !d.Absent {
		flags |= flagPresent
	}
	if d.Verifies {
		flags |= flagVerified
	}
	if d.Synced {
		flags |= flagEligible | flagBackedUp
	}
	hash := sha256.Sum256([]byte(rp))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Counter)
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
