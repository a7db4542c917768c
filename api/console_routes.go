package api

import "net/http"

// consoleRoutes are what an operator works with besides the records of the contract.
func (s *Server) consoleRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{method: get, path: "/admin/schedules", handle: s.listSchedules, needs: can("schedule:read")},
		{method: get, path: "/admin/schedules/:id", handle: s.readSchedule, needs: can("schedule:read")},
		{method: post, path: "/admin/schedules/:id/pause", handle: s.pauseSchedule, needs: can("schedule:read", "schedule:update")},
		{method: post, path: "/admin/schedules/:id/resume", handle: s.resumeSchedule, needs: can("schedule:read", "schedule:update")},
		{method: post, path: "/admin/schedules/:id/trigger", handle: s.triggerSchedule, needs: can("schedule:read", "schedule:update")},
		// Each kind needs the permission of its own list.
		{method: get, path: "/admin/people", handle: s.findPeople, free: true},
		{method: get, path: "/admin/auth-identities/:id/sessions", handle: s.listIdentitySessions, needs: can("auth_identity:read")},
		// Update of every account of the identity is needed besides.
		{method: post, path: "/admin/auth-identities/:id/reset-password", handle: s.resetIdentity, needs: can("auth_identity:read")},
		{method: get, path: "/admin/customers/:id/deletion", handle: s.readDeletion, needs: can("customer:read")},
		{method: post, path: "/admin/customers/:id/deletion", handle: s.scheduleDeletion, needs: can("customer:read", "customer:delete")},
		{method: del, path: "/admin/customers/:id/deletion", handle: s.cancelDeletion, needs: can("customer:read", "customer:update")},
		{method: post, path: "/admin/customers/:id/reset-password", handle: s.resetCustomer, needs: can("customer:read", "customer:update")},
		{method: get, path: "/admin/audit", handle: s.listAudit, needs: can("audit:read")},
		{method: get, path: "/admin/doctor", handle: s.readDoctor, needs: can("doctor:read")},
		{method: get, path: "/admin/statistics", handle: s.readStatistics, needs: can("statistics:read")},
	}
}
