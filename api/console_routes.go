package api

import "net/http"

// consoleRoutes are what an operator works with besides the records of the contract.
func (s *Server) consoleRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/admin/schedules", handle: s.listSchedules, needs: can("schedule:read")},
		{method: get, path: "/admin/schedules/:id", handle: s.readSchedule, needs: can("schedule:read")},
		{method: post, path: "/admin/schedules/:id/pause", handle: s.pauseSchedule, needs: can("schedule:read", "schedule:update")},
		{method: post, path: "/admin/schedules/:id/resume", handle: s.resumeSchedule, needs: can("schedule:read", "schedule:update")},
		{method: post, path: "/admin/schedules/:id/trigger", handle: s.triggerSchedule, needs: can("schedule:read", "schedule:update")},
		{method: get, path: "/admin/audit", handle: s.listAudit, needs: can("audit:read")},
		{method: get, path: "/admin/statistics", handle: s.readStatistics, needs: can("statistics:read")},
	}
}
