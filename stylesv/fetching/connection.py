"""A server that is not waited for without end.

The standard library's timeout is of each byte that is waited for, so a server that sends its headers, a line of a chunk or a
page that nobody wants a byte a minute is waited for, and read into memory, without end.
"""

import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

_LOOKS = 4  # times in the time that there is

Answer = http.client.HTTPResponse | urllib.error.HTTPError


class Client:
    """One request at a time. The way to the answer's headers has so many `seconds`, and so has each read. Use it in a `with`."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._line: socket.socket | None = None
        self._end: float | None = None
        self._late = False
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._hang_up_late, daemon=True)

    def __enter__(self) -> "Client":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._watch.join()
        self._forget()

    def open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """The answer to a request.

        Raises:
            OSError: no connection, or no headers in time. urllib.error.HTTPError, which is one: the answer is an error.
            http.client.HTTPException: the answer is none.
            ValueError: the address is none.
        """
        opener = urllib.request.build_opener(_Web(self._connect, self._not_late), _Redirect)
        answer = None
        try:
            with self._in_time():
                answer = opener.open(request, timeout=self.seconds)
        except TimeoutError as error:
            for broken_off in (answer, error.__cause__):
                if isinstance(broken_off, Answer):
                    broken_off.close()  # else its socket stays open until somebody collects it
            raise
        return answer

    def read1(self, answer: Answer, size: int) -> bytes:
        """What has come of an answer, or comes next; nothing at its end.

        Raises:
            OSError: nothing came in time, or the connection broke.
            http.client.HTTPException: it is not as it should be.
        """
        with self._in_time():
            return answer.read1(size)

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        self._late, self._end = False, time.monotonic() + self.seconds
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._late:
                raise self._slowness() from error
            raise
        finally:
            self._end = None
        self._not_late()  # what broke off may still be an answer

    def _not_late(self) -> None:
        if self._late:
            raise self._slowness()

    def _slowness(self) -> TimeoutError:
        return TimeoutError(f"the server did not go on within {self.seconds:g} s")

    def _connect(self, *arguments: Any, **options: Any) -> socket.socket:
        connected = socket.create_connection(*arguments, **options)
        self._forget()
        self._line = connected.dup()  # to hang up by, whatever takes the other one: TLS, an answer
        return connected

    def _hang_up_late(self) -> None:
        while not self._closed.wait(self.seconds / _LOOKS):
            end = self._end
            if end is not None and time.monotonic() > end:
                self._late, self._end = True, None
                if self._line is not None:
                    with suppress(OSError):  # closed meanwhile
                        self._line.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Web(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens both kinds of addresses by connections that `connect` makes, and nothing through a proxy once `not_late` raises."""

    def __init__(self, connect: Callable[..., socket.socket], not_late: Callable[[], None]):
        super().__init__()
        self._connect, self._not_late = connect, not_late

    def do_open(self, http_class: Callable[..., Any], req: urllib.request.Request, **options: Any) -> Any:
        def made(*arguments: Any, **others: Any) -> http.client.HTTPConnection:
            connection = http_class(*arguments, **others)
            connection._create_connection = self._connect  # where the standard library lets it be another
            tunnel = connection._tunnel

            def through_proxy() -> None:
                tunnel()  # takes headers that broke off for whole ones, and TLS over a broken line leaves its socket open
                self._not_late()

            connection._tunnel = through_proxy
            return connection

        return super().do_open(made, req, **options)


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Reads nothing of the page that leads elsewhere."""

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: http.client.HTTPResponse,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> http.client.HTTPResponse | None:
        fp.read = lambda *_: b""
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302
