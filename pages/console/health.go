package console

import (
	"net/http"
	"strings"
)

// report is what GET /admin/doctor found.
type report struct {
	OK       bool      `json:"ok"`
	Faults   int       `json:"faults"`
	Warnings int       `json:"warnings"`
	Checks   []finding `json:"checks"`
}

// finding is what one check has found. Message and Advice are English, with code in
// backquotes.
type finding struct {
	Check   string `json:"check"`
	About   string `json:"about"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Said and Mend are the message and the advice.
func (f finding) Said() []piece { return pieces(f.Message) }
func (f finding) Mend() []piece { return pieces(f.Advice) }

// piece is a part of a text.
type piece struct {
	Text string
	Code bool
}

// pieces tells the code of a text, which is in backquotes.
func pieces(of string) []piece {
	var out []piece
	for i, part := range strings.Split(of, "`") {
		if part != "" {
			out = append(out, piece{part, i%2 == 1})
		}
	}
	return out
}

// examined is a part of the installation.
type examined struct {
	Name     string
	Findings []finding
}

type healthPage struct {
	frame

	Report report
	Parts  []examined
}

// showHealth examines the installation.
func (c *console) showHealth(v *visit) error {
	var answer struct{ Report report }
	if err := v.Get("/admin/doctor", &answer); err != nil {
		return err
	}
	p := healthPage{frame: v.frame(), Report: answer.Report}
	for _, f := range answer.Report.Checks {
		name, _, _ := strings.Cut(f.Check, ".")
		if len(p.Parts) == 0 || p.Parts[len(p.Parts)-1].Name != name {
			p.Parts = append(p.Parts, examined{Name: name})
		}
		last := &p.Parts[len(p.Parts)-1]
		last.Findings = append(last.Findings, f)
	}
	return v.show(http.StatusOK, "health", p)
}
