// Package freeport finds addresses for servers that tests start as processes, and start
// again at the same address.
package freeport
