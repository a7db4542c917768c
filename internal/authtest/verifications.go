package authtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

func request(identityID, provider string) auth.VerificationRequest {
	return auth.VerificationRequest{
		AuthIdentityID: identityID, EntityID: "ada@example.com", EntityType: everlatch.EntityEmail, CodeProvider: provider,
		Metadata: everlatch.Metadata{"from": "checkout"},
	}
}

func verifications(t *testing.T, w World) {
	made := register(t, w)
	asked, err := w.Service.RequestAuthVerification(t.Context(), request(made.ID, "token"))
	require.NoError(t, err)
	require.Equal(t, made.ID, asked.AuthIdentityID)
	require.Equal(t, []string{"ada@example.com", "email", "token"}, []string{asked.EntityID, asked.EntityType, asked.CodeProvider})
	require.False(t, asked.Verified())
	require.Equal(t, everlatch.Metadata{"from": "checkout"}, asked.Metadata)
	require.True(t, asked.ExpiresAt.After(asked.RequestedAt))

	for name, wrong := range map[string]struct {
		change func(*auth.VerificationRequest)
		code   everlatch.Code
	}{
		"no provider":      {func(r *auth.VerificationRequest) { r.CodeProvider = "" }, everlatch.CodeInvalidData},
		"unknown provider": {func(r *auth.VerificationRequest) { r.CodeProvider = "pigeon" }, everlatch.CodeInvalidData},
		"no address":       {func(r *auth.VerificationRequest) { r.EntityID = "" }, everlatch.CodeInvalidData},
		"no type":          {func(r *auth.VerificationRequest) { r.EntityType = "" }, everlatch.CodeInvalidData},
		"a long address":   {func(r *auth.VerificationRequest) { r.EntityID = strings.Repeat("x", 1025) }, everlatch.CodeInvalidData},
		"large metadata":   {func(r *auth.VerificationRequest) { r.Metadata = everlatch.Metadata{"x": strings.Repeat("x", 4096)} }, everlatch.CodeInvalidData},
		"unknown identity": {func(r *auth.VerificationRequest) { r.AuthIdentityID = "authid_none" }, everlatch.CodeNotFound},
	} {
		r := request(made.ID, "token")
		wrong.change(&r)
		_, err := w.Service.RequestAuthVerification(t.Context(), r)
		require.Error(t, err, name)
		refused(t, err, wrong.code)
	}

	code := w.Code(t, "ada@example.com")
	confirm := func(in auth.VerificationCode) (everlatch.Verification, error) {
		return w.Service.ConfirmAuthVerification(t.Context(), in)
	}
	_, err = confirm(auth.VerificationCode{Code: "wrong"})
	refused(t, err, everlatch.CodeNotAllowed)
	_, err = confirm(auth.VerificationCode{Code: code, CodeProvider: "otp"})
	require.Equal(t, everlatch.ReasonCodeOfOther, refusal(t, err, everlatch.CodeNotAllowed).Reason)
	_, err = confirm(auth.VerificationCode{})
	refused(t, err, everlatch.CodeInvalidData)
	verified, err := confirm(auth.VerificationCode{Code: code, AuthIdentityID: made.ID})
	require.NoError(t, err)
	require.Equal(t, asked.ID, verified.ID)
	require.True(t, verified.Verified())
	_, err = confirm(auth.VerificationCode{Code: code, AuthIdentityID: made.ID})
	refused(t, err, everlatch.CodeNotAllowed)
	proven, err := w.Service.RetrieveProviderIdentity(t.Context(), made.Providers[0].ID, auth.FindConfig{})
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", proven.VerifiedEmail, "its owner has proven it")
	findVerifications(t, w, verified)
}

func findVerifications(t *testing.T, w World, v everlatch.Verification) {
	t.Helper()
	found, err := w.Service.RetrieveAuthVerification(t.Context(), v.ID, auth.FindConfig{})
	require.NoError(t, err)
	require.Equal(t, v, found)
	some, err := w.Service.RetrieveAuthVerification(t.Context(), v.ID, auth.FindConfig{Select: []string{"entity_id"}})
	require.NoError(t, err)
	require.Equal(t, everlatch.Verification{ID: v.ID, EntityID: v.EntityID}, some)
	for _, id := range []string{"", "authver_none"} {
		_, err = w.Service.RetrieveAuthVerification(t.Context(), id, auth.FindConfig{})
		refused(t, err, everlatch.CodeNotFound)
	}
	_, err = w.Service.RetrieveAuthVerification(t.Context(), v.ID, auth.FindConfig{Relations: []string{"auth_identity"}})
	refused(t, err, everlatch.CodeInvalidData)

	phone, err := w.Service.RequestAuthVerification(t.Context(), auth.VerificationRequest{
		AuthIdentityID: v.AuthIdentityID, EntityID: "+43 1 234", EntityType: "phone_number", CodeProvider: "otp",
	})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		filter auth.VerificationFilter
		want   []string
	}{
		"all":            {auth.VerificationFilter{}, []string{v.ID, phone.ID}},
		"verified":       {auth.VerificationFilter{VerifiedAt: auth.Exists[time.Time](true)}, []string{v.ID}},
		"not verified":   {auth.VerificationFilter{VerifiedAt: auth.Exists[time.Time](false)}, []string{phone.ID}},
		"not verified 2": {auth.VerificationFilter{Not: &auth.VerificationFilter{VerifiedAt: auth.Lte(v.VerifiedAt)}}, []string{phone.ID}},
		"by address":     {auth.VerificationFilter{EntityKey: auth.Eq("ada@example.com")}, []string{v.ID}},
		"by type":        {auth.VerificationFilter{EntityType: auth.In("phone_number", "fax")}, []string{phone.ID}},
		"by provider":    {auth.VerificationFilter{CodeProvider: auth.Ne("otp")}, []string{v.ID}},
		"by metadata":    {auth.VerificationFilter{Metadata: map[string]auth.Condition[any]{"from": auth.Eq[any]("checkout")}}, []string{v.ID}},
		"by pattern":     {auth.VerificationFilter{EntityID: auth.Re(`^\+\d+ `)}, []string{phone.ID}},
		"of another":     {auth.VerificationFilter{AuthIdentityID: auth.Eq("authid_none")}, []string{}},
		"either": {auth.VerificationFilter{
			Or:  []auth.VerificationFilter{{ID: auth.Eq(v.ID)}, {ID: auth.Eq(phone.ID)}},
			And: []auth.VerificationFilter{{EntityType: auth.Eq("email")}},
		}, []string{v.ID}},
	} {
		list, count, err := w.Service.ListAndCountAuthVerifications(t.Context(), tt.filter, auth.FindConfig{})
		require.NoError(t, err, name)
		got := []string{}
		for _, one := range list {
			got = append(got, one.ID)
		}
		require.ElementsMatch(t, tt.want, got, name)
		require.Equal(t, len(tt.want), count, name)
	}
	list, err := w.Service.ListAuthVerifications(t.Context(), auth.VerificationFilter{}, auth.FindConfig{Take: 1, Order: "-requested_at"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = w.Service.ListAuthVerifications(t.Context(), auth.VerificationFilter{}, auth.FindConfig{Order: "code_hash"})
	refused(t, err, everlatch.CodeInvalidData)
}

// digits: a code of a few digits is good for its own identity alone.
func digits(t *testing.T, w World) {
	made := register(t, w)
	_, err := w.Service.RequestAuthVerification(t.Context(), request(made.ID, "otp"))
	require.NoError(t, err)
	code := w.Code(t, "ada@example.com")
	for _, in := range []auth.VerificationCode{
		{Code: code},
		{Code: code, AuthIdentityID: "authid_other"},
		{Code: code, AuthIdentityID: made.ID, EntityType: "phone_number"},
		{Code: code, AuthIdentityID: made.ID, EntityID: "bob@example.com"},
		{Code: "0", AuthIdentityID: made.ID},
	} {
		_, err := w.Service.ConfirmAuthVerification(t.Context(), in)
		refused(t, err, everlatch.CodeNotAllowed)
	}
	verified, err := w.Service.ConfirmAuthVerification(t.Context(), auth.VerificationCode{
		Code: code, AuthIdentityID: made.ID, CodeProvider: "otp", EntityType: "email", EntityID: "ADA@example.com",
	})
	require.NoError(t, err)
	require.True(t, verified.Verified())
}
