"""Jobs on a cluster that an earlier call has left running: what they make is waited for, not made twice."""

import time

from stylesv.slurm import my_slurm_jobs

JOB_NAME_PREFIX = "stylesv_"  # slurm-jobname-prefix of profiles/slurm
POLL_SECONDS = 5


def jobs_left_running():
    """Slurm jobs that a Snakemake killed in this folder has submitted, as lines `number what`; none while one runs.

    None if squeue does not answer: there is no cluster, or it is busy.
    """
    locks = Path(".snakemake/locks")
    if locks.is_dir() and any(locks.iterdir()):
        return []
    if (jobs := my_slurm_jobs()) is None:
        return None
    here = os.path.realpath(workflow.workdir_init)
    return [
        f"{job.number} {job.what}"
        for job in jobs
        if job.name.startswith(JOB_NAME_PREFIX) and os.path.realpath(job.folder) == here
    ]


@cache
def wait_for_jobs_left_running():
    """Called once before the DAG is decided; a dry run and the Snakemake inside a job do not wait."""
    if not workflow.is_main_process or not (jobs := jobs_left_running()):
        return
    print(f"Slurm jobs of an earlier call are still at work here: {'; '.join(jobs)}", file=sys.stderr, flush=True)
    if workflow.dryrun:
        return
    print("Waiting for them; scancel them to go on without (a segment continues).", file=sys.stderr, flush=True)
    while (jobs := jobs_left_running()) is None or jobs:  # a busy cluster may not answer for a while
        time.sleep(POLL_SECONDS)
