// Package helm holds the tools that render and check deploy/helm, pinned in a module of
// their own: Kubernetes's packages are none of Everlatch's dependencies.
package helm
