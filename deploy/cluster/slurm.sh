#!/usr/bin/env bash
# A Ray cluster of a Slurm job's nodes, for as long as one command takes. From a folder that all nodes see, with
# synthetic1[ray] in the environment that is active:
#
#   sbatch --nodes=4 deploy/cluster/slurm.sh synthetic1 verify run=r1-code engine=ray
#   sbatch --nodes=4 --gpus-per-node=8 deploy/cluster/slurm.sh synthetic1 generate env=math model=… launch=ray engine=ray
#
# Ctrl-C's like is `scancel --signal=INT --batch JOB`: the program stops cleanly, and the same command goes on with it.
# The nodes are the job's alone, as `ray stop` ends every Ray process on a node.
#SBATCH --job-name=synthetic1
#SBATCH --exclusive
#SBATCH --ntasks-per-node=1
#SBATCH --output=%x-%j.log
set -euo pipefail
[ $# -gt 0 ] || { echo "slurm.sh: which command? sbatch --nodes=4 $0 synthetic1 verify run=… engine=ray" >&2; exit 2; }

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 10000)) # another job's Ray may be on the way out
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=${RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT:-300} # s, for all nodes to join
export RAY_USAGE_STATS_ENABLED=0
# Whoever reaches a cluster's ports can run code there: only who has the job's token.
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN

# On every node: Ray starts, the command runs on the first one, Ray ends. srun hands signals on. Ray's sockets want a
# short path, and no other user's folder.
exec srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --kill-on-bad-exit=1 \
  ray symmetric-run --address "$head:$port" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --temp-dir "/tmp/ray-$SLURM_JOB_ID" --resources '{"sandbox": 1}' --include-dashboard=false -- "$@"
