package turnpike_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// A gateway with 7 payments, and what it was asked for.
func withSevenPayments(asked *[]*turnpikev1.ListPaymentsRequest) *server {
	return &server{payments: func(
		_ context.Context, request *turnpikev1.ListPaymentsRequest,
	) (*turnpikev1.ListPaymentsResponse, error) {
		*asked = append(*asked, request)
		from, _ := strconv.Atoi(strings.TrimPrefix(request.GetPageToken(), "from-"))
		answer := new(turnpikev1.ListPaymentsResponse)
		for i := from; i < min(from+3, 7); i++ {
			answer.Payments = append(answer.Payments, &turnpikev1.Payment{Id: fmt.Sprint("pay_", i)})
		}
		if from+3 < 7 {
			answer.NextPageToken = fmt.Sprint("from-", from+3)
		}
		return answer, nil
	}}
}

func TestPagesAreAskedForAsTheyAreNeeded(t *testing.T) {
	var asked []*turnpikev1.ListPaymentsRequest
	client := withSevenPayments(&asked).client(t)
	request := &turnpikev1.ListPaymentsRequest{PageSize: 3, MerchantReference: "order-17"}
	kept := proto.CloneOf(request)
	all := client.AllPayments(t.Context(), request)

	var got []string
	for payment, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, payment.GetId())
	}
	if want := []string{"pay_0", "pay_1", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6"}; !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
	if len(asked) != 3 || !proto.Equal(request, kept) {
		t.Errorf("%d pages; the request is now %v", len(asked), request)
	}
	for i, one := range asked {
		if one.GetPageSize() != 3 || one.GetMerchantReference() != "order-17" {
			t.Errorf("page %d was asked for with %v", i, one)
		}
	}

	// A second iteration begins anew, and one that is left asks for no more.
	asked = nil
	for payment, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		if payment.GetId() == "pay_1" {
			break
		}
	}
	if len(asked) != 1 || asked[0].GetPageToken() != "" {
		t.Errorf("for two payments it asked %v", asked)
	}
}

func TestNilAsksForEverything(t *testing.T) {
	var asked []*turnpikev1.ListPaymentsRequest
	number := 0
	for _, err := range withSevenPayments(&asked).client(t).AllPayments(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		number++
	}
	if number != 7 {
		t.Errorf("there are %d", number)
	}
}

func TestAnErrorEndsTheList(t *testing.T) {
	calls := 0
	gateway := server{payments: func(
		context.Context, *turnpikev1.ListPaymentsRequest,
	) (*turnpikev1.ListPaymentsResponse, error) {
		if calls++; calls > 1 {
			return nil, status.Error(codes.PermissionDenied, "no")
		}
		return &turnpikev1.ListPaymentsResponse{Payments: []*turnpikev1.Payment{{}}, NextPageToken: "more"}, nil
	}}
	var errs []error
	for _, err := range gateway.client(t).AllPayments(t.Context(), nil) {
		errs = append(errs, err)
	}
	if len(errs) != 2 || errs[0] != nil || status.Code(errs[1]) != codes.PermissionDenied {
		t.Errorf("got %v", errs)
	}
}

func TestTheSamePageAgainIsAnError(t *testing.T) {
	gateway := server{payments: func(
		context.Context, *turnpikev1.ListPaymentsRequest,
	) (*turnpikev1.ListPaymentsResponse, error) {
		return &turnpikev1.ListPaymentsResponse{NextPageToken: "here"}, nil
	}}
	var last error
	for _, err := range gateway.client(t).AllPayments(t.Context(), nil) {
		last = err
	}
	if last == nil {
		t.Error("it ends without an error")
	}
}

// An answer may hold fewer events than there are, and none, although there is more.
func TestTheLogIsReadToItsEnd(t *testing.T) {
	pages := map[string]*turnpikev1.ListEventsResponse{
		"":  {NextCursor: "a", HasMore: true},
		"a": {NextCursor: "b", HasMore: true, Events: []*turnpikev1.Event{{Id: "evt_1"}}},
		"b": {NextCursor: "c", Events: []*turnpikev1.Event{{Id: "evt_2"}}},
	}
	gateway := server{events: func(
		_ context.Context, request *turnpikev1.ListEventsRequest,
	) (*turnpikev1.ListEventsResponse, error) {
		if page, found := pages[request.GetAfter()]; found {
			return page, nil
		}
		return nil, status.Error(codes.InvalidArgument, "no such cursor")
	}}
	var got []string
	for event, err := range gateway.client(t).AllEvents(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, event.GetId())
	}
	if !slices.Equal(got, []string{"evt_1", "evt_2"}) {
		t.Errorf("got %v", got)
	}
}

// Whatever list the contract has, the client has an iterator for it.
func TestEveryListHasAnIterator(t *testing.T) {
	client := dial(t, "http://127.0.0.1:1")
	var methods []protoreflect.MethodDescriptor
	lists := 0
	protoregistry.GlobalFiles.RangeFilesByPackage("turnpike.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods = append(methods, methodsOf(file.Services().Get(i))...)
		}
		return true
	})
	for _, method := range methods {
		if method.Input().Fields().ByName("page_size") == nil {
			continue
		}
		lists++
		name := "All" + strings.TrimPrefix(string(method.Name()), "List")
		found := reflect.ValueOf(client).MethodByName(name)
		if !found.IsValid() {
			t.Errorf("there is no %s for %s", name, method.FullName())
			continue
		}
		if got := found.Type().In(1).Elem().Name(); got != string(method.Input().Name()) {
			t.Errorf("%s takes a %s", name, got)
		}
	}
	if lists < 10 {
		t.Errorf("there are only %d lists", lists)
	}
}

func methodsOf(service protoreflect.ServiceDescriptor) (methods []protoreflect.MethodDescriptor) {
	for i := range service.Methods().Len() {
		methods = append(methods, service.Methods().Get(i))
	}
	return methods
}
