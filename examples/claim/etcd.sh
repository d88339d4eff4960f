#!/bin/sh
# Claims runs of `sexton run` in etcd, from version 3.4 on: the replica that creates the key of a run has it.
#
#     sexton run crontab --claim /etc/sexton/etcd.sh
#
# It needs `etcdctl`, which finds the cluster by ETCDCTL_ENDPOINTS, ETCDCTL_CACERT and the like. Its user may read and write
# what begins with `sexton/`. A job removes the keys of the months before the last:
#
#     30 4 * * * /etc/sexton/etcd.sh clean
#
# etcd keeps what a majority of its members has, so no failover loses a claim.

# CLAIM_REPLICA is this replica's name, if the next process of the same replica is to have what this one has claimed and not run:
# that is for "at least once", with a journal.
#
# 0 is "ours" and 1 "another's". Whatever fails in here is neither.
export ETCDCTL_API=3

if [ "${1-}" = clean ]; then
    # Keys are in the order of their due times.
    year=$(date -u +%Y) && month=$(date -u +%m) || exit 2
    month=$((${month#0} - 1))
    [ "$month" -gt 0 ] || { month=12 && year=$((year - 1)); }
    etcdctl del sexton/ "$(printf 'sexton/%s-%02d' "$year" "$month")" >/dev/null || exit 2
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

# After a claim that failed, this replica may be asked again, and may have the key already: so the answer is who has it.
key="sexton/$SEXTON_DUE/$SEXTON_KEY"
# `txn` has no time-out of its own: this finds out whether etcd answers.
holder=$(etcdctl get "$key" --print-value-only --command-timeout=5s) || exit 2
if [ -z "$holder" ]; then
    answer=$(etcdctl txn <<TXN
version("$key") = "0"

put "$key" "$replica"

get "$key"

TXN
    ) || exit 2
    case $answer in
        SUCCESS*) exit 0 ;;
        FAILURE*) holder=$(printf '%s\n' "$answer" | tail -n 1) ;;
        *) printf '%s\n' "$answer" >&2; exit 2 ;;
    esac
fi
[ "$holder" = "$replica" ] || exit 1
