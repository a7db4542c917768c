package subscribers_test

import (
	"context"
	"fmt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

// A subscriber is a function, or anything else that can be told.
func Example() {
	registry := subscribers.NewRegistry()
	err := registry.Add(subscribers.Subscription{
		Name:   "welcome",
		Events: []string{"customer.created"},
		Subscriber: subscribers.Func(func(_ context.Context, e everlatch.Event) error {
			fmt.Println("welcome,", e.Data["first_name"])
			return nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	event := everlatch.Event{
		ID: "evt_1", Name: everlatch.EventCustomerCreated, Source: everlatch.SourceEverlatch,
		Data: everlatch.Metadata{"first_name": "Ada"},
	}
	for _, s := range registry.Matching(event) {
		err := s.Subscriber.Deliver(context.Background(), subscribers.Delivery{Event: event, Subscriber: s.Name, Attempt: 1})
		fmt.Println(s.Name, err)
	}
	// Output:
	// welcome, Ada
	// welcome <nil>
}
