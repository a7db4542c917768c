//go:build !noembedded

package embedded

// NexusAddress returns host:port of what serves Nexus operations to the server itself.
func (s *Server) NexusAddress() string { return s.nexus }
