package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	turnpike "turnpike.example/go"
)

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
