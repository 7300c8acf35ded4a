"""Serves the page: a port, a browser, and a quiet end."""

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from stylesv.errors import ConfigError, StyleSVError
from stylesv.explore.studio import Studio
from stylesv.explore.worker import Worker

FIRST_PORT = 8765
PORTS_TRIED = 50
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECONDS_TO_CLOSE = 1  # that browsers have when the server ends


def serve(
    networks: Path, *, host: str, port: int | None, open_browser: bool, tell: Callable[[str], object] = print
) -> None:
    """Serve the page for a snapshot, and those of its run, until Ctrl-C.

    `port`: 0 is any that is free; None the first free one from 8765 on. `tell` is given the address.

    Raises:
        StyleSVError: the library of the page is not installed.
        ConfigError: the host or the port cannot be had.
        CheckpointError: the snapshot cannot be read.
    """
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise StyleSVError(
            f"the library of the page is not installed ({error}); pip install -e '.[explore]'"
        ) from error
    with bound_socket(host, port) as bound:
        studio, worker = Studio(), Worker()
        studio.load(networks.absolute())
        address = _address(host, bound.getsockname()[1])
        tell(f"{networks}: shown at {address} until Ctrl-C")
        if host not in LOOPBACK:
            tell(f"--host {host}: whoever reaches this machine can use the page")
        if open_browser and _has_screen():
            threading.Timer(1, webbrowser.open, [address]).start()
        try:
            _run(bound, studio, worker, networks.absolute(), hosts=[*LOOPBACK, "[::1]"] if host in LOOPBACK else ["*"])
        except KeyboardInterrupt:
            pass  # the way to end it
        finally:
            worker.close()


def bound_socket(host: str, port: int | None) -> socket.socket:
    """A socket that listens at a port: this one, any (0), or the first free one from 8765 on (None).

    Raises:
        ConfigError: there is none.
    """
    tried = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else [port]
    for number in tried:
        try:
            return _bound(host, number)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise ConfigError(
                    f"--host {host}: is no address of this machine ({error.strerror}); 127.0.0.1 is for this machine "
                    "alone, 0.0.0.0 for all that reach it"
                ) from error
            reason = error
    if port is None:
        raise ConfigError(f"no port from {tried[0]} to {tried[-1]} is free ({reason.strerror}); give one with --port")
    raise ConfigError(
        f"--port {port}: cannot be had ({reason.strerror}); give another one, or leave --port out: the next free one is taken"
    )


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # also after a page that has just ended
        found.bind(address)
        found.listen()
    except OSError:
        found.close()
        raise
    return found


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)
    return f"http://{shown}:{port}/"


def _has_screen() -> bool:
    """Whether a browser would have a screen; a browser for terminals would take this one."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _run(bound: socket.socket, studio: Studio, worker: Worker, networks: Path, *, hosts: list[str]) -> None:
    import uvicorn

    from stylesv.explore.app import build_app

    config = uvicorn.Config(
        build_app(studio, worker, networks, hosts=hosts),
        log_level="critical",
        ws="wsproto",
        timeout_graceful_shutdown=SECONDS_TO_CLOSE,
    )
    uvicorn.Server(config).run(sockets=[bound])
