"""The modes of a model of torch while it is asked, and not trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Has a model in evaluation mode and without gradients; behind it each part is in its own mode again."""
    import torch

    # A part that is frozen may be in another mode than the whole.
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
