"""Asking a service over HTTP: by TCP, TLS, or the socket in its store's folder.

What is asked is known by whoever asks; here are connections, tokens and problems.
"""

from __future__ import annotations

# The first connection would import this, maybe in a thread, while another one forks.
import encodings.idna  # noqa: F401
import http.client
import json
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import pyarrow as pa

from .errors import InvalidError, ServiceError, of_problem

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
SOCKET = "service.sock"
"""The name of a service's socket in the folder of the store that it has."""

Query = Mapping[str, str | int | bool | None]


class Answer(NamedTuple):
    """A success."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where there is none.

        Raises
        ------
        ServiceError
            For another body: it is somebody else who answers.
        """
        try:
            return json.loads(self.body) if self.body else None
        except ValueError as cause:
            raise ServiceError(f"what answers is no service of Veneer: {cause}", kind="version") from cause


class _ByTheSocket(http.client.HTTPConnection):
    """A connection to the socket in a store's folder."""

    def __init__(self, folder: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._folder = folder

    def connect(self) -> None:
        self.sock = connect_in(self._folder, SOCKET, self.timeout or 30.0)


def connect_in(folder: str, name: str, timeout: float) -> socket.socket:
    """Connects to a socket in a folder; its path may be longer than an address of a socket can be."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(timeout)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        stream.connect(f"/proc/self/fd/{descriptor}/{name}")
    except BaseException:
        stream.close()
        raise
    finally:
        os.close(descriptor)
    return stream


def path(*parts: str) -> str:
    """A path below `/v1`, each part quoted.

    >>> path("datasets", "traffic", "at", "fix/labels")
    '/v1/datasets/traffic/at/fix%2Flabels'
    """
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


class Client:
    """Asks one service.

    Parameters
    ----------
    place : str
        The URL of a service, or the folder of a store that a service of this machine has.
    token : str, optional
        What is shown to a service that wants one; VENEER_TOKEN if not said.
    author : str, optional
        Who asks, where no token says so.
    timeout : float
        Seconds that an answer may take.
    """

    def __init__(self, place: str, *, token: str | None = None, author: str | None = None, timeout: float = 60) -> None:
        self.place = place
        self.timeout = timeout
        self._token = token or os.environ.get("VENEER_TOKEN") or None
        self._author = author or author_name()
        self._kept = threading.local()
        self._base = ""
        if is_url(place):
            parts = urlsplit(place)
            if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
                raise InvalidError(f"`{place}` is no URL of a service: it is as in http://gpu1:5015", kind="invalid")
            self._base = parts.path.rstrip("/")

    def __repr__(self) -> str:
        return f"Client({self.place!r})"

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if not is_url(self.place):
            return _ByTheSocket(self.place, timeout)
        parts = urlsplit(self.place)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=os.environ.get("VENEER_CA_FILE") or None)
            return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=timeout)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        kind: str = JSON,
        accept: str = JSON,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Asks for `path`, and returns a success.

        Raises
        ------
        VeneerError
            The problem that the service tells.
        ServiceError
            When there is no answer.
        """
        said = {name: value for name, value in (query or {}).items() if value is not None}
        words = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in said.items()}
        target = self._base + path + (f"?{urlencode(words)}" if words else "")
        sent = {"Accept": accept, **(headers or {})}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        elif self._author:
            sent["Veneer-Author"] = self._author.encode().decode("latin-1")
        if body is not None:
            sent["Content-Type"] = kind
        # What may be done twice is asked on a kept connection, which the service may have closed.
        may_repeat = method in ("GET", "PUT", "DELETE")
        try:
            answer = self._exchange(method, target, body, sent, timeout or self.timeout, may_repeat)
        except (OSError, http.client.HTTPException) as cause:
            raise ServiceError(f"the service at `{self.place}` does not answer: {cause}", kind="unreachable") from cause
        if answer.status < 400:
            return answer
        try:
            document = json.loads(answer.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            document = {"detail": f"the service at `{self.place}` answered {answer.status} to {method} {path}"}
        raise of_problem(answer.status, document)

    def _exchange(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
        may_repeat: bool,
    ) -> Answer:
        kept: http.client.HTTPConnection | None = None
        if may_repeat and getattr(self._kept, "process", None) == os.getpid():
            kept = getattr(self._kept, "connection", None)
            self._kept.connection = None
        for connection in (kept, None):
            used = connection or self._connect(timeout)
            try:
                if used.sock is not None:
                    used.sock.settimeout(timeout)
                used.request(method, target, body=body, headers=dict(headers))
                with used.getresponse() as response:
                    answer = Answer(response.status, dict(response.headers.items()), response.read())
            except (OSError, http.client.HTTPException):
                used.close()
                if connection is None:
                    raise
                continue
            except BaseException:
                used.close()
                raise
            if may_repeat:
                self._kept.process, self._kept.connection = os.getpid(), used
            else:
                used.close()
            return answer
        raise AssertionError("the second connection answers or raises")

    def get(self, path: str, query: Query | None = None, *, timeout: float | None = None) -> Any:
        """What the service tells of `path`, as JSON."""
        return self.request("GET", path, query=query, timeout=timeout).json()

    def send(self, method: str, path: str, body: object, **options: Any) -> Any:
        """Sends JSON, and returns the JSON that is answered."""
        return self.request(method, path, body=json.dumps(body).encode(), **options).json()

    def arrow(self, method: str, path: str, *, query: Query | None = None, body: object = None) -> pa.Table:
        """Rows that are answered as an Arrow stream."""
        sent = None if body is None else json.dumps(body).encode()
        answer = self.request(method, path, query=query, body=sent, accept=ARROW)
        with pa.ipc.open_stream(answer.body) as stream:
            return stream.read_all()


def _has_port(parts: SplitResult) -> bool:
    """Whether the port is a number, or is not said."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def is_url(place: str) -> bool:
    """Whether a store's place is a service's URL, and no folder."""
    return "://" in place


def author_name() -> str | None:
    """Who writes: VENEER_AUTHOR, or the name that the system knows the user by."""
    for name in ("VENEER_AUTHOR", "USER", "LOGNAME"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return None


def default_store() -> str:
    """The store that is meant when none is named: VENEER_STORE, else the one in the home folder."""
    named = os.environ.get("VENEER_STORE")
    if named:
        return named if is_url(named) else os.path.abspath(named)
    data = os.environ.get("XDG_DATA_HOME", "")
    home = Path(data) if os.path.isabs(data) else Path.home() / ".local/share"
    return str(home / "veneer")
