#!/bin/sh
# Claims runs of `sexton run` in Redis or Valkey: the replica that sets the key of a run first has it.
#
#     sexton run crontab --claim /etc/sexton/redis.sh
#
# It needs `redis-cli`, the server in REDIS_URL (redis://127.0.0.1:6379 without it) and its password in REDISCLI_AUTH. Keys go
# by themselves after a month.
#
# The server must keep what it was told: with `appendonly yes` and `appendfsync always` a restart loses no claim. Replicas of the
# server get it later, so a failover may lose some, and these runs come twice. `maxmemory-policy` must be `noeviction`.

# CLAIM_REPLICA is this replica's name, if the next process of the same replica is to have what this one has claimed and not run:
# that is for "at least once", with a journal.
#
# 0 is "ours" and 1 "another's". Whatever fails in here is neither.
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

# After a claim that failed, this replica may be asked again, and may have the key already: so the answer is who has it.
claim="redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]); return redis.call('GET', KEYS[1])"
ours="replica $replica"
answer=$(redis-cli -u "${REDIS_URL-redis://127.0.0.1:6379}" EVAL "$claim" 1 "sexton:$SEXTON_KEY" "$ours" $((28 * 86400)) 2>&1) ||
    { printf '%s\n' "$answer" >&2; exit 2; }
case $answer in
    "$ours") exit 0 ;;
    'replica '*) exit 1 ;;
    *) printf '%s\n' "$answer" >&2; exit 2 ;;
esac
