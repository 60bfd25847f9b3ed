package bench

import (
	"math"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// histories are the methods that need customers with histories.
var histories = []string{"timeline-20", "timeline-20000", "follow-ups", "follow-ups-staff", "interaction", "batch-interaction", "score", "satisfaction-report", "driver-report"}

// fullName is that of the RPC of a method.
func fullName(method string) string {
	if strings.HasPrefix(method, "search-") {
		return rapportv1.CustomerService_ListCustomers_FullMethodName
	}
	return map[string]string{
		"get":               rapportv1.CustomerService_GetCustomer_FullMethodName,
		"list":              rapportv1.CustomerService_ListCustomers_FullMethodName,
		"create":            rapportv1.CustomerService_CreateCustomer_FullMethodName,
		"update":            rapportv1.CustomerService_UpdateCustomer_FullMethodName,
		"batch-update":      rapportv1.CustomerService_BatchUpdateCustomers_FullMethodName,
		"timeline-20":       rapportv1.CustomerService_ListTimeline_FullMethodName,
		"timeline-20000":    rapportv1.CustomerService_ListTimeline_FullMethodName,
		"follow-ups":        rapportv1.TaskService_ListFollowUps_FullMethodName,
		"follow-ups-staff":  rapportv1.TaskService_ListFollowUps_FullMethodName,
		"interaction":       rapportv1.InteractionService_CreateInteraction_FullMethodName,
		"batch-interaction": rapportv1.InteractionService_BatchCreateInteractions_FullMethodName,

		"score":               rapportv1.SatisfactionService_CreateSatisfactionScore_FullMethodName,
		"satisfaction-report": rapportv1.InsightService_GetSatisfactionReport_FullMethodName,
		"driver-report":       rapportv1.InsightService_GetDriverReport_FullMethodName,
	}[method]
}

func isBatch(method string) bool { return strings.HasPrefix(method, "batch-") }

// most is how many of a call are made at once at most; more would only wait for each
// other. Every batch writes to the feed of every lane, so one waits for another; and what
// pgbench does not repeat, since it sends something else with each call, is asked by people.
func (b *bench) most(method string) int {
	_, limited := b.limits[method]
	switch {
	case strings.HasSuffix(method, "-report"): // each reads a million scores
		return 1
	case isBatch(method):
		return 4
	case !limited, strings.HasPrefix(method, "follow-ups"):
		return 16
	}
	return math.MaxInt
}
