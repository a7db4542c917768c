package subscribers

// What is tested without a network.
var (
	IsPublic = isPublic
	Reason   = reason
)
