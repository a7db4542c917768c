package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

// probeCode is a code that GitHub has not issued.
const probeCode = "everlatch-doctor"

// Probe implements [everlatch.Prober]: it asks the API for the user without a token, which
// GitHub refuses, and presents a code that was never issued: an answer that refuses the
// client instead of the code tells that the client's id or secret is wrong.
func (p *Provider) Probe(ctx context.Context) (probed everlatch.Probed, err error) {
	client := egress.Dates(p.client, func(date time.Time) {
		probed.Clock, probed.At = date, p.options.Now()
	})
	if err := p.probeAPI(ctx, client); err != nil {
		return probed, err
	}
	probed.Found = p.options.APIEndpoint + " answers"
	asking := context.WithValue(ctx, oauth2.HTTPClient, client)
	_, err = p.oauth2(p.options.CallbackURL).Exchange(asking, probeCode, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ok && refused.ErrorCode == "bad_verification_code":
		return probed, nil
	case ok && refused.ErrorCode == "incorrect_client_credentials":
		return probed, failed(errors.New("github refuses the client with incorrect_client_credentials"))
	}
	return probed, notExchanged(ctx, err)
}

func (p *Provider) probeAPI(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.options.APIEndpoint+"/user", http.NoBody)
	if err != nil {
		return failed(errors.New("github's API cannot be asked"))
	}
	resp, err := client.Do(req)
	if err != nil {
		return notAnswered(ctx, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	got := answer{status: resp.StatusCode, header: resp.Header}
	switch {
	case got.status >= http.StatusInternalServerError, got.limited():
		return unavailable(fmt.Errorf("github's API answers %d", got.status))
	case got.status != http.StatusUnauthorized:
		return failed(fmt.Errorf("the API endpoint answers %d, and GitHub's would answer 401", got.status))
	}
	return nil
}
