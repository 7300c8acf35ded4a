"""Connections whose answer begins in time.

The standard library's timeout is of each byte that is waited for, so a server that sends its headers a byte a minute is
waited for without end.
"""

import http.client
import socket
import threading
import urllib.request
from contextlib import suppress


def open_address(request: urllib.request.Request, *, seconds: float) -> http.client.HTTPResponse:
    """The answer to a request, whose headers have to be there within `seconds`, as has each byte after them.

    Raises:
        OSError: no connection, or nothing came in time. urllib.error.HTTPError, which is one: the answer is an error.
        http.client.HTTPException: the answer is none.
        ValueError: the address is none.
    """
    return urllib.request.build_opener(_Http, _Https).open(request, timeout=seconds)


class _InTime(http.client.HTTPConnection):
    """Hangs up when the headers are not there in time."""

    def getresponse(self) -> http.client.HTTPResponse:
        late, sock = threading.Event(), self.sock

        def hang_up() -> None:
            late.set()
            with suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS's own would pull the layer from under who reads

        timer = threading.Timer(self.timeout, hang_up)
        timer.daemon = True
        timer.start()
        answer = failure = None
        try:
            answer = super().getresponse()
        except (OSError, http.client.HTTPException) as error:
            failure = error
        finally:
            timer.cancel()
        if late.is_set():  # headers that broke off may still be an answer
            raise TimeoutError(f"the answer did not begin within {self.timeout:g} s") from failure
        if failure is not None:
            raise failure
        return answer


class _InTimeTls(_InTime, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_InTime, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_InTimeTls, req)
