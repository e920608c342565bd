package turnpike_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const webhookBody = `{"type":"payment.captured","timestamp":"2026-11-21T10:00:00Z","data":{"id":"evt_1",` +
	`"type":"payment.captured","fieldOfALaterVersion":[1],"payment":{"payment":{"id":"pay_1",` +
	`"state":"PAYMENT_STATE_CAPTURED","capture":"CAPTURE_MODE_OF_A_LATER_VERSION"}}}}`

var (
	webhookTime = time.Unix(1_800_000_000, 0)
	oldSecret   = "whsec_" + base64.StdEncoding.EncodeToString([]byte("the old secret of thirty bytes"))
	newSecret   = "whsec_" + base64.StdEncoding.EncodeToString([]byte("the new secret of thirty bytes"))
)

// Signs as the specification says, not as the package does.
func sign(secret, id string, seconds int64, body string) string {
	key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(seconds, 10) + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func webhookHeaders(seconds int64, signatures ...string) http.Header {
	headers := http.Header{}
	headers.Set("webhook-id", "evt_1")
	headers.Set("webhook-timestamp", strconv.FormatInt(seconds, 10))
	headers.Set("webhook-signature", strings.Join(signatures, " "))
	return headers
}

func TestGenuineWebhooks(t *testing.T) {
	now := webhookTime.Unix()
	byOld, byNew := sign(oldSecret, "evt_1", now, webhookBody), sign(newSecret, "evt_1", now, webhookBody)
	for _, test := range []struct {
		about   string
		headers http.Header
		secrets []string
	}{
		{"one secret", webhookHeaders(now, byOld), []string{oldSecret}},
		{"rotated by the gateway", webhookHeaders(now, byOld, byNew), []string{oldSecret}},
		{"rotated by the receiver", webhookHeaders(now, byNew), []string{oldSecret, newSecret}},
		{"rotated by both", webhookHeaders(now, byNew, byOld), []string{oldSecret, newSecret}},
		{"beside another kind of signature", webhookHeaders(now, "v1a,AAAA", byOld), []string{oldSecret}},
		{"at the end of the tolerance", webhookHeaders(now-300, sign(oldSecret, "evt_1", now-300, webhookBody)), []string{oldSecret}},
		{"at its other end", webhookHeaders(now+300, sign(oldSecret, "evt_1", now+300, webhookBody)), []string{oldSecret}},
	} {
		event, err := turnpike.VerifyWebhookAt(webhookTime, []byte(webhookBody), test.headers, test.secrets...)
		if err != nil {
			t.Errorf("%s: %v", test.about, err)
			continue
		}
		if event.GetId() != "evt_1" || event.GetType() != "payment.captured" ||
			event.GetPayment().GetPayment().GetState() != turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED {
			t.Errorf("%s: %v", test.about, event)
		}
	}
}

func TestWebhooksThatAreRefused(t *testing.T) {
	now := webhookTime.Unix()
	good := sign(oldSecret, "evt_1", now, webhookBody)
	with := func(name, value string) http.Header {
		headers := webhookHeaders(now, good)
		headers.Set(name, value)
		return headers
	}
	without := func(name string) http.Header {
		headers := webhookHeaders(now, good)
		headers.Del(name)
		return headers
	}
	many := strings.Repeat("v1,AAAA ", 16) + good
	for _, test := range []struct {
		about   string
		headers http.Header
		body    string
		want    turnpike.WebhookRefusal
	}{
		{"no id", without("webhook-id"), webhookBody, turnpike.WebhookMissingHeader},
		{"no time", without("webhook-timestamp"), webhookBody, turnpike.WebhookMissingHeader},
		{"no signature", without("webhook-signature"), webhookBody, turnpike.WebhookMissingHeader},
		{"an empty id", with("webhook-id", ""), webhookBody, turnpike.WebhookMissingHeader},
		{"no headers at all", nil, webhookBody, turnpike.WebhookMissingHeader},
		{"a time in words", with("webhook-timestamp", "now"), webhookBody, turnpike.WebhookBadTimestamp},
		{"a time before all time", with("webhook-timestamp", "-1"), webhookBody, turnpike.WebhookBadTimestamp},
		{"a time with a fraction", with("webhook-timestamp", "1800000000.5"), webhookBody, turnpike.WebhookBadTimestamp},
		{"a time of too many digits", with("webhook-timestamp", "18446744073709551616"), webhookBody, turnpike.WebhookBadTimestamp},
		{"301 seconds old", webhookHeaders(now-301, sign(oldSecret, "evt_1", now-301, webhookBody)), webhookBody, turnpike.WebhookTooOld},
		{"301 seconds early", webhookHeaders(now+301, sign(oldSecret, "evt_1", now+301, webhookBody)), webhookBody, turnpike.WebhookTooNew},
		{"a stranger's signature", webhookHeaders(now, sign(newSecret, "evt_1", now, webhookBody)), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"a changed body", webhookHeaders(now, good), webhookBody + " ", turnpike.WebhookNoMatchingSignature},
		{"another id", with("webhook-id", "evt_2"), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"another time", with("webhook-timestamp", strconv.FormatInt(now-1, 10)), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"a signature of another kind", with("webhook-signature", "v2"+good[2:]), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"a signature without its kind", with("webhook-signature", good[3:]), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"a signature that is cut", with("webhook-signature", good[:20]), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"an empty signature", with("webhook-signature", "v1,"), webhookBody, turnpike.WebhookNoMatchingSignature},
		{"the right one after too many others", with("webhook-signature", many), webhookBody, turnpike.WebhookNoMatchingSignature},
	} {
		event, err := turnpike.VerifyWebhookAt(webhookTime, []byte(test.body), test.headers, oldSecret)
		var refusal turnpike.WebhookRefusal
		if event != nil || !errors.Is(err, test.want) || !errors.As(err, &refusal) {
			t.Errorf("%s: %v, %v", test.about, event, err)
		}
	}
}

func TestAWebhookIsLateByTheClock(t *testing.T) {
	for seconds, want := range map[int64]error{
		time.Now().Unix():        nil,
		time.Now().Unix() - 3600: turnpike.WebhookTooOld,
		time.Now().Unix() + 3600: turnpike.WebhookTooNew,
	} {
		headers := webhookHeaders(seconds, sign(oldSecret, "evt_1", seconds, webhookBody))
		if _, err := turnpike.VerifyWebhook([]byte(webhookBody), headers, oldSecret); !errors.Is(err, want) {
			t.Errorf("want %v, got %v", want, err)
		}
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	headers := webhookHeaders(webhookTime.Unix(), sign(oldSecret, "evt_1", webhookTime.Unix(), webhookBody))
	for _, secrets := range [][]string{
		nil, {""}, {"whsec_"}, {oldSecret, "whsec_not base64"}, {"secret_" + oldSecret[len("whsec_"):]}, {oldSecret[len("whsec_"):]},
	} {
		_, err := turnpike.VerifyWebhookAt(webhookTime, []byte(webhookBody), headers, secrets...)
		var refusal turnpike.WebhookRefusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("%v: %v", secrets, err)
			continue
		}
		for _, secret := range secrets {
			if len(secret) > 6 && strings.Contains(err.Error(), secret[6:]) {
				t.Errorf("the secret is shown: %v", err)
			}
		}
	}
}

func TestAGenuineBodyThatCannotBeRead(t *testing.T) {
	for _, body := range []string{"", "[]", "{}", "tea", `{"data":7}`, `{"data":{"id":7}}`} {
		headers := webhookHeaders(webhookTime.Unix(), sign(oldSecret, "evt_1", webhookTime.Unix(), body))
		event, err := turnpike.VerifyWebhookAt(webhookTime, []byte(body), headers, oldSecret)
		var refusal turnpike.WebhookRefusal
		if event != nil || err == nil || errors.As(err, &refusal) {
			t.Errorf("%q: %v, %v", body, event, err)
		}
	}
}
