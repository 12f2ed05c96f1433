#!/usr/bin/env bash
# Submits a scan to Slurm: an array of shards that test all pairs, one that trades those that are selected, and a job that
# joins the answer. Each begins when the one before has ended well. Run it again after a failure, or
# the next evening with more bars: it goes on.
#   UNIVERSE=/shared/prices.parquet OUT=/shared/night SPLIT=2021-12-31 deploy/batch/submit.sh
# UNIVERSE and OUT must be paths of a file system that all nodes share and that has locks (flock).
set -euo pipefail

: "${UNIVERSE:?is missing: the file of the prices}" "${OUT:?is missing: the folder of the run}"
: "${SPLIT:?is missing: the last day of the train part, such as 2021-12-31}"
export UNIVERSE OUT SPLIT
export SELECT=${SELECT:-p<0.05} SHARDS=${SHARDS:-8} MEANREV=${MEANREV:-meanrev}
here=$(cd "$(dirname "$0")" && pwd)

submit() {
  local job
  job=$(sbatch --parsable "$@")
  echo "${job%%;*}" # where Slurm has several clusters, it prints JOB;CLUSTER
}

tests=$(STAGE=test submit --array="1-$SHARDS" "$here/shard.sbatch")
trades=$(STAGE=trade submit --array="1-$SHARDS" --dependency="afterok:$tests" "$here/shard.sbatch")
answer=$(submit --dependency="afterok:$trades" "$here/gather.sbatch")
echo "tests: $tests, trades: $trades, answer: $answer"
