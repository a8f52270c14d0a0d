"""Veneer in Python: three lines in a training record what a model thinks of each sample.

```python
import veneer

run = veneer.start_run("resnet18", data="/mnt/traffic")             # dataset and revision come from the mount
run.log(epoch=epoch, sample=paths, loss=losses, predicted=logits)    # arrays of one length
run.finish()                                                         # also by `with`, and at exit
```

| module | knows |
|---|---|
| `start`, `ranks`, `run` | what a run looks at; which process of a job this is; what a training says |
| `share` | what one process has of a run: its threads, forks and the end |
| `calls`, `values` | one call, checked; what was handed in, kept as it is then |
| `columns`, `names`, `tables` | as Arrow; which rows are meant; what these are rows of |
| `writer`, `spool`, `deliver` | the thread that writes; the files; how they are sent |
| `dataset`, `difference`, `edit` | reading, comparing and changing a dataset |
| `suspicion`, `hooks` | how much labels are to be doubted; what frameworks call, each imported by whoever uses it |
| `mounts`, `samplers` | mounts for a while; in which order samples are seen |
| `client`, `service`, `programs` | HTTP; whoever has the store; the programs that come with the package |
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from .dataset import Dataset, dataset
from .difference import Difference
from .edit import Edit
from .errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NoSpaceError,
    NotFoundError,
    ServiceError,
    SourceChangedError,
    UnknownSampleError,
    VeneerError,
)
from .mounts import Mount, mount
from .run import Run
from .samplers import BalancedSampler, WeightedSampler
from .start import start_run
from .suspicion import Suspicion, suspicion

try:
    __version__ = version("veneer")
except PackageNotFoundError:
    __version__ = "0"

__all__ = [
    "BalancedSampler",
    "ConflictError",
    "Dataset",
    "Difference",
    "Edit",
    "ForbiddenError",
    "InvalidError",
    "Mount",
    "NoSpaceError",
    "NotFoundError",
    "Run",
    "ServiceError",
    "SourceChangedError",
    "Suspicion",
    "UnknownSampleError",
    "VeneerError",
    "WeightedSampler",
    "dataset",
    "mount",
    "start_run",
    "suspicion",
]
