"""Which process of a distributed job this is, and the id of the run that all of them write."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from dataclasses import dataclass

_VARIABLES = (
    # Rank, number of processes, and those of this machine: torchrun and accelerate, Slurm, Open MPI.
    ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
)
_JOB = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "SLURM_STEP_ID", "OMPI_MCA_ess_base_jobid")


@dataclass(frozen=True)
class Place:
    """A process among those of its job.

    Attributes
    ----------
    rank : int
        Its number; 0 begins and ends the run.
    world : int
        How many there are.
    """

    rank: int = 0
    world: int = 1


def place() -> Place:
    """Where this process is, as torch.distributed or its launcher says; 0 of 1 without them."""
    torch = sys.modules.get("torch.distributed")
    if torch is not None and torch.is_available() and torch.is_initialized():
        return Place(torch.get_rank(), torch.get_world_size())
    for rank, world, _ in _VARIABLES:
        try:
            found = Place(int(os.environ[rank]), int(os.environ[world]))
        except (KeyError, ValueError):
            continue
        if found.world > 1:
            return found
    return Place()


def run_id(name: str, of: Place) -> str:
    """An id of 32 hexadecimal digits: drawn, or the same in all processes of a job.

    VENEER_RUN_ID goes before all else; then what rank 0 tells over torch.distributed; then what the launcher says,
    and on one machine the process that launched.

    >>> len(run_id("resnet18", Place()))
    32
    """
    named = os.environ.get("VENEER_RUN_ID")
    if named:
        return named if re.fullmatch("[0-9a-f]{32}", named) else _hash([named, name])
    if of.world == 1:
        return secrets.token_hex(16)
    torch = sys.modules.get("torch.distributed")
    if torch is not None and torch.is_available() and torch.is_initialized():
        told = [secrets.token_hex(16)]
        torch.broadcast_object_list(told, src=0)
        return str(told[0])
    said = [f"{variable}={os.environ[variable]}" for variable in _JOB if variable in os.environ]
    if _is_of_one_machine(of):
        said.append(_parent())
    return _hash([name, *said])


def _is_of_one_machine(of: Place) -> bool:
    for _, world, local in _VARIABLES:
        if os.environ.get(world) == str(of.world) and os.environ.get(local) == str(of.world):
            return True
    return False


def _parent() -> str:
    """The process that launched this one, told apart from another one with its number."""
    parent = os.getppid()
    try:
        with open(f"/proc/{parent}/stat", "rb") as file:
            begun = file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        begun = ""
    return f"parent={parent}:{begun}"


def _hash(parts: list[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
