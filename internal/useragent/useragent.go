// Package useragent describes browsers and apps by what they say about themselves in
// the header User-Agent, so that a user recognizes their own: "Firefox on Windows".
//
// A description has no version: a browser that updates itself stays the same device.
// What a client says proves nothing, and nothing is decided by it alone.
package useragent

import "strings"

// maxHeader bounds how much of a header is read, in bytes.
const maxHeader = 512

// maxName bounds the name of an app that isn't known, in bytes.
const maxName = 32

// token is a part of a header that gives a name away.
type token struct{ part, name string }

// browsers are in the order in which they are looked for: most pretend to be Chrome
// or Safari, and Chrome pretends to be Safari.
var browsers = []token{
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"Edg/", "Edge"},
	{"Edge/", "Edge"},
	{"OPR/", "Opera"},
	{"OPT/", "Opera"},
	{"OPiOS/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Vivaldi/", "Vivaldi"},
	{"YaBrowser/", "Yandex Browser"},
	{"DuckDuckGo/", "DuckDuckGo"},
	{"Ddg/", "DuckDuckGo"},
	{"UCBrowser/", "UC Browser"},
	{"Brave/", "Brave"},
	{"Electron/", app},
	{"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"},
	{"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"},
	{"MSIE ", "Internet Explorer"},
	{"Version/", "Safari"},
}

// systems are in the order in which they are looked for: Android says Linux as well,
// and an iPhone says Mac OS X.
var systems = []token{
	{"Windows Phone", "Windows Phone"},
	{"Windows", "Windows"},
	{"CrOS", "ChromeOS"},
	{"Android", "Android"},
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"iPod", "iPod"},
	{"HarmonyOS", "HarmonyOS"},
	{"Macintosh", "macOS"},
	{"Mac OS X", "macOS"},
	{"darwin", "macOS"},
	{"FreeBSD", "FreeBSD"},
	{"OpenBSD", "OpenBSD"},
	{"X11; Linux", "Linux"},
	{"Linux", "Linux"},
	{"linux", "Linux"},
}

// on stands between a browser and its system.
const on = " on "

// javaProgram is a program with a library that apps for Android use as well.
const javaProgram = "Java or Android program"

// programs are what libraries call themselves, in lower case, in words for a user.
var programs = map[string]string{
	"go-http-client": "Go program", "node": "Node.js program", "undici": "Node.js program", "node-fetch": "Node.js program", "axios": "Node.js program",
	"got": "Node.js program", "bun": "Bun program", "deno": "Deno program", "python": "Python program", "python-requests": "Python program",
	"python-httpx": "Python program", "python-urllib": "Python program", "java": "Java program", "java-http-client": "Java program",
	"apache-httpclient": "Java program", "okhttp": javaProgram, "dart": "Dart program", "php": "PHP program", "guzzlehttp": "PHP program",
	"ruby": "Ruby program", "faraday": "Ruby program", "reqwest": "Rust program", "postmanruntime": "Postman",
}

// Describe returns a short description of a client: browser and system, the name of
// an app, or "" for a header that says nothing. It is plain ASCII, at most 64 bytes.
func Describe(header string) string {
	header = header[:min(len(header), maxHeader)]
	system := find(header, systems)
	var browser string
	if strings.HasPrefix(header, "Mozilla/") || strings.HasPrefix(header, "Opera/") {
		browser = find(header, browsers)
	} else {
		browser = product(header)
		if name, known := programs[strings.ToLower(browser)]; known {
			browser = name
		}
	}
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	default:
		return browser + on + system
	}
}

func find(header string, tokens []token) string {
	for _, t := range tokens {
		if strings.Contains(header, t.part) {
			return t.name
		}
	}
	return ""
}

// product is the name before the first version (RFC 9110, section 10.1.5).
func product(header string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(header), "/")
	name, _, _ = strings.Cut(name, "(")
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, foreign) {
		return ""
	}
	return name
}

// foreign reports a character that a name of an app cannot have.
func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" ._-+", r)
}
