package google

import "github.com/everlatch/everlatch/providers"

var _ providers.Explainer = (*Provider)(nil)

// Explain implements [providers.Explainer] in the contract's words (docs/contract.md#s3-4).
func (*Provider) Explain(params map[string]string) string { return providers.ReadMore(params) }
