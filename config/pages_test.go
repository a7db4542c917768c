package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestReturnTo(t *testing.T) {
	t.Parallel()

	_, err := config.Load(config.Sources{
		File: write(t, `
pages: {return_to: ["https://shop.example/account", "http://shop.example", "https://me:topsecret@shop.example"]}
`),
	})
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	require.Equal(t, config.Problems{
		{Key: "pages.return_to", Message: "entry 2: an address is https, except on this machine"},
		{Key: "pages.return_to", Message: "entry 3: an address has no user name"},
	}, problems)
}

func TestReturnToStorefronts(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	require.Empty(t, cfg.Pages.ReturnTo)
	cfg.HTTP.StoreCORS = `http://localhost:8000, https://shop.example, /^https:\/\/pr-\d+\.example$/, http://plain.example, null`
	cfg.ReturnToStorefronts()
	require.Equal(t, []string{"http://localhost:8000", "https://shop.example"}, cfg.Pages.ReturnTo)
	cfg.HTTP.StoreCORS = "https://another.example"
	cfg.ReturnToStorefronts()
	require.Equal(t, []string{"http://localhost:8000", "https://shop.example"}, cfg.Pages.ReturnTo, "what is set stays")
}
