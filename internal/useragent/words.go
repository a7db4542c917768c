package useragent

import "strings"

// hardware are the systems that are a device, which is on a table and not below a browser.
var hardware = map[string]bool{"iPhone": true, "iPad": true, "iPod": true}

// app is what [Describe] calls a browser that is a part of an app without a name.
const app = "an app"

// Words returns a message about a part of a description, by its name and the values of its
// placeholders in pairs:
//
//   - system and hardware are the whole: a Browser with the System that it runs on, which is
//     a device in case of hardware;
//   - app is an app without a name;
//   - program is a program in a Language, and java_program one in Java or on Android.
type Words func(part string, pairs ...any) string

// In returns a description of [Describe] in other words. The names of browsers, apps and
// systems stay, and so does everything that isn't a description.
func In(description string, words Words) string {
	at := strings.LastIndex(description, on)
	if at < 0 || !isSystem(description[at+len(on):]) {
		return browserIn(description, words)
	}
	browser, system := browserIn(description[:at], words), description[at+len(on):]
	if hardware[system] {
		return words("hardware", "Browser", browser, "System", system)
	}
	return words("system", "Browser", browser, "System", system)
}

func isSystem(name string) bool {
	for _, t := range systems {
		if t.name == name {
			return true
		}
	}
	return false
}

func browserIn(name string, words Words) string {
	if name == app {
		return words("app")
	}
	for _, known := range programs {
		language, is := strings.CutSuffix(known, " program")
		switch {
		case !is || known != name:
		case known == javaProgram:
			return words("java_program")
		default:
			return words("program", "Language", language)
		}
	}
	return name
}
