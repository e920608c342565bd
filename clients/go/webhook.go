package turnpike

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	// WebhookTolerance is how far the time of a webhook may be from now, before or after.
	WebhookTolerance = 5 * time.Minute
	// WebhookBodyMax is more than any webhook of the gateway has, in bytes. Read no more than this from the network.
	WebhookBodyMax = 1 << 20

	secretPrefix = "whsec_"
	// How many signatures of one webhook are looked at. The gateway sends one for each of its secrets.
	signaturesMax = 16
)

// WebhookRefusal is why a webhook is not believed. Compare with [errors.Is]: `errors.Is(err, turnpike.WebhookTooOld)`.
type WebhookRefusal string

// The refusals, by the names that the contract gives them.
const (
	// WebhookMissingHeader: `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or empty.
	WebhookMissingHeader WebhookRefusal = "missing_header"
	// WebhookBadTimestamp: the timestamp is no whole number of seconds since 1970.
	WebhookBadTimestamp WebhookRefusal = "bad_timestamp"
	// WebhookTooOld: it was sent more than [WebhookTolerance] ago.
	WebhookTooOld WebhookRefusal = "too_old"
	// WebhookTooNew: it claims to be sent more than [WebhookTolerance] from now.
	WebhookTooNew WebhookRefusal = "too_new"
	// WebhookNoMatchingSignature: no signature was made with one of the secrets over this id, time and body.
	WebhookNoMatchingSignature WebhookRefusal = "no_matching_signature"
)

// Error says the name of the refusal.
func (r WebhookRefusal) Error() string { return "turnpike: webhook refused: " + string(r) }

// VerifyWebhook checks that a webhook was sent by the gateway, now and unchanged, and returns its event. The body is the raw
// bytes as they came. Each secret is `whsec_…`; during a rotation give the old one and the new one.
//
// A webhook that is not believed is refused with a [WebhookRefusal]. Any other error is about a secret that is none, or
// about a body that was signed and cannot be read. An event may come more than once: remember the ids that were taken in.
func VerifyWebhook(body []byte, headers http.Header, secrets ...string) (*turnpikev1.Event, error) {
	return VerifyWebhookAt(time.Now(), body, headers, secrets...)
}

// VerifyWebhookAt is [VerifyWebhook] at another time than now, for tests with webhooks that were kept.
func VerifyWebhookAt(
	now time.Time, body []byte, headers http.Header, secrets ...string,
) (*turnpikev1.Event, error) {
	keys, err := readSecrets(secrets)
	if err != nil {
		return nil, err
	}
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	signatures := headers.Get("webhook-signature")
	if id == "" || timestamp == "" || signatures == "" {
		return nil, WebhookMissingHeader
	}
	if err := checkTime(now, timestamp); err != nil {
		return nil, err
	}
	if !isSigned(keys, id+"."+timestamp+".", body, signatures) {
		return nil, WebhookNoMatchingSignature
	}
	return readWebhook(body)
}

func readSecrets(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, errors.New("turnpike: a webhook cannot be verified without a secret")
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		text, found := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		if !found || err != nil || len(key) == 0 {
			// Neither the secret nor what base64 says about it is shown.
			return nil, fmt.Errorf("turnpike: webhook secret %d of %d is not %s and base64", i+1, len(secrets), secretPrefix)
		}
		keys[i] = key
	}
	return keys, nil
}

func checkTime(now time.Time, timestamp string) error {
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	if err != nil {
		return WebhookBadTimestamp
	}
	// Whole seconds on both sides, so that the bound is the same in every language.
	const most = int64(WebhookTolerance / time.Second)
	switch age := now.Unix() - int64(seconds); {
	case age > most:
		return WebhookTooOld
	case age < -most:
		return WebhookTooNew
	}
	return nil
}

// Compares in constant time, every signature with every key, and looks at all of them.
func isSigned(keys [][]byte, prefix string, body []byte, signatures string) bool {
	found := false
	for i, signature := range strings.Fields(signatures) {
		text, isOurs := strings.CutPrefix(signature, "v1,")
		if i == signaturesMax {
			break
		}
		given, err := base64.StdEncoding.DecodeString(text)
		if !isOurs || err != nil {
			continue
		}
		for _, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(prefix))
			mac.Write(body)
			if hmac.Equal(given, mac.Sum(nil)) {
				found = true
			}
		}
	}
	return found
}

// The body holds the event in the JSON of the contract, without a cursor. Fields and values of later versions are passed over.
func readWebhook(body []byte) (*turnpikev1.Event, error) {
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil || len(envelope.Data) == 0 {
		return nil, errors.New("turnpike: the webhook is genuine, and its body is not JSON with `data`")
	}
	event := new(turnpikev1.Event)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(envelope.Data, event); err != nil {
		return nil, errors.New("turnpike: the webhook is genuine, and its `data` is not an event that this client can read")
	}
	return event, nil
}
