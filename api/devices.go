package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/limits"
)

const (
	deviceCookie = "everlatch.device"
	// headerDevice carries the token of a client that keeps no cookies. Any value
	// asks for one.
	headerDevice = "X-Everlatch-Device"
)

func deviceToken(c echo.Context) string {
	if token := c.Request().Header.Get(headerDevice); token != "" {
		return token
	}
	if cookie, err := c.Cookie(deviceCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// keepDevice gives a device that has signed in a token that says so.
func (s *Server) keepDevice(c echo.Context, account limits.Account) {
	if c.Response().Status != http.StatusOK {
		return
	}
	token := s.devices.SignedIn(deviceToken(c), account)
	if c.Request().Header.Get(headerDevice) != "" {
		c.Response().Header().Set(headerDevice, token)
		return
	}
	cookie := s.cookies.New(c.Request()) //nolint:gosec // see New
	cookie.Name, cookie.Value, cookie.Path = deviceCookie, token, "/auth"
	cookie.MaxAge = int(s.devices.TTL.Seconds())
	c.SetCookie(cookie)
}
