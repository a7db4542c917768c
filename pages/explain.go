package pages

import (
	"net/http"
	"strconv"
)

// explanation is the data of an error page.
type explanation struct {
	Status int
	Title  string
	// Text says what is wrong, Wait when to try again, "" for nothing to say.
	Text, Wait string
}

func (v *Visit) explain(r *RefusalError) explanation {
	out := explanation{Status: r.Status, Text: v.Explain(r)}
	id := "base.error_" + strconv.Itoa(r.Status)
	if !v.language.has(id) {
		id = "base.error_other"
	}
	out.Title = v.T(id)
	if r.RetryAfter > 0 {
		out.Wait = v.T("base.try_again_in", "Wait", v.language.wait(r.RetryAfter))
	}
	return out
}

// languageOfAPI is the language of the API's own sentences.
const languageOfAPI = "en"

// Explain words a refusal in the visitor's language: by its reason or by its status. A
// refusal without a reason is in the words of custom code, which are shown as they are;
// those of the API itself are English.
func (v *Visit) Explain(r *RefusalError) string {
	if text := v.reason(r); text != "" {
		return text
	}
	switch {
	case r.Status == http.StatusTooManyRequests && r.RetryAfter > 0:
		return v.T("base.too_many_wait", "Wait", v.language.wait(r.RetryAfter))
	case r.Status == http.StatusTooManyRequests:
		return v.T("base.too_many")
	case r.Status == http.StatusServiceUnavailable:
		return v.T("base.unavailable")
	case r.Status >= http.StatusInternalServerError:
		return v.T("base.broken")
	case r.Message != "" && (r.Reason == "" || v.Language() == languageOfAPI):
		return r.Message
	}
	return v.T("base.refused")
}

// reason words the reason of a refusal, "" for one without words. The API leaves out details
// that are too long for a header, and then there are no words either.
func (v *Visit) reason(r *RefusalError) string {
	for _, area := range v.site.languages.areas {
		if id := area + ".refusal." + r.Reason; r.Reason != "" && v.language.has(id) {
			text, err := v.language.Fill(id, r.details(v.language))
			if err != nil {
				return ""
			}
			return text
		}
	}
	return ""
}

// details are what the placeholders of a message stand for.
func (r *RefusalError) details(l *pageLanguage) map[string]any {
	out := make(map[string]any, len(r.Details))
	for name, value := range r.Details {
		out[name] = l.apart(value)
	}
	return out
}
