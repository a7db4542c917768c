package egress

// IsPublic is isPublic.
var IsPublic = isPublic
