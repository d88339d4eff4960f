#!/bin/sh
# Claims runs of `sexton run` in Kubernetes: the replica that creates the Lease of a run has it.
#
#     sexton run crontab --claim /etc/sexton/kubernetes.sh
#
# It needs `kubectl`, and a service account that may do this in its namespace:
#
#     apiVersion: rbac.authorization.k8s.io/v1
#     kind: Role
#     metadata: {name: sexton-claims}
#     rules:
#       - apiGroups: [coordination.k8s.io]
#         resources: [leases]
#         verbs: [create, get, list, delete]
#
# A Lease is some 300 bytes in the cluster's etcd: this is for some thousand runs a day. A job removes those of the months before
# the last:
#
#     30 4 * * * /etc/sexton/kubernetes.sh clean

# CLAIM_REPLICA is this replica's name, if the next process of the same replica is to have what this one has claimed and not run:
# that is for "at least once", with a journal.
#
# 0 is "ours" and 1 "another's". Whatever fails in here is neither.
month_of() { printf '%.7s' "$1"; }

if [ "${1-}" = clean ]; then
    year=$(date -u +%Y) && month=$(date -u +%m) || exit 2
    this="$year-$month"
    month=$((${month#0} - 1))
    [ "$month" -gt 0 ] || { month=12 && year=$((year - 1)); }
    last=$(printf '%s-%02d' "$year" "$month")
    kubectl delete lease --request-timeout=60s -l "sexton-month,sexton-month notin ($this,$last)" >/dev/null || exit 2
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

said=$(kubectl create --request-timeout=5s -f - 2>&1 <<LEASE
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: "sexton-$SEXTON_KEY"
  labels:
    sexton-month: "$(month_of "$SEXTON_DUE")"
spec:
  holderIdentity: "$replica"
LEASE
) && exit 0
# Another has it; or this replica, if the answer to its claim was lost; or it could not be asked.
holder=$(kubectl get lease "sexton-$SEXTON_KEY" --request-timeout=5s -o 'jsonpath={.spec.holderIdentity}' 2>/dev/null) ||
    { printf '%s\n' "$said" >&2; exit 2; }
[ "$holder" = "$replica" ] || exit 1
