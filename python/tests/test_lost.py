"""A training that was killed is shown as lost. It begins before all other tests, for that takes a minute."""

from __future__ import annotations

import time

from conftest import Killed


def test_a_killed_training_is_shown_as_lost_once_its_heartbeat_stops(killed: Killed) -> None:
    told = killed.served.run("killed")
    silent = time.monotonic() - killed.at
    assert silent > 58 or told["status"] == "running", told
    while told["status"] == "running":
        assert time.monotonic() - killed.at < 90, told
        time.sleep(0.5)
        told = killed.served.run("killed")
    assert (told["status"], told["rows"]) == ("lost", 1)
    # It was heard of for longer than a service waits, as long as it lived: by its heartbeat alone.
    assert killed.served.run("alive")["status"] == "running"
    killed.alive.finish()
    assert killed.served.run("alive")["status"] == "finished"
