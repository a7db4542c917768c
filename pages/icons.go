package pages

import (
	"cmp"
	"html/template"
)

// The marks are drawn for these pages, in the colour of the text unless the provider's
// mark has colours of its own.
var icons = map[string]template.HTML{
	"latch":    stroked(`<path d="M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z"/>`),
	"globe":    stroked(`<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18"/>`),
	"mail":     stroked(`<path d="M3 6h18v12H3zM3 7l9 6 9-6"/>`),
	"passkey":  stroked(`<circle cx="9" cy="8" r="4"/><path d="M2 20c0-4 3-6 7-6 1.5 0 3 .3 4 .9"/><circle cx="18" cy="13" r="3"/><path d="M18 16v6m0-2h2"/>`),
	"password": stroked(`<path d="M4 12h16M7 9v6m5-6v6m5-6v6"/>`),
	"phone":    stroked(`<rect x="7" y="3" width="10" height="18" rx="2"/><path d="M11 18h2"/>`),
	"key":      stroked(`<circle cx="8" cy="15" r="4"/><path d="m11 12 9-9m-3 3 3 3"/>`),
	"openid":   stroked(`<path d="M12 3l8 3v6c0 4.5-3.2 8-8 9-4.8-1-8-4.5-8-9V6z"/><circle cx="12" cy="10.5" r="2"/><path d="M12 12.500V16"/>`),
	"person":   stroked(`<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4 3.5-7 8-7s8 3 8 7"/>`),
	"pin":      stroked(`<path d="M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21z"/><circle cx="12" cy="9.5" r="2.5"/>`),
	"clock":    stroked(`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>`),
	"file":     stroked(`<path d="M6 3h8l4 4v14H6zM14 3v4h4M9 12h6m-6 4h6"/>`),
	"back":     stroked(`<path d="m14 6-6 6 6 6"/>`),
	"arrow":    stroked(`<path d="M5 12h14m-6-6 6 6-6 6"/>`),
	"google": svg(`<path fill="#4285f4" d="M22 12.2c0-.7-.1-1.4-.2-2H12v3.9h5.6a4.8 4.8 0 0 1-2.1 3.1v2.6H19c2-1.8 3-4.5 3-7.6z"/>` +
		`<path fill="#34a853" d="M12 22c2.8 0 5.2-.9 7-2.5l-3.5-2.6a6.2 6.2 0 0 1-9.3-3.3H2.6v2.7A10 10 0 0 0 12 22z"/>` +
		`<path fill="#fbbc05" d="M6.2 13.6a6 6 0 0 1 0-3.7V7.2H2.6a10 10 0 0 0 0 9.1z"/>` +
		`<path fill="#ea4335" d="M12 6.3c1.6 0 3 .6 4 1.6l3.1-3A10 10 0 0 0 2.6 7.2l3.6 2.7A6 6 0 0 1 12 6.3z"/>`),
	"github": svg(`<path fill="currentColor" d="M12 2a10 10 0 0 0-3.2 19.5c.5.1.7-.2.7-.5v-1.8c-2.8.6-3.4-1.2-3.4-1.2-.4-1.1-1.1-1.4-1.1-1.4-.9-.6.1-.6.1-.6 1 .1 1.5 1 1.5 1 .9 1.5 2.4 1.1 2.9.8.1-.6.3-1.1.6-1.3-2.2-.3-4.5-1.1-4.5-4.9 0-1.1.4-2 1-2.7-.1-.2-.4-1.2.1-2.6 0 0 .8-.3 2.7 1a9.4 9.4 0 0 1 5 0c1.9-1.3 2.7-1 2.7-1 .5 1.4.2 2.4.1 2.6.6.7 1 1.6 1 2.7 0 3.8-2.3 4.6-4.5 4.9.4.3.7.9.7 1.8V21c0 .3.2.6.7.5A10 10 0 0 0 12 2z"/>`),
	"microsoft": svg(`<path fill="#f25022" d="M3 3h8.5v8.5H3z"/><path fill="#7fba00" d="M12.5 3H21v8.5h-8.5z"/>` +
		`<path fill="#00a4ef" d="M3 12.5h8.5V21H3z"/><path fill="#ffb900" d="M12.5 12.5H21V21h-8.5z"/>`),
}

func stroked(paths string) template.HTML {
	return svg(`<g fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">` + paths + `</g>`)
}

func svg(content string) template.HTML {
	return template.HTML(`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">` + content + `</svg>`) //nolint:gosec // of this file
}

// providerIcons are the marks of providers and methods that share one.
var providerIcons = map[string]string{
	"emailpass": "password", "emailcode": "mail", "totp": "phone", "webauthn": "passkey",
}

// icon returns a mark, that of OpenID for an unknown name.
func icon(name string) template.HTML {
	name = cmp.Or(providerIcons[name], name)
	if mark, found := icons[name]; found {
		return mark
	}
	return icons["openid"]
}
