package limits

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

const (
	deviceBytes = 16
	// maxDeviceAccounts bounds the length of a device's token: a family shares one
	// computer, a laboratory does not. A person takes two of them, one by the address
	// that they sign in with and one by the identity.
	maxDeviceAccounts = 10
	maxDeviceToken    = 1024
	maxDeviceEntry    = 128
)

// Devices makes and reads tokens by which a browser or an app shows that it has
// signed in to an account before. A token names no account to its reader and
// proves nothing but that: it does not sign in.
//
// Its form is v1.<device>.<time of sign-in>-<mac>…, one pair for each account,
// the latest first.
type Devices struct {
	// Hash is keyed, and the same in all processes.
	Hash func(parts ...string) string
	// TTL is how long a sign-in is remembered.
	TTL time.Duration
	Now func() time.Time
}

const deviceVersion = "v1"

// Known returns the id of a device that has signed in to an account before, or "".
func (d Devices) Known(token string, a Account) string {
	device, entries := readDevice(token)
	if device == "" {
		return ""
	}
	for _, entry := range entries {
		seconds, _, _ := strings.Cut(entry, "-")
		at, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || d.Now().Sub(time.Unix(at, 0)) > d.TTL {
			continue
		}
		if hmac.Equal([]byte(entry), []byte(d.entry(device, seconds, a))) {
			return device
		}
	}
	return ""
}

// SignedIn returns the token of a device that has just signed in to an account.
// former is its token until now, or anything.
func (d Devices) SignedIn(former string, a Account) string {
	device, entries := readDevice(former)
	if device == "" {
		raw := make([]byte, deviceBytes)
		_, _ = rand.Read(raw) // ends the program rather than fail
		device = base64.RawURLEncoding.EncodeToString(raw)
	}
	token := []string{deviceVersion, device, d.entry(device, strconv.FormatInt(d.Now().Unix(), 10), a)}
	for _, entry := range entries {
		seconds, _, _ := strings.Cut(entry, "-")
		if len(token) < 2+maxDeviceAccounts && len(entry) <= maxDeviceEntry && entry != d.entry(device, seconds, a) {
			token = append(token, entry)
		}
	}
	return strings.Join(token, ".")
}

func (d Devices) entry(device, seconds string, a Account) string {
	return seconds + "-" + d.Hash("device token", device, seconds, a.Provider, a.Key)
}

// readDevice takes a token apart. Only [Devices.Known] verifies one.
func readDevice(token string) (device string, entries []string) {
	if len(token) > maxDeviceToken {
		return "", nil
	}
	parts := strings.Split(token, ".")
	if len(parts) < 3 || parts[0] != deviceVersion || len(parts[1]) != base64.RawURLEncoding.EncodedLen(deviceBytes) {
		return "", nil
	}
	if _, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil {
		return "", nil
	}
	return parts[1], parts[2:]
}
