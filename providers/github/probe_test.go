package github_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/providers/github"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	p, server := setup(t, githubtest.Options{}, nil)
	got, err := p.Probe(t.Context())
	require.NoError(t, err)
	require.Equal(t, server.APIEndpoint+" answers", got.Found)
	require.Equal(t, noon, got.At)
	require.WithinDuration(t, time.Now(), got.Clock, time.Hour, "the server's own clock")

	server.Script(githubtest.User, githubtest.ServerError)
	_, err = p.Probe(t.Context())
	require.ErrorIs(t, err, everlatch.ErrUnavailable)

	p, _ = setup(t, githubtest.Options{}, func(o *github.Options) { o.APIEndpoint += "/elsewhere" })
	_, err = p.Probe(t.Context())
	require.NotErrorIs(t, err, everlatch.ErrUnavailable)
	require.ErrorContains(t, everlatch.Cause(err), "the API endpoint answers 404")
}
