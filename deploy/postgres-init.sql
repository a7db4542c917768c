-- Runs once, on a new PostgreSQL volume. Each service has a role that owns its
-- databases and nothing else: it cannot connect to those of the other one, and
-- a caller who gets hold of it cannot change the server. Only the image's own postgres
-- role, whose password no service has, is a superuser.
\getenv everlatch_password EVERLATCH_POSTGRES_PASSWORD
\getenv temporal_password TEMPORAL_POSTGRES_PASSWORD
CREATE ROLE everlatch LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'everlatch_password';
CREATE ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'temporal_password';
CREATE DATABASE everlatch OWNER everlatch;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
-- By default, every role may connect to every database.
REVOKE ALL ON DATABASE everlatch, temporal, temporal_visibility FROM PUBLIC;
