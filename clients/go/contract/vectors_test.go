package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const secret = "whsec_dGhlIHNlY3JldCBvZiB0aGUgdmVjdG9ycw=="

// Writes a small set of right vectors, and returns the contract's folder.
func rightVectors(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	vectors := filepath.Join(folder, "vectors")

	charge := &turnpikev1.ChargeTokenRequest{
		RequestId: "request-1",
		Token:     &turnpikev1.ChargeTokenRequest_TokenId{TokenId: "tok_1"},
		Money:     &turnpikev1.Money{AmountMinor: 999_999_999_999_999, CurrencyCode: "NOK"},
		Metadata:  map[string]string{"a": "1", "b": "2"},
	}
	text, err := protojson.Marshal(charge)
	check(t, err)
	bytes, err := proto.Marshal(charge)
	check(t, err)
	write(t, filepath.Join(vectors, "messages", "turnpike.v1.ChargeTokenRequest+token_id.json"), string(text))
	write(t, filepath.Join(vectors, "messages", "turnpike.v1.ChargeTokenRequest+token_id.binpb"), string(bytes))

	writeError(t, vectors, "INVALID_FIELD", codes.InvalidArgument, `{"code": "INVALID_ARGUMENT", "reason": "INVALID_FIELD",
		"metadata": {"fields": "1"}, "fields": {"money": "is required"}, "retry_after_ms": null, "nothing_was_sent": false}`,
		&errdetails.ErrorInfo{Domain: "turnpike", Reason: "INVALID_FIELD", Metadata: map[string]string{"fields": "1"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "money", Description: "is required"}}})
	// A map may have its entries in any order in the bytes.
	writeError(t, vectors, "TOKEN_UNUSABLE", codes.FailedPrecondition, `{"code": "FAILED_PRECONDITION", "reason": "TOKEN_UNUSABLE",
		"metadata": {"a": "1", "b": "2"}, "fields": {}, "retry_after_ms": null, "nothing_was_sent": false}`,
		&errdetails.ErrorInfo{Domain: "turnpike", Reason: "TOKEN_UNUSABLE", Metadata: map[string]string{"a": "1", "b": "2"}})
	swap(t, filepath.Join(vectors, "errors", "TOKEN_UNUSABLE.binpb"), "\x1a\x06\x0a\x01a\x12\x011", "\x1a\x06\x0a\x01b\x12\x012")
	writeError(t, vectors, "UNKNOWN_TO_THIS_CLIENT", codes.Unavailable, `{"code": "UNAVAILABLE", "reason": "UNKNOWN_TO_THIS_CLIENT",
		"metadata": {}, "fields": {}, "retry_after_ms": 1500, "nothing_was_sent": true}`,
		&errdetails.ErrorInfo{Domain: "turnpike", Reason: "UNKNOWN_TO_THIS_CLIENT"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)})

	const body = `{"type":"session.opened","data":{"id":"evt_1","type":"session.opened"}}`
	key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
	check(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("evt_1.1800000000." + body))
	signature := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	write(t, filepath.Join(vectors, "webhooks.json"), fmt.Sprintf(`[
		{"about": "genuine", "now": 1800000001, "secrets": [%q], "body": %q,
			"headers": {"webhook-id": "evt_1", "webhook-timestamp": "1800000000", "webhook-signature": %q},
			"event": {"id": "evt_1", "type": "session.opened"}},
		{"about": "late", "now": 1800000301, "secrets": [%q], "body": %q,
			"headers": {"Webhook-Id": "evt_1", "webhook-timestamp": "1800000000", "webhook-signature": %q},
			"refused": "too_old"}
	]`, secret, body, signature, secret, body, signature))
	return folder
}

func writeError(t *testing.T, vectors, reason string, code codes.Code, read string, details ...proto.Message) {
	t.Helper()
	told := &statuspb.Status{Code: int32(code), Message: "in words"}
	for _, detail := range details {
		packed := new(anypb.Any)
		// With maps in the order of their keys, so that a test knows how it is.
		check(t, anypb.MarshalFrom(packed, detail, proto.MarshalOptions{Deterministic: true}))
		told.Details = append(told.Details, packed)
	}
	text, err := protojson.Marshal(told)
	check(t, err)
	bytes, err := proto.Marshal(told)
	check(t, err)
	path := filepath.Join(vectors, "errors", reason)
	write(t, path+".json", fmt.Sprintf(`{"status": %s, "read": %s}`, text, read))
	write(t, path+".binpb", string(bytes))
}

// Puts the second of two neighbours before the first, whichever is first now.
func swap(t *testing.T, path, one, other string) {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	swapped := strings.NewReplacer(one+other, other+one, other+one, one+other).Replace(string(text))
	if swapped == string(text) {
		t.Fatalf("%s has nothing to swap", path)
	}
	write(t, path, swapped)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRightVectorsPass(t *testing.T) {
	results, err := checkVectors(rightVectors(t))
	check(t, err)
	if len(results) != 5 {
		t.Errorf("checked %+v", results)
	}
	for _, one := range results {
		if !one.Passed || one.Failure != "" {
			t.Errorf("%+v", one)
		}
	}
}

func TestWrongVectorsFail(t *testing.T) {
	const charge, invalid, unknown = "messages/turnpike.v1.ChargeTokenRequest+token_id", "errors/INVALID_FIELD", "errors/UNKNOWN_TO_THIS_CLIENT"
	for _, test := range []struct{ file, old, new string }{
		{charge + ".json", "999999999999999", "999999999999998"},
		{charge + ".json", `"requestId"`, `"requestID"`},
		{charge + ".json", `"requestId"`, `"request_id"`},
		{charge + ".json", `"999999999999999"`, `999999999999999`},
		{charge + ".json", "{", "["},
		{charge + ".binpb", "request-1", "request-2"},
		{charge + ".binpb", "\x0a\x09request-1", "\x0a\x0arequest-1"},
		// A field that nobody has: 536870911, the highest number that there may be.
		{charge + ".binpb", "\x0a\x09request-1", "\xf8\xff\xff\xff\x0f\x01\x0a\x09request-1"},
		{invalid + ".json", `"code": "INVALID_ARGUMENT"`, `"code": "INTERNAL"`},
		{invalid + ".json", `"reason": "INVALID_FIELD"`, `"reason": "OTHER"`},
		{invalid + ".json", `"metadata": {"fields": "1"}`, `"metadata": {}`},
		{invalid + ".json", `{"money": "is required"}`, `{}`},
		{invalid + ".json", `{"money": "is required"}`, `{"money": "is wrong"}`},
		{invalid + ".json", `"retry_after_ms": null`, `"retry_after_ms": 0`},
		{invalid + ".json", `"nothing_was_sent": false`, `"nothing_was_sent": true`},
		{invalid + ".json", `in words`, `in other words`},
		{invalid + ".json", `is required`, `is wrong`},
		{invalid + ".binpb", "is required", "is requiref"},
		{invalid + ".binpb", "INVALID_FIELD", "INVALID_FIELT"},
		{invalid + ".json", `"retry_after_ms"`, `"retry_after"`},
		{unknown + ".json", `1500, "nothing_was_sent"`, `1501, "nothing_was_sent"`},
		{unknown + ".json", `"nothing_was_sent": true`, `"nothing_was_sent": false`},
		{"webhooks.json", `"evt_1", "type"`, `"evt_2", "type"`},
		{"webhooks.json", `"type": "session.opened"}`, `"type": "session.failed"}`},
		{"webhooks.json", `too_old`, `too_new`},
		{"webhooks.json", `1800000301`, `1800000300`},
		{"webhooks.json", `1800000001`, `1800000301`},
		{"webhooks.json", `"refused": "too_old"`, `"refused": ""`},
	} {
		folder := rightVectors(t)
		path := filepath.Join(folder, "vectors", test.file)
		text, err := os.ReadFile(path)
		check(t, err)
		changed := strings.Replace(string(text), test.old, test.new, 1)
		if changed == string(text) {
			t.Errorf("%s has no %q", test.file, test.old)
			continue
		}
		write(t, path, changed)
		results, err := checkVectors(folder)
		failed := err != nil
		for _, one := range results {
			failed = failed || !one.Passed
		}
		if !failed {
			t.Errorf("%s: %q for %q passes", test.file, test.new, test.old)
		}
	}
}

func TestVectorsThatAreMissing(t *testing.T) {
	const charge = "messages/turnpike.v1.ChargeTokenRequest+token_id"
	for _, missing := range []string{
		".", "messages", "errors", "webhooks.json", charge + ".json", charge + ".binpb", "errors/INVALID_FIELD.json",
		"errors/INVALID_FIELD.binpb",
	} {
		folder := rightVectors(t)
		check(t, os.RemoveAll(filepath.Join(folder, "vectors", missing)))
		expectFailure(t, missing+" is missing", folder)
	}
	for _, empty := range []string{"messages", "errors"} {
		folder := rightVectors(t)
		check(t, os.RemoveAll(filepath.Join(folder, "vectors", empty)))
		check(t, os.Mkdir(filepath.Join(folder, "vectors", empty), 0o755))
		expectFailure(t, empty+" is empty", folder)
	}
	folder := rightVectors(t)
	write(t, filepath.Join(folder, "vectors", "webhooks.json"), "[]")
	expectFailure(t, "webhooks.json is empty", folder)

	folder = rightVectors(t)
	write(t, filepath.Join(folder, "vectors", "messages", "turnpike.v1.Tea.json"), "{}")
	write(t, filepath.Join(folder, "vectors", "messages", "turnpike.v1.Tea.binpb"), "")
	expectFailure(t, "a message of no type", folder)
}

func expectFailure(t *testing.T, about, folder string) {
	t.Helper()
	results, err := checkVectors(folder)
	failed := err != nil
	for _, one := range results {
		failed = failed || !one.Passed
	}
	if !failed {
		t.Errorf("%s, and it passes: %+v", about, results)
	}
}
