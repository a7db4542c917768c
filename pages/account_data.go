package pages

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// dataPage is the data of account/data.
type dataPage struct {
	accountView

	// CanDelete says that accounts of this type are removed by their owner; another
	// administrator removes one of theirs.
	CanDelete bool
}

func showData(v *Visit) error {
	if _, err := v.me(); err != nil { // for those who are signed in
		return err
	}
	return v.Show(http.StatusOK, "account/data", dataPage{v.section(sectionData), v.ActorType != actorUser})
}

// download hands out what GET /auth/export has, as a file.
func download(v *Visit) error {
	var answer json.RawMessage
	if err := v.Get("/auth/export", &answer); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := json.Indent(&file, answer, "", "  "); err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="account-`+v.site.opts.Now().UTC().Format(time.DateOnly)+`.json"`)
	_, err := v.W.Write(file.Bytes())
	return err
}

// deletePage is the data of account/delete.
type deletePage struct {
	accountView

	Email string
	Form  *Form
}

func newDeletePage(v *Visit) (page deletePage, err error) {
	if v.ActorType == actorUser {
		return page, errNotFound
	}
	me, err := v.me()
	return deletePage{v.section(sectionData), me.text("email"), &Form{
		Button: v.T("account.delete_now"), Danger: true,
		Fields: []Field{{Name: "sure", Label: v.T("account.delete_sure"), Type: "checkbox", Required: true}},
	}}, err
}

func showDelete(v *Visit) error {
	page, err := newDeletePage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/delete", page)
}

// deleteAccount ends the session with everything else, so the next page is for a visitor
// who is not signed in. Until when the deletion can be undone waits in a cookie.
func deleteAccount(v *Visit) error {
	page, err := newDeletePage(v)
	if err != nil {
		return err
	}
	if !page.Form.Read(v) {
		return v.Show(incomplete, "account/delete", page)
	}
	var answer struct {
		At string `json:"deletion_at"`
	}
	if err := v.Delete(ownRoute(v.ActorType), &answer); err != nil {
		return v.refuse(page.Form, err, "account/delete", page)
	}
	v.setCookie(deletedCookie, v.account("deleted"), pack(deletedPage{Until: answer.At, Done: answer.At == ""}), deletedFor)
	return v.Redirect(v.account("deleted"))
}

const (
	deletedCookie = "everlatch.deleted"
	deletedFor    = time.Hour
)

// deletedPage is the data of account/deleted.
type deletedPage struct {
	// Until is when the account is removed for good; Done says that it is already.
	Until string `json:"until,omitempty"`
	Done  bool   `json:"done,omitempty"`
}

// showDeleted says how to keep the account: the API keeps it as soon as its owner signs in
// again.
func showDeleted(v *Visit) error {
	cookie, err := v.R.Cookie(deletedCookie)
	if err != nil {
		return v.Redirect(v.Path(""))
	}
	var page deletedPage
	if !unpack(cookie.Value, &page) {
		return v.Redirect(v.Path(""))
	}
	return v.Show(http.StatusOK, "account/deleted", page)
}
