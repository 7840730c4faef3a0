#!/usr/bin/env bash
# A manifest in shards by GNU parallel, as many at a time as there are processors.
#
#   scripts/shards-parallel.sh N DIRECTORY [OPTION...] DATASET
#   scripts/shards-parallel.sh 64 parts --hash blake3 files=1G,dirs=10M && cat parts/part-* > B3SUMS
#
# Each of the N shards becomes a file of DIRECTORY. Called again with the same arguments, it goes on where it was
# interrupted. OPTIONs are those of `seedfs manifest`. Options of parallel come from the environment variable PARALLEL:
# PARALLEL='--sshlogin one,two --bar' uses other machines, which need seedfs in their PATH and share DIRECTORY under an
# absolute path. Sizes vary, shards are balanced by entries: take several times as many shards as processors.
set -euo pipefail

(($# >= 3)) || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "$0" >&2; exit 2; }
count=$1 directory=$2
shift 2
[[ $count =~ ^[1-9][0-9]*$ ]] || { echo "shards-parallel: $count: is no number of shards; write 64" >&2; exit 2; }
mkdir -p -- "$directory"

# Numbers of equal width, so that part-* is in order.
seq -w 1 "$count" |
    parallel --quote --halt now,fail=1 \
        seedfs manifest --threads 1 --shard "{}/$count" --output "$directory/part-{}" "$@"
