#!/bin/sh
# Claims runs of `sexton run` in PostgreSQL, from version 9.5 on: the replica whose row is the first of its key has the run.
#
#     sexton run crontab --claim /etc/sexton/postgres.sh
#
# It needs `psql`, which finds the server by PGHOST, PGDATABASE, PGUSER, PGPASSFILE and the like, and this table:
#
#     CREATE TABLE sexton_claims (
#         key text PRIMARY KEY,
#         job text NOT NULL,
#         due timestamptz NOT NULL,
#         replica text NOT NULL,
#         claimed_at timestamptz NOT NULL DEFAULT now()
#     );
#
# A job removes the rows that are older than a month:
#
#     30 4 * * * /etc/sexton/postgres.sh clean
#
# With a standby, `synchronous_standby_names` must have it: otherwise a failover may lose a claim, and the run comes twice.

# CLAIM_REPLICA is this replica's name, if the next process of the same replica is to have what this one has claimed and not run:
# that is for "at least once", with a journal.
#
# 0 is "ours" and 1 "another's". Whatever fails in here is neither.
export PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT-5}"
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@" || exit 2; }

if [ "${1-}" = clean ]; then
    ask <<'SQL'
DELETE FROM sexton_claims WHERE due < now() - interval '31 days';
SQL
    exit 0
fi

replica=${CLAIM_REPLICA:-${SEXTON_REPLICA-}}
if [ -z "${SEXTON_KEY-}" ] || [ -z "${SEXTON_DUE_UNIX-}" ] || [ -z "$replica" ]; then
    echo 'expected SEXTON_KEY, SEXTON_DUE_UNIX and SEXTON_REPLICA, as sexton run --claim sets them' >&2
    exit 2
fi
now=$(date +%s) || exit 2
if [ $((now - ${SEXTON_DUE_UNIX%.*})) -gt $((27 * 86400)) ]; then
    echo 'the run is older than claims are kept' >&2
    exit 2
fi

# After a claim that failed, this replica may be asked again, and may have the row already: so the answer is who has it.
answer=$(ask -v key="$SEXTON_KEY" -v job="${SEXTON_JOB-}" -v due="$SEXTON_DUE" -v replica="$replica" <<'SQL'
SET statement_timeout = '5s';
SET synchronous_commit = on;
INSERT INTO sexton_claims (key, job, due, replica) VALUES (:'key', :'job', :'due', :'replica') ON CONFLICT DO NOTHING;
SELECT CASE WHEN replica = :'replica' THEN 'ours' ELSE 'another''s' END FROM sexton_claims WHERE key = :'key';
SQL
) || exit 2
case $answer in
    ours) exit 0 ;;
    "another's") exit 1 ;;
    *) exit 2 ;;
esac
