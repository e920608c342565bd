package main

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	turnpike "turnpike.example/go"
)

// One method of one of a client's services, by the name that a story gives it.
type method struct {
	function reflect.Value
	request  protoreflect.MessageType
	isStream bool
}

// Finds `PaymentService/ChargeToken`: the stub that the client has for PaymentService, and its method ChargeToken. Nothing
// here goes past the client; a service that it forgot is not found.
func find(client *turnpike.Client, name string) (method, error) {
	service, called, _ := strings.Cut(name, "/")
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("turnpike.v1." + service))
	if err != nil {
		return method{}, fmt.Errorf("there is no service %s", service)
	}
	described := descriptor.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(called))
	if described == nil {
		return method{}, fmt.Errorf("%s has no method %s", service, called)
	}
	request, err := protoregistry.GlobalTypes.FindMessageByName(described.Input().FullName())
	if err != nil {
		return method{}, err
	}
	members := reflect.ValueOf(client).Elem()
	for i := range members.NumField() {
		if members.Type().Field(i).Type.Name() == service+"Client" {
			function := members.Field(i).MethodByName(called)
			return method{function, request, described.IsStreamingServer()}, nil
		}
	}
	return method{}, fmt.Errorf("the client has no member for %s", service)
}

// Reads a request, strictly.
func (m method) read(request any) (proto.Message, error) {
	message := m.request.New().Interface()
	if err := protojson.Unmarshal([]byte(shown(request)), message); err != nil {
		return nil, fmt.Errorf("the request: %w", err)
	}
	return message, nil
}

// Makes a call that has one answer.
func (m method) call(ctx context.Context, request proto.Message) (any, error) {
	returned := m.function.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})
	if err, failed := returned[1].Interface().(error); failed {
		return nil, err
	}
	return asJSON(returned[0].Interface().(proto.Message))
}

// Makes a call that is answered by a stream, and returns what reads the next answer.
func (m method) stream(ctx context.Context, request proto.Message) (func() (any, error), error) {
	returned := m.function.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})
	if err, failed := returned[1].Interface().(error); failed {
		return nil, err
	}
	receive := returned[0].MethodByName("Recv")
	return func() (any, error) {
		returned := receive.Call(nil)
		if err, failed := returned[1].Interface().(error); failed {
			return nil, err
		}
		return asJSON(returned[0].Interface().(proto.Message))
	}, nil
}

func asJSON(message proto.Message) (any, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, err
	}
	var tree any
	err = readJSON(text, &tree)
	return tree, err
}
