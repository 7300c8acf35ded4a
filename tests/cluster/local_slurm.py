"""A Slurm of one machine for tests: several simulated nodes on the loopback, pretended GPUs, no systemd, no cgroups.

Written for Debian's slurm-wlm (22.05) and root. Node c1 is in partition cpu; g1 and g2 in gpu; s1 and s2 in spare, for
what disturbs others on its nodes. They advertise more than the machine has.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
CLIENT_DIR = Path("/etc/slurm")  # the jobstep plugin drops SLURM_CONF, so clients inside a job look here
CONF_FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
PARTITIONS = {"cpu": ("c1",), "gpu": ("g1", "g2"), "spare": ("s1", "s2")}
NODES = tuple(node for nodes in PARTITIONS.values() for node in nodes)
GPUS_PER_NODE = 4
OWNER_FILE = "test_process"  # beside our settings: the number of the process whose tests they are


def why_not() -> str | None:
    """The reason why no Slurm can be started here; None where it can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{missing[0]} is not installed: apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "a Slurm on the loopback needs root"
    kept = next((CLIENT_DIR / name for name in CONF_FILES if (CLIENT_DIR / name).exists()), None)
    if kept is None:
        return None
    owner = kept.resolve().with_name(OWNER_FILE)
    if not owner.exists():
        return f"{kept} exists: this machine has a Slurm of its own"
    return f"other tests, process {owner.read_text()}, use Slurm" if psutil.pid_exists(int(owner.read_text())) else None


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> object:
    """The first true value of `condition`, asked several times a second."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"after {seconds} s still waiting for {what}"
        time.sleep(0.2)
    return value


@dataclass(frozen=True)
class Job:
    """A line of `squeue`."""

    job_id: str
    state: str
    partition: str
    nodes: str
    gpus: str
    comment: str
    folder: str
    restarts: int


def free_port() -> int:
    """The first of ten free ports."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(probe.getsockname()[1], 65_500)


def processes_of(node: str) -> list[psutil.Process]:
    """The processes of a node's jobs, and the daemons of their steps, which start them again or tell of their end."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get("SLURMD_NODENAME") == node:
                steps = [parent for parent in process.parents() if parent.name().startswith("slurmstepd")]
                found |= {one.pid: one for one in (*steps, process)}
    return list(found.values())


def _end_with_tests() -> None:
    """In a daemon that is being started: let Linux end it with the tests, also when they are killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def of_killed_tests() -> list[psutil.Process]:
    """Daemons, steps and jobs of a Slurm of tests that are no more: their steps outlive the daemons."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            settings = Path(process.environ().get("SLURM_CONF", ""))
            owner = settings.with_name(OWNER_FILE) if settings.name else settings
            if owner.is_file() and not psutil.pid_exists(int(owner.read_text())):
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
    return list(found.values())


def end_those_of_killed_tests() -> None:
    """They would answer in the place of the daemons that are about to start, or keep their ports."""
    left = of_killed_tests()
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=20)


class LocalSlurm:
    """The daemons, and questions to them; a context manager."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._started: list[subprocess.Popen[bytes]] = []
        self._node_daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "LocalSlurm":
        for name in ("state", "log", *(f"spool/{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        self._write_settings()
        (self.folder / OWNER_FILE).write_text(str(os.getpid()))
        end_those_of_killed_tests()
        CLIENT_DIR.mkdir(exist_ok=True)
        for name in CONF_FILES:
            (CLIENT_DIR / name).unlink(missing_ok=True)  # a link of tests that were killed, or why_not() had spoken
            (CLIENT_DIR / name).symlink_to(self.folder / name)
        try:
            self._start_daemons()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for job in self.jobs("PENDING,RUNNING,SUSPENDED,COMPLETING,CONFIGURING"):
            self.command("scancel", "--quiet", job.job_id)
        end = time.monotonic() + 30
        while self.jobs("RUNNING,COMPLETING") and time.monotonic() < end:
            time.sleep(0.2)
        for daemon in reversed(self._started):
            daemon.terminate()
        for daemon in reversed(self._started):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for name in CONF_FILES:
            link = CLIENT_DIR / name
            if link.is_symlink() and link.readlink() == self.folder / name:
                link.unlink()

    def command(self, *arguments: str, check: bool = False) -> str:
        """Output of one of Slurm's commands."""
        done = subprocess.run(
            arguments,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout

    def jobs(self, states: str = "all", *, of: Path | None = None, what: str = "") -> list[Job]:
        """Jobs that Slurm remembers, oldest first: those of a folder, whose comment holds a word."""
        wanted = "JobID:.20|,State:.20|,Partition:.20|,NodeList:.40|,tres-per-job:.60|,Comment:.300|,WorkDir:.300|,RestartCnt:.10"
        lines = self.command(
            "squeue", "--noheader", f"--states={states}", f"--Format={wanted}", "--sort=i"
        ).splitlines()
        fields = [[field.strip() for field in line.split("|")] for line in lines if line.strip()]
        jobs = [Job(*values[:7], restarts=int(values[7])) for values in fields]
        return [job for job in jobs if (of is None or job.folder == str(of)) and what in job.comment]

    def down(self, node: str) -> None:
        """Switch a node off: its daemon and every process of its jobs end at once, and nobody is told."""
        daemon = self._node_daemons.pop(node)
        self._started.remove(daemon)
        daemon.kill()
        daemon.wait()
        for process in processes_of(node):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def up(self, node: str) -> None:
        """Switch a node on again."""
        self._start_node(node)
        self._wait_for_nodes()

    def _start_daemons(self) -> None:
        socket_file = self.folder / "munge.socket"
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        names = ("key-file=" + str(key), f"socket={socket_file}", f"pid-file={self.folder}/munged.pid")
        files = (f"log-file={self.folder}/log/munged.log", f"seed-file={self.folder}/munge.seed")
        # --force: root, and a folder that others may write to
        self._start("munged", "--foreground", "--force", *(f"--{option}" for option in (*names, *files)))
        wait_until(socket_file.exists, 20, "munged")
        self._start("slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        wait_until(lambda: "is UP" in self.command("scontrol", "ping"), 30, "slurmctld")
        for node in NODES:
            self._start_node(node)
        self._wait_for_nodes()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with open(self.folder / "log" / f"{command[0]}.out", "ab") as log:
            daemon = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                preexec_fn=_end_with_tests,
            )
        self._started.append(daemon)
        return daemon

    def _start_node(self, node: str) -> None:
        self._node_daemons[node] = self._start("slurmd", "-D", "-f", str(self.folder / "slurm.conf"), "-N", node)

    def _wait_for_nodes(self) -> None:
        def usable() -> bool:
            states = self.command("sinfo", "--noheader", "--Node", "--format=%N %T").split("\n")
            good = {line.split()[0] for line in states if line.endswith(("idle", "mixed", "allocated", "completing"))}
            return good >= set(self._node_daemons)

        wait_until(usable, 60, "the nodes")

    def _write_settings(self) -> None:
        devices = []
        for number in range(GPUS_PER_NODE):
            device = self.folder / f"gpu{number}"
            os.mknod(device, 0o020666, os.makedev(1, 3))  # a clone of /dev/null: Slurm wants a device that exists
            devices.append(device)
        gres = [
            f"NodeName={node} Name=gpu Type=pretended File={self.folder}/gpu[0-{GPUS_PER_NODE - 1}]"
            for node in NODES[1:]
        ]
        (self.folder / "gres.conf").write_text("\n".join(gres) + "\n")
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\nConstrainCores=no\nConstrainRAMSpace=no\n")
        host = socket.gethostname().split(".")[0]
        nodes = []
        for number, node in enumerate(NODES):
            gpus = f"Gres=gpu:pretended:{GPUS_PER_NODE} " if node in NODES[1:] else ""
            nodes.append(
                f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={self.port + 2 + number} CPUs=32 Boards=1 "
                f"SocketsPerBoard=1 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=1000000 {gpus}State=UNKNOWN"
            )
        text = SETTINGS.format(host=host, folder=self.folder, port=self.port, slurmd_port=self.port + 1)
        partitions = [f"PartitionName={name} Nodes={','.join(of)} State=UP" for name, of in PARTITIONS.items()]
        (self.folder / "slurm.conf").write_text("\n".join([text, *nodes, *partitions]) + "\n")


# pgid rather than linuxproc: the latter loses processes whose parent died. cred_expire: a requeued job waits for it plus a
# second (120 s if not set). MinJobAge: finished jobs stay visible to squeue. config_overrides: nodes larger than the machine.
SETTINGS = """\
ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={slurmd_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
SlurmdTimeout=5
MessageTimeout=3
SlurmctldTimeout=10
MinJobAge=3600
KillWait=10
CompleteWait=0
InactiveLimit=0
OverTimeLimit=0
JobRequeue=1
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
"""
