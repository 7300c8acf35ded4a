"""What a program says when the machine is short of something: one line and exit status 2, and no line for our defects."""

import errno
import json
import os
import resource
import subprocess
import sys

import av
import numpy as np
import pytest

from stylesv.errors import MachineError, cannot_be_read, machine_trouble


@pytest.fixture
def run(root, tmp_path):
    """Run the body of a command as a program; exit status and stderr."""

    def run(body: str, **limits: int) -> tuple[int, str]:
        program = tmp_path / "program.py"
        program.write_text(
            "import os, threading\nfrom stylesv.errors import run_command\n\n\ndef command():\n"
            + "".join(f"    {line}\n" for line in body.splitlines())
            + "\n\nrun_command(command)\n"
        )

        def set_limits():
            for name, value in limits.items():
                resource.setrlimit(getattr(resource, name), (value, value))

        done = subprocess.run(
            [sys.executable, str(program)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(root), "PATH": ""},
            preexec_fn=set_limits,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    return run


def test_memory_that_runs_out_is_one_line(run):
    status, said = run("bytearray(1 << 40)", RLIMIT_AS=2 << 30)
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith("error: program.py: memory ran out; give the job more memory")


def test_files_that_run_out_are_one_line_with_the_file(run):
    status, said = run("files = [open('/dev/null') for _ in range(100)]", RLIMIT_NOFILE=20)
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith("error: /dev/null: Too many open files; allow more open files (ulimit -n)")


def test_threads_that_run_out_are_one_line(run):
    """Each thread takes 1 GB of 4 for its stack."""
    body = (
        "threading.stack_size(1 << 30)\nend = threading.Event()\ntry:\n    for _ in range(10):\n"
        "        threading.Thread(target=end.wait).start()\nfinally:\n    end.set()"
    )
    status, said = run(body, RLIMIT_AS=4 << 30)
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith("error: program.py: can't start new thread; give more memory, processes and threads")


def test_a_failing_disk_is_one_line_though_it_names_no_file(run):
    """The start of a process's own memory cannot be read: a real EIO."""
    status, said = run("with open('/proc/self/mem', 'rb') as file:\n    file.read(1)")
    assert (status, said.count("\n")) == (2, 1)
    assert said == "error: program.py: Input/output error; look after the disk or the connection, then run again\n"


def test_defects_keep_their_traceback(run):
    for body in ("{}['key']", "raise RuntimeError('shapes differ')", "raise OSError('decoder error')"):
        status, said = run(body)
        assert status == 1 and said.startswith("Traceback")
    status, said = run("open('missing')")
    assert (status, said) == (2, "error: missing: No such file or directory\n")


@pytest.mark.parametrize(
    "number", ["ENOMEM", "EAGAIN", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "EACCES", "EPERM"]
)
def test_trouble_is_known_by_its_number_from_python_and_from_ffmpeg(number):
    code = getattr(errno, number)
    for error in (OSError(code, os.strerror(code)), av.error.classes[code](code, os.strerror(code))):
        what, advice = machine_trouble(error)
        assert advice and (os.strerror(code) in what or "memory ran out" in what)


def test_trouble_is_known_by_the_words_of_libraries_that_give_no_number():
    with pytest.raises(MemoryError) as numpy_says:
        np.empty(1 << 60, np.uint8)
    assert "memory ran out (Unable to allocate" in machine_trouble(numpy_says.value).what
    torch_says = RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: you tried")
    assert "memory ran out" in machine_trouble(torch_says).what
    loader_says = ImportError("libx.so: failed to map segment from shared object")
    assert "memory ran out" in machine_trouble(loader_says).what
    assert (
        machine_trouble(ImportError("libx.so: failed to map segment from shared object: Operation not permitted"))
        is None
    )


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(errno.ENOENT, "No such file"), OSError("truncated"), ValueError("x"), KeyError("ENOMEM")],
)
def test_what_is_no_trouble_of_the_machine_is_not_called_so(error):
    assert machine_trouble(error) is None


def test_a_name_that_is_no_utf8_is_named_so_that_it_can_be_logged(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    error = cannot_be_read(path, PermissionError(errno.EACCES, "Permission denied"))
    assert isinstance(error, MachineError) and json.dumps(str(error)).isascii()
    assert str(error).endswith(
        "caf\\xe9.mp4: cannot be read (Permission denied); allow it or leave it out, then run again"
    )
    str(error).encode()
