package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	// Registers the details of errors, which the vectors of errors carry.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// Checks all vectors of a contract. A kind of which there are none is an error: nothing would be checked.
func checkVectors(contract string) ([]result, error) {
	folder := filepath.Join(contract, "vectors")
	var results []result
	for _, kind := range []struct {
		name  string
		check func(path string) error
	}{
		{"messages", checkMessage},
		{"errors", checkError},
	} {
		names, err := pairs(filepath.Join(folder, kind.name))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			results = append(results, verdictOf(kind.name+"/"+name, kind.check(filepath.Join(folder, kind.name, name))))
		}
	}
	deliveries, err := readDeliveries(filepath.Join(folder, "webhooks.json"))
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, one := range deliveries {
		if err := one.check(); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.About, err))
		}
	}
	results = append(results, verdictOf("webhooks.json", errors.Join(failures...)))
	for _, one := range results {
		if !one.Passed {
			fmt.Printf("FAILED  %s\n        %s\n", one.Name, one.Failure)
		}
	}
	return results, nil
}

func verdictOf(name string, err error) result {
	one := result{Name: name, Passed: err == nil}
	if err != nil {
		one.Failure = err.Error()
	}
	return one
}

// The names of vectors in a folder, each of which is two files. One that lacks its other half is listed, and fails.
func pairs(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON {
			var isBinary bool
			if name, isBinary = strings.CutSuffix(entry.Name(), ".binpb"); !isBinary {
				return nil, fmt.Errorf("%s: %s is neither .json nor .binpb", folder, entry.Name())
			}
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no vectors", folder)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Checks NAME.json against NAME.binpb, both being the message that NAME begins with.
func checkMessage(path string) error {
	typeName, _, _ := strings.Cut(filepath.Base(path), "+")
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(typeName))
	if err != nil {
		return fmt.Errorf("there is no message %s", typeName)
	}
	text, err := os.ReadFile(path + ".json")
	if err != nil {
		return err
	}
	bytes, err := os.ReadFile(path + ".binpb")
	if err != nil {
		return err
	}
	return compare(kind, text, bytes)
}

func compare(kind protoreflect.MessageType, text, bytes []byte) error {
	fromJSON, fromBytes := kind.New().Interface(), kind.New().Interface()
	if err := protojson.Unmarshal(text, fromJSON); err != nil {
		return fmt.Errorf("reading the JSON: %w", err)
	}
	if err := proto.Unmarshal(bytes, fromBytes); err != nil {
		return fmt.Errorf("reading the bytes: %w", err)
	}
	// What is not known is kept as it came: equal bytes would then hide that it was not read.
	if unknown := unknownIn(fromBytes.ProtoReflect()); unknown != "" {
		return fmt.Errorf("%s holds fields that are not known", unknown)
	}
	if !proto.Equal(fromJSON, fromBytes) {
		return errors.New("the JSON and the bytes are not the same message")
	}
	written, err := proto.Marshal(fromJSON)
	if err != nil {
		return err
	}
	again := kind.New().Interface()
	if err := proto.Unmarshal(written, again); err != nil {
		return fmt.Errorf("reading the bytes that are written: %w", err)
	}
	if !proto.Equal(again, fromBytes) {
		return errors.New("the bytes that are written are read as something else")
	}
	ours, err := asJSON(fromBytes)
	if err != nil {
		return err
	}
	var theirs any
	if err := readJSON(text, &theirs); err != nil {
		return err
	}
	if !reflect.DeepEqual(ours, theirs) {
		return fmt.Errorf("the JSON that is written differs: %s", brief(ours))
	}
	return nil
}

// The first message that holds fields which its type does not have.
func unknownIn(message protoreflect.Message) (found protoreflect.FullName) {
	if len(message.GetUnknown()) > 0 {
		return message.Descriptor().FullName()
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, entry protoreflect.Value) bool {
					found = unknownIn(entry.Message())
					return found == ""
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i := 0; i < value.List().Len() && found == ""; i++ {
				found = unknownIn(value.List().Get(i).Message())
			}
		default:
			found = unknownIn(value.Message())
		}
		return found == ""
	})
	return found
}

// An error's vector: the status, and what a client reads from it.
type errorVector struct {
	Status any `json:"status"`
	Read   struct {
		Code           string            `json:"code"`
		Reason         string            `json:"reason"`
		Metadata       map[string]string `json:"metadata"`
		Fields         map[string]string `json:"fields"`
		RetryAfterMS   *int64            `json:"retry_after_ms"`
		NothingWasSent bool              `json:"nothing_was_sent"`
	} `json:"read"`
}

func checkError(path string) error {
	var vector errorVector
	if err := readJSONFile(path+".json", &vector); err != nil {
		return err
	}
	bytes, err := os.ReadFile(path + ".binpb")
	if err != nil {
		return err
	}
	told := new(statuspb.Status)
	if err := compare(told.ProtoReflect().Type(), []byte(shown(vector.Status)), bytes); err != nil {
		return fmt.Errorf("the status: %w", err)
	}
	if err := proto.Unmarshal(bytes, told); err != nil {
		return err
	}
	got, ok := turnpike.FromError(status.FromProto(told).Err())
	if !ok {
		return errors.New("it is not read as an error")
	}
	name, _, _ := strings.Cut(filepath.Base(path), "+")
	return vector.differsFrom(got, name)
}

func (v errorVector) differsFrom(got *turnpike.Error, name string) error {
	want := v.Read
	var wrong []error
	expect := func(what string, want, got any) {
		if !reflect.DeepEqual(want, got) {
			wrong = append(wrong, fmt.Errorf("%s: want %s, got %s", what, brief(want), brief(got)))
		}
	}
	expect("code", want.Code, turnpike.CodeName(got.Code))
	expect("reason", want.Reason, got.ReasonText)
	expect("the file's name", name, got.ReasonText)
	expect("the constant of the reason", turnpikev1.ErrorReason_value["ERROR_REASON_"+want.Reason], int32(got.Reason))
	expect("metadata", notNil(want.Metadata), notNil(got.Metadata))
	fields := map[string]string{}
	for _, field := range got.Fields {
		fields[field.Path] = field.Description
	}
	expect("fields", notNil(want.Fields), fields)
	var after *int64
	if pause, told := got.RetryAfter(); told {
		ms := pause.Milliseconds()
		after = &ms
	}
	expect("retry_after_ms", want.RetryAfterMS, after)
	expect("nothing_was_sent", want.NothingWasSent, got.NothingWasSent())
	return errors.Join(wrong...)
}

func notNil(texts map[string]string) map[string]string {
	if texts == nil {
		return map[string]string{}
	}
	return texts
}

// A webhook as it was delivered, and what is to be made of it.
type delivery struct {
	About   string            `json:"about"`
	Now     int64             `json:"now"`
	Secrets []string          `json:"secrets"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Event   *struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"event"`
	Refused turnpike.WebhookRefusal `json:"refused"`
}

func readDeliveries(path string) ([]delivery, error) {
	var deliveries []delivery
	if err := readJSONFile(path, &deliveries); err != nil {
		return nil, err
	}
	if len(deliveries) == 0 {
		return nil, fmt.Errorf("%s holds no webhooks", path)
	}
	return deliveries, nil
}

func (d delivery) check() error {
	if (d.Event == nil) == (d.Refused == "") {
		return errors.New("it must have either an event or a refusal")
	}
	headers := http.Header{}
	for name, value := range d.Headers {
		headers.Set(name, value)
	}
	event, err := turnpike.VerifyWebhookAt(time.Unix(d.Now, 0), []byte(d.Body), headers, d.Secrets...)
	switch {
	case d.Event == nil && !errors.Is(err, d.Refused):
		return fmt.Errorf("want it refused with %s, got %v", d.Refused, err)
	case d.Event != nil && err != nil:
		return err
	case d.Event != nil && (event.GetId() != d.Event.ID || event.GetType() != d.Event.Type):
		return fmt.Errorf("want %s, %s, got %s, %s", d.Event.ID, d.Event.Type, event.GetId(), event.GetType())
	}
	return nil
}
