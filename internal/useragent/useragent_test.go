package useragent_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/useragent"
)

func TestDescribe(t *testing.T) {
	t.Parallel()

	for header, want := range map[string]string{
		"": "",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0":                                                               "Firefox on Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0":                                                                         "Firefox on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36":                          "Chrome on macOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15":                          "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1":        "Safari on iPhone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36":                                "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36":     "Samsung Internet on Android",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":                  "Edge on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0":                  "Opera on Windows",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36":                                 "Chrome on ChromeOS",
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15":               "Firefox on iPad",
		"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                           "Internet Explorer on Windows",
		"curl/8.5.0":                        "curl",
		"okhttp/4.12.0":                     "Java or Android program",
		"Go-http-client/2.0":                "Go program",
		"node":                              "Node.js program",
		"MyShop/2.1 (iPhone; iOS 18.1)":     "MyShop on iPhone",
		"My Shop/2.1 (Linux; Android 14)":   "My Shop on Android",
		"Dart/3.5 (dart:io)":                "Dart program",
		"<script>alert(1)</script>/1":       "",
		"shop\x00/1":                        "",
		"Mozilla/5.0":                       "",
		strings.Repeat("x", 33) + "/1":      "",
		strings.Repeat("x", 600) + "Linux":  "",
		"app/" + strings.Repeat("é", 10000): "app",
	} {
		require.Equal(t, want, useragent.Describe(header), "%q", header)
	}
}

func TestIn(t *testing.T) {
	t.Parallel()

	words := func(part string, pairs ...any) string { return fmt.Sprint(append([]any{part}, pairs...)...) }
	for description, want := range map[string]string{
		"Firefox on Linux":               "systemBrowserFirefoxSystemLinux",
		"Safari on iPhone":               "hardwareBrowserSafariSystemiPhone",
		"MyShop on Windows Phone":        "systemBrowserMyShopSystemWindows Phone",
		"Shop on Linux on macOS":         "systemBrowserShop on LinuxSystemmacOS",
		"an app on Windows":              "systemBrowserappSystemWindows",
		"Go program":                     "programLanguageGo",
		"Node.js program on Linux":       "systemBrowserprogramLanguageNode.jsSystemLinux",
		"Java or Android program":        "java_program",
		"an app":                         "app",
		"Postman":                        "Postman",
		"Windows":                        "Windows",
		"Radio on Demand":                "Radio on Demand",
		"on Linux":                       "on Linux",
		"":                               "",
		"Firefox on Linux, said another": "Firefox on Linux, said another",
	} {
		require.Equal(t, want, useragent.In(description, words), description)
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0) Firefox/133.0")
	f.Fuzz(func(t *testing.T, header string) {
		got := useragent.Describe(header)
		require.LessOrEqual(t, len(got), 64)
		require.NotContains(t, got, "<")
		require.Equal(t, -1, strings.IndexFunc(got, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }))
	})
}

func BenchmarkDescribe(b *testing.B) {
	for b.Loop() {
		useragent.Describe("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15")
	}
}
