#!/bin/bash
# Runs once, when the cluster is made: a database, its owner (migrates) and its runtime role (serves) for each service.
# As deploy/embedded/databases.py, with passwords, and an owner of its own for each: no service's reaches another's.
( # as a whole: the image's entry runs this file, or reads it into itself
set -eu
for service in intake investigation capa analytics; do
    runtime=${service^^}_PASSWORD owner=${service^^}_OWNER_PASSWORD
    : "${!runtime:?}" "${!owner:?}"
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="suyuan_$service" --set owner="suyuan_${service}_owner" <<SQL
\getenv runtime_password $runtime
\getenv owner_password $owner
SET password_encryption = 'scram-sha-256';
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'runtime_password';
CREATE DATABASE :"name" OWNER :"owner" TEMPLATE template0
    ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"name";
\connect :"name"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"name";
SQL
done
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --command 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'
)
