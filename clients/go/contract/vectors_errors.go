package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	// Registers the details of errors, which the vectors of errors carry.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

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
	told, err := readStatus(vector.Status, bytes)
	if err != nil {
		return fmt.Errorf("the status: %w", err)
	}
	got, ok := turnpike.FromError(status.FromProto(told).Err())
	if !ok {
		return errors.New("it is not read as an error")
	}
	name, _, _ := strings.Cut(filepath.Base(path), "+")
	return vector.differsFrom(got, name)
}

// Reads a status from JSON and from bytes, which must be the same, as it must be after it was written.
//
// The details are compared unpacked: packed they are bytes, in which a map may have its entries in any order.
func readStatus(tree any, bytes []byte) (*statuspb.Status, error) {
	fromJSON, fromBytes, again := new(statuspb.Status), new(statuspb.Status), new(statuspb.Status)
	if err := protojson.Unmarshal([]byte(shown(tree)), fromJSON); err != nil {
		return nil, fmt.Errorf("reading the JSON: %w", err)
	}
	if err := proto.Unmarshal(bytes, fromBytes); err != nil {
		return nil, fmt.Errorf("reading the bytes: %w", err)
	}
	if err := isSameStatus(fromJSON, fromBytes); err != nil {
		return nil, fmt.Errorf("the JSON and the bytes are not the same: %w", err)
	}
	written, err := proto.Marshal(fromJSON)
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(written, again); err != nil {
		return nil, fmt.Errorf("reading the bytes that are written: %w", err)
	}
	if err := isSameStatus(again, fromBytes); err != nil {
		return nil, fmt.Errorf("the bytes that are written are read as something else: %w", err)
	}
	ours, err := asJSON(fromBytes)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(ours, tree) {
		return nil, fmt.Errorf("the JSON that is written differs: %s", brief(ours))
	}
	return fromBytes, nil
}

func isSameStatus(a, b *statuspb.Status) error {
	if a.GetCode() != b.GetCode() || a.GetMessage() != b.GetMessage() || len(a.GetDetails()) != len(b.GetDetails()) {
		return errors.New("the code, the message or the number of details")
	}
	for i, packed := range a.GetDetails() {
		one, err := packed.UnmarshalNew()
		if err != nil {
			return err
		}
		other, err := b.GetDetails()[i].UnmarshalNew()
		if err != nil {
			return err
		}
		if !proto.Equal(one, other) {
			return fmt.Errorf("detail %d", i+1)
		}
	}
	return nil
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
