package passkeytest

import "encoding/binary"

// coseKey is the CBOR of an ES256 key (RFC 9052): {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
func coseKey(x, y []byte) []byte {
	out := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}
	out = append(appendBytes(out, x), 0x22)
	return appendBytes(out, y)
}

// attestation is the CBOR of {"fmt": "none", "attStmt": {}, "authData": data}.
func attestation(data []byte) []byte {
	out := appendText([]byte{0xa3}, "fmt")
	out = appendText(out, "none")
	out = append(appendText(out, "attStmt"), 0xa0)
	return appendBytes(appendText(out, "authData"), data)
}

func appendText(out []byte, text string) []byte {
	return append(append(out, 0x60|byte(len(text))), text...) //nolint:gosec // at most 23 bytes
}

func appendBytes(out, raw []byte) []byte {
	out = binary.BigEndian.AppendUint16(append(out, 0x59), uint16(len(raw))) //nolint:gosec // at most a few hundred bytes
	return append(out, raw...)
}
