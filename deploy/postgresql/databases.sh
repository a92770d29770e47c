#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: one user for Temporal, one for the manager, neither a superuser.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" --set enlist_password="$ENLIST_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE ROLE enlist LOGIN PASSWORD :'enlist_password';
CREATE DATABASE enlist OWNER enlist;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, enlist FROM PUBLIC;
SQL
