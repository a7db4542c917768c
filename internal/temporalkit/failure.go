package temporalkit

import (
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// NewFailureConverter returns a converter that seals the text of errors, and
// refuses errors of ours that were not sealed.
//
// The server writes failures of its own in clear, such as timeouts and
// terminations. They carry no code of everlatch, and pass. One that does, and whose
// text is not sealed, was written by another program: it becomes an internal error,
// so that it can neither refuse a request in our name nor put words into an answer.
func NewFailureConverter(s Sealing) converter.FailureConverter {
	return &failureConverter{
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: NewDataConverter(s),
			// Without it the text of an error is readable in the history.
			EncodeCommonAttributes: true,
		}),
		codec: NewCodec(s), sealing: s,
	}
}

type failureConverter struct {
	converter.FailureConverter

	codec   converter.PayloadCodec
	sealing Sealing
}

// FailureToError implements [converter.FailureConverter].
func (c *failureConverter) FailureToError(failure *failurepb.Failure) error {
	for f := failure; f != nil; f = f.GetCause() {
		if info := f.GetApplicationFailureInfo(); isOurs(info.GetType()) && !c.sealed(f) {
			info.Type, info.Details = internalType, nil
			f.Message, f.EncodedAttributes = errUnsealed.Error(), nil
		}
	}
	return c.FailureConverter.FailureToError(failure)
}

func (c *failureConverter) sealed(f *failurepb.Failure) bool {
	if f.GetEncodedAttributes() == nil {
		return c.sealing.acceptsUnsealed()
	}
	_, err := c.codec.Decode([]*commonpb.Payload{f.GetEncodedAttributes()})
	return err == nil
}
