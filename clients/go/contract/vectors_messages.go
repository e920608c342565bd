package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

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
