package vault

// ErrUnknownKey is errUnknownKey.
var ErrUnknownKey = errUnknownKey
