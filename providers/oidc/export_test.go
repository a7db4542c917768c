package oidc

// IsPublic is what decides about addresses.
var IsPublic = isPublic
