package limits

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// mailbox is the form under which mails to one person are counted: in lower case
// and without what follows a plus, so that a+1@ and a+2@ are one recipient.
func mailbox(address string) string {
	address = strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, _, _ := strings.Cut(address[:at], "+")
	return local + address[at:]
}
