// Package githubtest is a fake GitHub for tests: it runs in the process of the
// test on 127.0.0.1, checks requests as GitHub does (client secret, PKCE,
// single use of codes, scopes), and misbehaves on request.
//
//	server := githubtest.Start(t, githubtest.Options{})
//	provider, err := github.New(github.Options{
//		OAuthClient: providers.OAuthClient{
//			ClientID: server.ClientID, ClientSecret: server.ClientSecret,
//			CallbackURL: "https://shop.example/callback", AllowPrivate: true,
//		},
//		AuthorizationEndpoint: server.AuthorizationEndpoint,
//		TokenEndpoint:         server.TokenEndpoint,
//		APIEndpoint:           server.APIEndpoint,
//	})
//	server.Script(githubtest.Token, githubtest.ServerError) // the next exchange
//	callback := server.Visit(t, location)                   // the parameters of the callback
package githubtest
