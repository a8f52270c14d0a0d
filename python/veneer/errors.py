"""What can go wrong, as exceptions that are also the built-in ones a caller would expect.

A problem that the service tells (RFC 9457) keeps its `kind` and all of its facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class VeneerError(Exception):
    """Anything that Veneer says is wrong.

    Attributes
    ----------
    kind : str
        Which problem it is: ``not-found``, ``conflict``, ``source-changed`` …
    facts : dict
        What the service told beside it.
    """

    def __init__(self, message: str, *, kind: str = "error", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.message, self.kind, self.facts)


def _again(of: type[VeneerError], message: str, kind: str, facts: dict[str, Any]) -> VeneerError:
    return of(message, kind=kind, facts=facts)


class InvalidError(VeneerError, ValueError):
    """A value that cannot be what it is used for."""


class NotFoundError(VeneerError, KeyError):
    """A dataset, revision, table, row or file that is not there."""


class UnknownSampleError(NotFoundError):
    """A sample that is no row of the run's table."""


class ConflictError(VeneerError, RuntimeError):
    """Somebody else changed the same thing, or it is not in the state that was expected."""


class ForbiddenError(VeneerError, PermissionError):
    """A token is missing, unknown, or not enough."""


class SourceChangedError(VeneerError, OSError):
    """A file of the source is not what the revision recorded."""


class NoSpaceError(VeneerError, OSError):
    """A disk is full."""


class ServiceError(VeneerError, ConnectionError):
    """The service is not there, does not answer, or speaks another version."""


_BY_KIND: dict[str, type[VeneerError]] = {
    "not-found": NotFoundError,
    "unknown-sample": UnknownSampleError,
    "invalid": InvalidError,
    "invalid-batch": InvalidError,
    "ambiguous": InvalidError,
    "not-a-folder": InvalidError,
    "is-a-folder": InvalidError,
    "source-changed": SourceChangedError,
    "no-space": NoSpaceError,
    "unauthorized": ForbiddenError,
    "forbidden": ForbiddenError,
    "read-only": ForbiddenError,
}
_BY_STATUS: dict[int, type[VeneerError]] = {
    400: InvalidError,
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidError,
    503: ServiceError,
    507: NoSpaceError,
}


def of_problem(status: int, document: Mapping[str, Any]) -> VeneerError:
    """The exception for a problem that a service told.

    >>> error = of_problem(404, {"kind": "not-found", "detail": "there is no dataset `x`", "what": "dataset"})
    >>> isinstance(error, KeyError), str(error), error.facts["what"]
    (True, 'there is no dataset `x`', 'dataset')
    """
    kind = str(document.get("kind", "error"))
    detail = str(document.get("detail") or document.get("title") or f"the service answered {status}")
    of = _BY_KIND.get(kind) or _BY_STATUS.get(status, VeneerError)
    facts = {name: value for name, value in document.items() if name not in ("type", "title", "kind", "detail")}
    return of(detail, kind=kind, facts={**facts, "status": status})
