package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// ask asks the user of an identity for their second factor before the plan is changed.
func (p *plans) ask(c echo.Context) error {
	var order struct{ Identity, Plan string }
	if err := c.Bind(&order); err != nil {
		return err
	}
	open, err := p.service.CreateAuthMfaChallenge(c.Request().Context(), auth.NewChallenge{
		AuthIdentityID: order.Identity, StepUp: true, Metadata: everlatch.Metadata{"plan": order.Plan},
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, open)
}

// confirm changes the plan once the user has answered: to the one that they were asked
// about.
func (p *plans) confirm(c echo.Context) error {
	var answer struct{ Challenge, Identity, Method, Code string }
	if err := c.Bind(&answer); err != nil {
		return err
	}
	ctx := c.Request().Context()
	passed, err := p.service.VerifyAuthMfaChallenge(ctx, auth.ChallengeCode{
		ID: answer.Challenge, AuthIdentityID: answer.Identity, Method: answer.Method, Code: answer.Code,
	})
	if err != nil {
		return err
	}
	changed, err := p.service.UpdateAuthIdentities(ctx, auth.AuthIdentityUpdate{
		ID: passed.AuthIdentityID, AppMetadata: everlatch.Metadata{"plan": passed.Metadata["plan"]},
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, changed[0].AppMetadata)
}
