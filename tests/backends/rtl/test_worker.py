"""The process that CIRCT works in: how it starts, dies and comes back."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import small_circuits as small

from allo_studio.backends.rtl import worker as module
from allo_studio.backends.rtl.worker import Worker, WorkerCancelled
from allo_studio.diagnostics import AlloError

# What a call of this process does; it serves as CIRCT's does.
PROGRAM = """
import ctypes, os, signal, sys, time
from allo_studio.backends.rtl.serving import serve

def crash(number):
    print("the last pass", file=sys.stderr, flush=True)
    os.kill(os.getpid(), number)

def refuse(kind):
    raise {"memory": MemoryError, "missing": ImportError, "other": ValueError}[kind](kind)

def talk(text):
    print(text)
    os.write(1, text.encode())
    return text

def fill():
    kept = []
    while True:
        kept.append(bytearray(1 << 24))

def abort():
    print("LLVM ERROR: out of memory", file=sys.stderr, flush=True)
    os.abort()

serve(
    {
        "abort": abort, "crash": crash, "exit": os._exit, "fill": fill, "number": os.getpid, "refuse": refuse,
        "sleep": time.sleep, "talk": talk,
    },
    int(sys.argv[1]),
)
"""


@pytest.fixture
def make(tmp_path):
    """Makes workers whose process does what it is told."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    made = []

    def make(**options):
        made.append(Worker(program=[str(program)], **options))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


def fault(worker, function, *arguments):
    with pytest.raises(AlloError) as caught:
        worker.call(function, arguments, "cascade/mm")
    (found,) = caught.value.diagnostics
    assert (found.code, found.where, bool(found.hint)) == ("rtl", "cascade/mm", True)
    return found.message


def number(worker):
    return worker.call("number", [], "design")


def test_the_process_is_kept_between_calls(make):
    worker = make()
    assert number(worker) == number(worker) != os.getpid()


def test_a_crash_is_told_and_the_next_call_works(make):
    worker = make()
    first = number(worker)
    assert fault(worker, "crash", signal.SIGSEGV) == "CIRCT crashed: its process was ended by SIGSEGV\n  the last pass"
    assert number(worker) != first


def test_an_end_is_told_as_well(make):
    assert fault(make(), "exit", 3) == "CIRCT crashed: its process ended with status 3"


def test_a_process_that_dies_between_calls_is_replaced(make):
    worker = make()
    first = number(worker)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert number(worker) != first


def test_what_a_function_raises_is_told(make):
    worker = make()
    first = number(worker)
    assert fault(worker, "refuse", "other") == "CIRCT refuses the circuit: other"
    assert fault(worker, "refuse", "missing") == "CIRCT cannot be started: missing"
    assert number(worker) == first


def test_what_takes_too_long_is_stopped(make):
    worker = make(timeout_s=0.3)
    number(worker)
    began = time.monotonic()
    assert fault(worker, "sleep", 60) == "CIRCT did not end within 0.3 seconds and was stopped"
    assert time.monotonic() - began < 10
    number(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
def test_what_needs_too_much_memory_is_stopped(make):
    worker = make(memory_bytes=1 << 28)
    first = number(worker)
    for _ in range(2):
        assert fault(worker, "fill") == "CIRCT needs more than 0.25 GB of memory"
    assert number(worker) == first


def test_a_program_that_ends_for_want_of_memory_is_told_as_that(make):
    assert fault(make(), "abort") == "CIRCT needs more than 16 GB of memory"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
def test_circt_itself_is_held_to_the_limit():
    worker = Worker(memory_bytes=160 << 20)
    try:
        with pytest.raises(AlloError, match=r"CIRCT needs more than 0.156 GB of memory"):
            worker.verilog(f"// {'x' * (40 << 20)}\nhw.module @top() {{}}", "design")
        assert "module counter" in worker.verilog(small.text(small.counter()), "design")
    finally:
        worker.close()


def test_a_call_can_be_cancelled(make):
    worker = make()
    number(worker)
    timer = threading.Timer(0.2, worker.cancel)
    timer.start()
    with pytest.raises(WorkerCancelled, match="the making of cascade/mm was cancelled"):
        worker.call("sleep", [60], "cascade/mm")
    timer.join()
    number(worker)


def test_a_cancel_without_a_call_does_nothing(make):
    worker = make()
    worker.cancel()
    first = number(worker)
    worker.cancel()
    assert number(worker) == first


def test_calls_of_several_threads_do_not_mix(make):
    worker, found = make(), {}

    def talk(text):
        for _ in range(20):
            found.setdefault(text, set()).add(worker.call("talk", [text], "design"))

    threads = [threading.Thread(target=talk, args=[str(n) * 1000]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {text: {text} for text in (str(n) * 1000 for n in range(4))}


def test_nothing_that_is_printed_gets_out(make, capfd):
    worker = make()
    assert worker.call("talk", ["a word"], "design") == "a word"
    worker.close()
    assert capfd.readouterr() == ("", "")


def test_closing_ends_the_process_and_a_call(make):
    worker = make()
    first = number(worker)
    timer = threading.Timer(0.2, worker.close)
    timer.start()
    with pytest.raises(WorkerCancelled):
        worker.call("sleep", [60], "design")
    timer.join()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert number(worker) != first


def test_a_python_that_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/no/such/python")
    with pytest.raises(AlloError, match="CIRCT cannot be started: /no/such/python: No such file"):
        Worker().verilog("", "design")


def test_the_shared_process_ends_with_a_program_that_has_no_file(tmp_path):
    code = (
        "from allo_studio.backends.rtl.worker import shared\n"
        "assert shared() is shared()\n"
        "text = 'hw.module @top(in %clk: !seq.clock, in %a: i1, out b: i1) { hw.output %a : i1 }'\n"
        "assert 'module top' in shared().verilog(text, 'design')\n"
        "assert shared().simulation(text, 'top', 'design').top == 'top'\n"
        "print(shared()._child.process.pid)\n"
    )
    # Modules of the folder that a program is started in are not taken for the library's.
    (tmp_path / "json.py").write_text("raise AssertionError")
    done = subprocess.run([sys.executable, "-P"], input=code, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
