package store

import (
	"context"
	"time"
)

// KeptMail is a mail of a development service, encrypted by the caller.
type KeptMail struct {
	ID, KeyID string
	Data      []byte
	CreatedAt time.Time
	// ReadAt is when it was first opened, zero for never.
	ReadAt time.Time
}

const (
	insertMail = `INSERT INTO kept_mail (id, key_id, sealed, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`
	selectMails = `SELECT id, key_id, sealed, created_at, read_at FROM kept_mail ORDER BY created_at DESC, id DESC LIMIT $1`
	readMail    = `UPDATE kept_mail SET read_at = $2 WHERE id = $1 AND read_at IS NULL`
	deleteMail  = `DELETE FROM kept_mail WHERE id = $1`
	deleteMails = `DELETE FROM kept_mail`
)

// KeepMail stores a mail. The same id again changes nothing.
func (s *Store) KeepMail(ctx context.Context, m KeptMail) error {
	_, err := s.writes.exec(ctx, insertMail, m.ID, m.KeyID, m.Data, m.CreatedAt)
	return s.fail(ctx, "keep mail", err)
}

// KeptMails returns at most limit mails, the newest first.
func (s *Store) KeptMails(ctx context.Context, limit int) ([]KeptMail, error) {
	mails, err := all(ctx, s.reads, scanMail, selectMails, limit)
	return mails, s.fail(ctx, "read mails", err)
}

// ReadMail notes that a stored mail was opened. A missing one is no error.
func (s *Store) ReadMail(ctx context.Context, id string) error {
	_, err := s.writes.exec(ctx, readMail, id, s.now())
	return s.fail(ctx, "read mail", err)
}

// DeleteMail deletes a stored mail. A missing one is no error.
func (s *Store) DeleteMail(ctx context.Context, id string) error {
	_, err := s.writes.exec(ctx, deleteMail, id)
	return s.fail(ctx, "delete mail", err)
}

// DeleteMails deletes all stored mails.
func (s *Store) DeleteMails(ctx context.Context) error {
	_, err := s.writes.exec(ctx, deleteMails)
	return s.fail(ctx, "delete mails", err)
}

func scanMail(row scanner) (m KeptMail, err error) {
	err = row.Scan(&m.ID, &m.KeyID, &m.Data, toTime{&m.CreatedAt}, toTime{&m.ReadAt})
	return m, err
}
