package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	seen := map[string]bool{}
	for range 20 {
		for _, address := range freeport.Addresses(t, 3) {
			require.False(t, seen[address], "%s is given away twice", address)
			seen[address] = true
			_, text, err := net.SplitHostPort(address)
			require.NoError(t, err)
			port, err := strconv.Atoi(text)
			require.NoError(t, err)
			require.Less(t, port, 32768)
			l, err := net.Listen("tcp", address)
			require.NoError(t, err)
			require.NoError(t, l.Close())
		}
	}
	require.Len(t, seen, 60)
}
