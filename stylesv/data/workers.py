"""Work shared by several processes, whose results come in the order of the work.

Not `concurrent.futures`: its processes outlive a parent that is killed, and its parent waits for ever where one of the
threads it needs cannot be started, as under a limit on memory. Here the parent has no threads, and a process ends with
its parent, however that ends.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

from stylesv.errors import MachineError, one_line
from stylesv.threads import signal_at_parents_end


class Job(NamedTuple):
    """What a function is called with, and a name for it in messages."""

    name: str
    arguments: tuple[Any, ...]


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection


def run_in_order(
    function: Callable[..., Any], jobs: Sequence[Job], *, num_workers: int, max_ahead: int
) -> Iterator[Any]:
    """Results of `function` for each job, in order, by as many processes; at most `max_ahead` jobs are ahead of the result due.

    The processes end when the iterator does: at its end, after an error, or when it is closed.

    Raises:
        MachineError: a process was killed or could not go on.
        Exception: what the function raised, as soon as it is known.
    """
    context = multiprocessing.get_context("spawn")
    workers: list[_Worker] = []
    try:
        for _ in range(min(num_workers, len(jobs))):
            workers.append(_start(context, function))
        yield from _results(workers, jobs, max_ahead)
    finally:
        for worker in workers:
            worker.process.kill()  # between jobs, or in one that nobody waits for: there is nothing to be saved
            worker.process.join()
            worker.connection.close()


def _start(context: Any, function: Callable[..., Any]) -> _Worker:
    ours, theirs = context.Pipe()
    with contextlib.closing(theirs):
        process = context.Process(target=_work, args=(function, theirs), daemon=True)
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
    return _Worker(process, ours)


def _results(workers: list[_Worker], jobs: Sequence[Job], max_ahead: int) -> Iterator[Any]:
    idle, busy = list(workers), {}
    done: dict[int, Any] = {}
    given = 0
    for due in range(len(jobs)):
        while due not in done:
            while idle and given < min(len(jobs), due + max_ahead + 1):
                worker = idle.pop()
                busy[worker.connection] = worker, given
                with contextlib.suppress(BrokenPipeError):  # it was killed, which is seen below
                    worker.connection.send(jobs[given].arguments)
                given += 1
            for connection in wait(list(busy)):
                worker, number = busy.pop(connection)
                done[number] = _answer(worker, jobs[number])
                idle.append(worker)
        yield done.pop(due)


def _answer(worker: _Worker, job: Job) -> Any:
    try:
        result, error, told = worker.connection.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        code = worker.process.exitcode
        how = (
            f"was killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"
        )
        raise MachineError(
            f"{job.name}: the process that worked on it {how}, perhaps for want of memory; give the job more memory or "
            "fewer workers, then run again, and leave it out if that does not help"
        ) from None
    if error is not None:
        error.add_note(told)
        raise error
    return result


def _work(function: Callable[..., Any], connection: Connection) -> None:
    """In a process of its own: call the function with whatever comes, until the parent ends or hangs up."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent gets it too, and ends this process
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, MemoryError):
        while True:
            arguments = connection.recv()
            try:
                answer = function(*arguments), None, ""
            except Exception as error:
                answer = None, _sendable(error), traceback.format_exc()
            connection.send(answer)


def _sendable(error: Exception) -> Exception:
    """The error, or another of its words where it would not arrive whole."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {one_line(error)}")
    return error


def end_with_parent() -> None:
    """Let this process end when the one that started it does, also by SIGKILL."""
    parent = multiprocessing.parent_process()
    if not _kernel_watches():
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()
    if os.getppid() != parent.pid:  # it ended before the kernel was asked
        os._exit(1)


def _kernel_watches() -> bool:
    """Ask Linux to kill this process with the thread that started it, which waits for it; False where it cannot be asked."""
    return signal_at_parents_end(signal.SIGKILL)


def _end_after(sentinel: int) -> None:
    wait([sentinel])  # a pipe whose other end only the parent holds
    os._exit(1)
