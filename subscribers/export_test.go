package subscribers

// Reason is tested without a network.
var Reason = reason
