package subscribers

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

var _ everlatch.Prober = (*Webhook)(nil)

// Probe implements [everlatch.Prober] with a HEAD request, which delivers no event. Every
// answer below 500 will do: receivers need not know HEAD.
func (w *Webhook) Probe(ctx context.Context) (probed everlatch.Probed, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, w.url.String(), http.NoBody)
	if err != nil {
		return probed, fmt.Errorf("%s cannot be asked", w.url.Host)
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := egress.Dates(w.client, func(date time.Time) { probed.Clock = date }).Do(req)
	if err != nil {
		return probed, everlatch.Unavailable("The webhook", fmt.Errorf("%s %w", w.url.Host, reason(err)))
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return probed, everlatch.Unavailable("The webhook", fmt.Errorf("%s answers %d", w.url.Host, resp.StatusCode))
	}
	probed.Found = w.url.Host + " answers"
	return probed, nil
}
