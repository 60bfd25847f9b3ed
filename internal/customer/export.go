package customer

import (
	"strconv"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// exportPageSize is how many customers a message holds at most.
const exportPageSize = 1000

var oldestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey}

// ExportCustomers streams the list of all customers, a page a message. Each page is a
// read of its own: while the client takes one in, however slowly, the export holds no
// connection, and it never holds more than a page. A page on which a filter found
// nothing is sent too, since its token says how far the export has come.
func (s *Server) ExportCustomers(req *rapportv1.ExportCustomersRequest, stream grpc.ServerStreamingServer[rapportv1.ExportCustomersResponse]) error {
	list, fingerprint, err := parseExport(req)
	if err != nil {
		return err
	}
	for {
		page, err := db.ReadUncountedPage[listed](stream.Context(), s.DB, "ExportCustomers", list, fingerprint)
		if err != nil {
			return err
		}
		resp := &rapportv1.ExportCustomersResponse{Customers: make([]*rapportv1.Customer, len(page.Rows)), NextPageToken: page.NextToken}
		now := s.Mutations.Clock()
		for i := range page.Rows {
			resp.Customers[i] = page.Rows[i].proto(now)
		}
		if err := stream.Send(resp); err != nil || page.NextToken == "" {
			return err
		}
		if list.Cursor, err = aip.ParseToken(page.NextToken, fingerprint); err != nil {
			return err
		}
	}
}

func parseExport(req *rapportv1.ExportCustomersRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	list = aip.List{
		Table: "customer", Columns: columns, Outputs: outputs, ID: "customer_id", Order: oldestFirst,
		Size: exportPageSize, Deleted: aip.DeletedOf(req.GetShowDeleted()),
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, nil); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "ExportCustomers", req.GetFilter(), strconv.FormatBool(req.GetShowDeleted()))
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}
