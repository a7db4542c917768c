package main

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// wire builds requests as the bytes that go over the connection. Everlatch and
// Medusa take the same ones (docs/contract.md#s4-3 and #s4-4).
type wire struct {
	host           string
	publishableKey string
}

func (w wire) register(email, password string) []byte {
	return w.request("POST", "/auth/customer/emailpass/register", credentials(email, password))
}

func (w wire) login(email, password string) []byte {
	return w.request("POST", "/auth/customer/emailpass", credentials(email, password))
}

func (w wire) createCustomer(token, email string) []byte {
	body := mustJSON(struct {
		Email string `json:"email"`
	}{email})
	return w.request("POST", "/store/customers", body, "Authorization", "Bearer "+token)
}

func (w wire) reset(email string) []byte {
	body := mustJSON(struct {
		Identifier string `json:"identifier"`
	}{email})
	return w.request("POST", "/auth/customer/emailpass/reset-password", body)
}

// emailCode asks for the mail with a code and a link to sign in with.
func (w wire) emailCode(email string) []byte {
	body := mustJSON(struct {
		Email string `json:"email"`
	}{email})
	return w.request("POST", "/auth/customer/emailcode", body)
}

func (w wire) changeEmail(token, email string) []byte {
	body := mustJSON(struct {
		Email string `json:"email"`
	}{email})
	return w.request("POST", "/store/customers/me/email", body, "Authorization", "Bearer "+token)
}

// requestVerification asks for a mail that verifies an address, which may be another's.
func (w wire) requestVerification(token, email string) []byte {
	body := mustJSON(struct {
		EntityID   string `json:"entity_id"`
		EntityType string `json:"entity_type"`
	}{email, "email"})
	return w.request("POST", "/auth/verification/request", body, "Authorization", "Bearer "+token)
}

func (w wire) registerUser(email, password string) []byte {
	return w.request("POST", "/auth/user/emailpass/register", credentials(email, password))
}

func (w wire) invite(token, email string) []byte {
	body := mustJSON(struct {
		Email string `json:"email"`
	}{email})
	return w.request("POST", "/admin/invites", body, "Authorization", "Bearer "+token)
}

// acceptInvite tries to accept an invite whose token the caller doesn't know.
func (w wire) acceptInvite(token string) []byte {
	return w.request("POST", "/admin/invites/accept?token=guessed", []byte("{}"), "Authorization", "Bearer "+token)
}

func (w wire) openSession(token string) []byte {
	return w.request("POST", "/auth/session", nil, "Authorization", "Bearer "+token)
}

func (w wire) refresh(token string) []byte {
	return w.request("POST", "/auth/token/refresh", nil, "Authorization", "Bearer "+token)
}

func (w wire) me(name, value string) []byte {
	return w.request("GET", "/store/customers/me", nil, name, value)
}

// page opens a hosted page on the first visit of a browser.
func (w wire) page(path string) []byte {
	return w.request("GET", path, nil, "Accept", "text/html")
}

// admin reads a list as an administrator.
func (w wire) admin(token, path string) []byte {
	return w.request("GET", path, nil, "Authorization", "Bearer "+token)
}

// request writes a request with pairs of further headers.
func (w wire) request(method, path string, body []byte, header ...string) []byte {
	var b []byte
	line := func(parts ...string) {
		for _, part := range parts {
			b = append(b, part...)
		}
		b = append(b, "\r\n"...)
	}
	line(method, " ", path, " HTTP/1.1")
	line("Host: ", w.host)
	line("User-Agent: everlatch-bench")
	line("Accept: application/json")
	if w.publishableKey != "" {
		line("X-Publishable-Api-Key: ", w.publishableKey)
	}
	for i := 0; i+1 < len(header); i += 2 {
		line(header[i], ": ", header[i+1])
	}
	if body != nil {
		line("Content-Type: application/json")
	}
	if body != nil || method != "GET" {
		line("Content-Length: ", strconv.Itoa(len(body)))
	}
	line()
	return append(b, body...)
}

func credentials(email, password string) []byte {
	return mustJSON(struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}{email, password})
}

// mustJSON marshals a struct of strings, which cannot fail.
func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %T: %v", v, err))
	}
	return raw
}
