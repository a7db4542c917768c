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

func deviceToken(r *http.Request) string {
	if token := r.Header.Get(headerDevice); token != "" {
		return token
	}
	if cookie, err := r.Cookie(deviceCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// keepDevice gives a device that signs in to an account a token that says so, if the
// answer is that it has signed in.
func (s *Server) keepDevice(c echo.Context, account limits.Account) {
	k := callOf(c)
	if k.devices = append(k.devices, account); len(k.devices) == 1 {
		c.Response().Before(func() { s.writeDevice(c, k.devices) })
	}
}

func (s *Server) writeDevice(c echo.Context, accounts []limits.Account) {
	if c.Response().Status != http.StatusOK {
		return
	}
	token := deviceToken(c.Request())
	for _, account := range accounts {
		token = s.devices.SignedIn(token, account)
	}
	if c.Request().Header.Get(headerDevice) != "" {
		c.Response().Header().Set(headerDevice, token)
		// Without it, no script of another origin can read the token.
		c.Response().Header().Set(echo.HeaderAccessControlExposeHeaders, headerDevice)
		return
	}
	cookie := s.cookies.New(c.Request()) //nolint:gosec // see New
	cookie.Name, cookie.Value, cookie.Path = deviceCookie, token, "/auth"
	cookie.MaxAge = int(s.devices.TTL.Seconds())
	c.SetCookie(cookie)
}
