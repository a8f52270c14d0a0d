"""The parameters of a run: a mapping that tells the service what is set in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


class Parameters(MutableMapping[str, Any]):
    """What a run was begun with: a mapping; what is set in it is told to the service.

    Examples
    --------
    >>> run.parameters["lr"] = 0.1
    >>> run.parameters(batch_size=64, optimizer="sgd")
    >>> run.parameters["batch_size"]
    64
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], None], begun: Mapping[str, Any]) -> None:
        self._tell = tell
        self._all = dict(begun)

    def __call__(self, **values: Any) -> None:
        """Sets several at once."""
        told = {name: as_json(value) for name, value in values.items()}
        self._all.update(told)
        self._tell(told)

    def __getitem__(self, name: str) -> Any:
        return self._all[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self(**{name: value})

    def __delitem__(self, name: str) -> None:
        del self._all[name]
        self._tell({name: None})

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"Parameters({self._all!r})"


def as_json(value: Any) -> Any:
    """A parameter as JSON has it: what it has no word for is told as text."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, Mapping):
        return {str(name): as_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        return as_json(value.item())
    return str(value)
