// Package githubtest is GitHub for tests: it runs in the process of the test on
// 127.0.0.1, checks what it is sent as GitHub does (client secret, PKCE, single
// use of codes, scopes), and misbehaves when it is told to.
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
