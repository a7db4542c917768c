package argon2id

import (
	"encoding/binary"
	"sync"
	_ "unsafe" // for go:linkname

	_ "golang.org/x/crypto/argon2" // what is linked to
	"golang.org/x/crypto/blake2b"
)

// Key derives a key of keyLen bytes. time counts passes, memory is KiB, and threads is
// the degree of parallelism, as in [golang.org/x/crypto/argon2.IDKey], which it equals. time
// and threads are at least 1.
func Key(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
	lanes := uint32(threads)
	h0 := initHash(password, salt, nil, nil, time, memory, lanes, keyLen, argon2id)
	// RFC 9106, section 3.2: a multiple of four blocks for each lane, and eight at least.
	memory = max(memory/(syncPoints*lanes), 2) * syncPoints * lanes
	held := take(memory)
	defer kept.Put(held)
	blocks := *held
	fillFirst(blocks, &h0, lanes)
	processBlocks(blocks, time, memory, lanes, argon2id)
	return extractKey(blocks, memory, lanes, keyLen)
}

const (
	argon2id   = 2 // the type of RFC 9106, section 3.1
	syncPoints = 4
)

// block has the layout of the block of golang.org/x/crypto/argon2.
type block [128]uint64

// kept holds *[]block. Memory that is not used for a while is given back.
var kept sync.Pool

// take returns zeroed memory: the first pass adds to what is there.
func take(n uint32) *[]block {
	if held, ok := kept.Get().(*[]block); ok && uint32(cap(*held)) >= n { //nolint:gosec // below 4 Gi blocks, as n is
		*held = (*held)[:n]
		clear(*held)
		return held
	}
	made := make([]block, n)
	return &made
}

// fillFirst computes the first two blocks of each lane (RFC 9106, section 3.2, steps 3 and 4).
func fillFirst(blocks []block, h0 *[blake2b.Size + 8]byte, lanes uint32) {
	var bytes [1024]byte
	perLane := uint32(len(blocks)) / lanes //nolint:gosec // its length is a uint32
	for lane := range lanes {
		binary.LittleEndian.PutUint32(h0[blake2b.Size+4:], lane)
		for i := range uint32(2) {
			binary.LittleEndian.PutUint32(h0[blake2b.Size:], i)
			blake2bHash(bytes[:], h0[:])
			for w := range blocks[lane*perLane+i] {
				blocks[lane*perLane+i][w] = binary.LittleEndian.Uint64(bytes[w*8:])
			}
		}
	}
}

//go:linkname initHash golang.org/x/crypto/argon2.initHash
func initHash(password, salt, key, data []byte, time, memory, threads, keyLen uint32, mode int) [blake2b.Size + 8]byte

//go:linkname processBlocks golang.org/x/crypto/argon2.processBlocks
func processBlocks(blocks []block, time, memory, threads uint32, mode int)

//go:linkname extractKey golang.org/x/crypto/argon2.extractKey
func extractKey(blocks []block, memory, threads, keyLen uint32) []byte

//go:linkname blake2bHash golang.org/x/crypto/argon2.blake2bHash
func blake2bHash(out, in []byte)
