"""Collection is off within, and on again when the last of all threads is out."""

from __future__ import annotations

import gc
from threading import Event, Thread

import pytest

from allo_studio.collection import no_collection


def test_it_is_off_within_and_on_again_after_faults_too() -> None:
    with no_collection():
        assert not gc.isenabled()
        with no_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), no_collection():
        raise ValueError("x")
    assert gc.isenabled()


def test_threads_that_overlap() -> None:
    first_is_in, second_is_in = Event(), Event()

    @no_collection()
    def held() -> None:
        first_is_in.set()
        second_is_in.wait(10)

    thread = Thread(target=held)
    thread.start()
    first_is_in.wait(10)
    with no_collection():
        second_is_in.set()
        thread.join()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
