package console

import "strings"

// saying is a sentence about a flow: English of the API, with a code for other languages.
type saying struct {
	Text   string            `json:"text"`
	Code   string            `json:"code"`
	Params map[string]string `json:"params"`
}

// told is a sentence in the visitor's language.
type told struct {
	Text string
	// Until is a time that ends the sentence, "" for none, and Refused the reason of a refusal.
	Until, Refused string
	// English says that it is not in the visitor's language: a custom workflow said it.
	English bool
}

// tell words a sentence.
func (v *visit) tell(s saying) told {
	id := "console.say_" + s.Code
	if s.Code == "" || !v.Has(id) {
		return told{Text: s.Text, English: true}
	}
	out := told{Text: v.worded(id, s.Params), Until: s.Params["until"], Refused: s.Params["refused"]}
	switch {
	case s.Params["failed"] != "":
		out.Text = v.T("console.say_not_done", "What", out.Text)
	case out.Refused != "" && s.Code != "ended":
		out.Text = v.T("console.say_refused", "What", out.Text)
	}
	return out
}

// worded fills a message with what belongs to a code.
func (v *visit) worded(id string, params map[string]string) string {
	status := params["status"]
	if message := "console.status_" + status; v.Has(message) {
		status = v.T(message)
	}
	return strings.TrimSpace(v.T(id,
		"Step", params["step"], "Attempts", params["attempts"], "Error", params["error"], "Flow", params["flow"], "Subscriber", params["subscriber"],
		"Event", params["event"], "Outcome", v.outcome(params["outcome"]), "Status", status,
	))
}

// outcome words how a flow has ended.
func (v *visit) outcome(code string) string {
	if message := "console.outcome_" + code; v.Has(message) {
		return v.T(message)
	}
	return strings.ReplaceAll(code, "_", " ")
}

// word words what the API says of a flow.
func (v *visit) word(f flow) flow {
	if message := "console.workflow_" + strings.ToLower(f.Workflow); v.Has(message) {
		f.Title = v.T(message)
	} else if f.Title == "" {
		f.Title = f.Workflow
	}
	f.Ended = v.outcome(f.Outcome)
	if f.WhyCode != "" && v.Has("console.why_"+f.WhyCode) {
		f.Why, f.Advice = v.worded("console.why_"+f.WhyCode, f.WhyParams), v.T("console.advice_"+f.WhyCode)
	} else {
		f.English = f.Why != ""
	}
	return f
}

func (v *visit) wordAll(flows []flow) []flow {
	for i := range flows {
		flows[i] = v.word(flows[i])
	}
	return flows
}
