package wire

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// SecurityHeaders sets what every answer has, errors and unknown paths included:
// no browser may guess another type than the declared one, which would run a JSON
// answer as a script. With hsts, an answer by https tells the browser to use https
// only for that long; by http the header means nothing (RFC 6797, section 7.2).
func SecurityHeaders(h http.Header, https bool, hsts time.Duration) {
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	if https && hsts >= time.Second {
		h.Set(echo.HeaderStrictTransportSecurity, "max-age="+strconv.FormatInt(int64(hsts/time.Second), 10))
	}
}
