package medusa

// TokenID is tokenID.
func TokenID(token string) string { return tokenID(token) }
