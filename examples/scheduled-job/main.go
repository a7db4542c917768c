// Command scheduled-job is an Everlatch service that reports every morning how
// many customers are new. docs/guides/scheduled-job.md walks through it.
package main

import (
	"io"
	"os"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(options(os.Stdout)...) }

// options add our job to the service.
func options(out io.Writer) []app.Option {
	reports := &Reports{Out: out}
	return []app.Option{
		app.WithApp(func(a *app.App) error {
			reports.Events = a.EventsBetween
			return nil
		}),
		app.WithWorkflow("ReportCustomers", ReportCustomers),
		app.WithActivities(reports),
		app.WithSchedule(app.Schedule{
			ID: "report-customers", Flow: "ReportCustomers", Input: ReportInput{Days: 1},
			Cron: "CRON_TZ=Europe/Berlin 0 6 * * *",
		}),
	}
}
