package github

import "github.com/everlatch/everlatch/providers"

var _ providers.Explainer = (*Provider)(nil)

// Explain implements [providers.Explainer].
func (*Provider) Explain(params map[string]string) string { return providers.ReadMore(params) }
