package api

import (
	"mime"
	"net/http"
	"strings"

	"github.com/everlatch/everlatch"
)

// reasonHeader tells clients that word refusals themselves, such as pages in another
// language, the reason of one, with the details that its sentence has:
//
//	Everlatch-Reason: value_too_big; field=label; most=64
const reasonHeader = "Everlatch-Reason"

// maxReasonHeader bounds the header, in bytes. Longer details are left out.
const maxReasonHeader = 1 << 10

// shownReasons are the names under which reasons are told. The header never says more than
// the sentence: reasons with the same one have the same name, the first in the order of
// the alphabet.
var shownReasons = func() map[everlatch.Reason]everlatch.Reason {
	first := map[string]everlatch.Reason{}
	for reason, sentence := range sentences {
		if known, found := first[sentence]; !found || reason < known {
			first[sentence] = reason
		}
	}
	out := make(map[everlatch.Reason]everlatch.Reason, len(sentences))
	for reason, sentence := range sentences {
		out[reason] = first[sentence]
	}
	out[reasonOther] = reasonOther
	return out
}()

// reasonOther is that of the API's own refusals which have no other. Refusals without any
// are in the words of a custom provider, hook or route.
const reasonOther everlatch.Reason = "other"

// plainReasons are the reasons of sentences without details. A custom provider that says one
// of them gets its reason, so that the header tells no one whose words they are.
var plainReasons = func() map[string]everlatch.Reason {
	out := map[string]everlatch.Reason{}
	for reason, sentence := range sentences {
		if !strings.Contains(sentence, "{") {
			out[sentence] = reason
		}
	}
	return out
}()

// setReasonOf tells the reason of a refusal.
func setReasonOf(h http.Header, e *everlatch.Error) {
	switch {
	case e.Reason != "":
		setReason(h, e.Reason, e.Details)
	case e.Code == everlatch.CodeConflict: // always in the same words
		setReason(h, reasonConflict, nil)
	default:
		setReason(h, plainReasons[e.Message], nil)
	}
}

func setReason(h http.Header, reason everlatch.Reason, details map[string]string) {
	name, shown := shownReasons[reason]
	if !shown {
		return
	}
	said := map[string]string{}
	for key, value := range details {
		if strings.Contains(sentences[reason], "{"+key) {
			said[key] = value
		}
	}
	text := mime.FormatMediaType(string(name), said)
	if text == "" || len(text) > maxReasonHeader {
		text = string(name)
	}
	h.Set(reasonHeader, text)
}
