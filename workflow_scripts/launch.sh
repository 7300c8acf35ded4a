#!/usr/bin/env bash
# Starts a training program once for each GPU: launch.sh NODES GPUS PROGRAM ARGUMENT...
# GPUS is the number over all nodes; 0 or 1 is one process, on a CPU where there is no GPU. Several nodes need a Slurm job.
set -euo pipefail
nodes=$1 gpus=$2
shift 2
if (( gpus <= 1 && nodes <= 1 )); then
  exec python "$@"
fi
if (( gpus % nodes != 0 || gpus < nodes )); then
  echo "error: gpu=$gpus and nodes=$nodes: each node needs the same number of GPUs, at least one; change the resources" >&2
  exit 2
fi
# torchrun ends its processes so many seconds after a signal: long enough to write a partial state and be requeued
torchrun=(-m torch.distributed.run --nproc-per-node=$(( gpus / nodes )) --shutdown-timeout=600)
if (( nodes == 1 )); then
  exec python "${torchrun[@]}" --standalone -- "$@"
fi
if [[ -z ${SLURM_JOB_ID:-} ]]; then
  echo "error: nodes=$nodes: several nodes are for Slurm jobs (--profile slurm); on one machine set nodes=1" >&2
  exit 2
fi
# the address of the job's first node, and a port of its own
first=$(scontrol show hostnames "$(squeue -h -j "$SLURM_JOB_ID" -o %N)" | head -n 1)
address=$(scontrol show -o node "$first" | grep -o 'NodeAddr=[^ ]*' | cut -d= -f2)
exec srun --nodes="$nodes" --ntasks="$nodes" --ntasks-per-node=1 --overlap \
  python "${torchrun[@]}" --nnodes="$nodes" --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d \
  --rdzv-endpoint="$address:$(( 20000 + SLURM_JOB_ID % 20000 ))" -- "$@"
