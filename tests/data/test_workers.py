import multiprocessing
import os
import time
from contextlib import closing

import pytest

from stylesv.data.workers import Job, run_in_order
from stylesv.errors import DataError, MachineError


class HalfAnError(Exception):
    """Arrives in no other process, since it is made from more than it keeps."""

    def __init__(self, what, where):
        super().__init__(f"{what} at {where}")


def work(number: int, action: str) -> tuple[int, int]:
    """Later jobs are done sooner."""
    if action == "refuse":
        raise DataError(f"job {number} is refused")
    if action == "half":
        raise HalfAnError("nothing", "all")
    if action == "end":
        os._exit(7)
    if action == "hang":
        time.sleep(3600)
    time.sleep(0.02 * (5 - number % 5))
    return number, os.getpid()


def run(*actions: str, num_workers: int = 3, max_ahead: int = 4):
    jobs = [Job(f"job {number}", (number, action)) for number, action in enumerate(actions)]
    return run_in_order(work, jobs, num_workers=num_workers, max_ahead=max_ahead)


def test_results_come_in_order_from_all_processes_and_none_of_them_stays():
    results = list(run(*["work"] * 12))
    assert [number for number, _ in results] == list(range(12))
    assert 1 < len({process for _, process in results}) <= 3
    assert multiprocessing.active_children() == []


def test_there_are_no_more_processes_than_jobs():
    assert len({process for _, process in run("work", "work", num_workers=8)}) <= 2
    assert list(run(num_workers=8)) == []


def test_an_error_arrives_at_once_as_it_is_and_ends_the_others():
    with pytest.raises(DataError) as error:
        list(run("hang", "refuse", "work"))
    assert str(error.value) == "job 1 is refused"
    assert 'raise DataError(f"job {number} is refused")' in error.value.__notes__[0], "where it came from"
    assert multiprocessing.active_children() == []


def test_an_error_that_cannot_be_sent_arrives_in_words():
    with pytest.raises(RuntimeError) as error:
        list(run("half"))
    assert str(error.value) == "HalfAnError: nothing at all"


def test_a_process_that_ends_is_an_error_that_names_the_job():
    with pytest.raises(MachineError, match=r"^job 2: the process that worked on it ended with status 7, perhaps for"):
        list(run("work", "work", "end", "work"))
    assert multiprocessing.active_children() == []


def test_closing_it_early_ends_the_processes():
    with closing(run(*["work"] * 3, "hang", "hang", "hang")) as results:
        assert next(results)[0] == 0
        assert len(multiprocessing.active_children()) == 3
    assert multiprocessing.active_children() == []


def test_no_job_is_begun_far_ahead_of_the_result_that_is_due(tmp_path):
    """Job 0 takes long, so that the others would all be done before it."""
    jobs = [Job("wait", (tmp_path, True)), *(Job(str(number), (tmp_path / str(number), False)) for number in range(9))]
    results = run_in_order(touch_or_wait, jobs, num_workers=2, max_ahead=3)
    with closing(results):
        assert next(results) == ["0", "1", "2"]


def touch_or_wait(path, wait: bool):
    if not wait:
        path.touch()
        return path.name
    while len(os.listdir(path)) < 3:
        time.sleep(0.01)
    time.sleep(0.3)  # for a fourth, if one were begun
    return sorted(os.listdir(path))
