"""A stand-in for the commands of Vitis HLS: it checks what it is given, logs in the tool's manner and writes a report.

`install` puts one into a folder for PATH. `STAND_IN` in its environment says what it does: `ok`, `warn`, `fail`,
`status` (ends with 3 and says nothing of errors), `error` (says an error and ends with 0), `crash`, `hang`, `orphan`
(ends well and leaves a child running), `garbage`, `flood`, `truncated`, `no-report`, `cosim-fails`, `cores` (its report
has the functions of the C++, each with an adder of latency 7). What is wrong with the script or the component file is
an error of its own and status 1.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from synthesis_reports import CoreSaid, ModuleSaid, csynth_xml

VERSION = "2024.1"
PIDS = "stand_in.pids"


def install(folder: Path, kind: str = "vitis_hls") -> Path:
    """Write the stand-in as the command `kind` into `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / kind
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" {kind} "$@"\n')
    program.chmod(0o755)
    return program


class Refused(Exception):
    """What is wrong with the input."""


class Tcl:
    """As much of Tcl as scripts for Vitis HLS take: words, quotes, braces, `$x`, `$::env(X)`, `[...]`, `if`."""

    def __init__(self, script: Path) -> None:
        self.script = script
        self.variables: dict[str, str] = {}
        self.done: list[list[str]] = []
        self.calls: list[list[str]] = []

    def run(self, text: str) -> None:
        for command in self.commands(text):
            self.call([self.value(word) for word in command])

    def commands(self, text: str) -> list[list[str]]:
        found, words, at = [], [], 0
        while at < len(text):
            c = text[at]
            if c == "#" and not words:
                at = text.find("\n", at) % (len(text) + 1)
            elif c in "\n;":
                found, words, at = [*found, *([words] if words else [])], [], at + 1
            elif c in " \t":
                at += 1
            else:
                end = self.word(text, at)
                words.append(text[at:end])
                at = end
        return [*found, *([words] if words else [])]

    def word(self, text: str, at: int) -> int:
        """Return where the word that begins at `at` ends."""
        closing = {"{": "}", '"': '"', "[": "]"}.get(text[at])
        if closing is None or text[at] == "[":
            depth = 0
            while at < len(text) and (depth or text[at] not in " \t\n;"):
                depth += {"[": 1, "]": -1}.get(text[at], 0)
                at += 1
            return at
        depth, start = 0, at
        while at < len(text):
            if text[at] == closing and ((closing == '"' and at > start) or (depth == 1 and closing == "}")):
                return at + 1
            depth += {"{": 1, "}": -1}.get(text[at], 0) if closing == "}" else 0
            at += 1
        raise Refused(f"missing close-{closing}")

    def value(self, word: str) -> str:
        if word.startswith("{"):
            return word[1:-1]
        text = word[1:-1] if word.startswith('"') else word
        text = re.sub(r"\$(\w+)", lambda m: self.variable(m.group(1)), text)
        if text.startswith("[") and text.endswith("]"):
            (command,) = self.commands(text[1:-1])
            return self.function([self.value(part) for part in command])
        return text

    def variable(self, name: str) -> str:
        if name not in self.variables:
            raise Refused(f'can\'t read "{name}": no such variable')
        return self.variables[name]

    def function(self, words: list[str]) -> str:
        match words:
            case ["info", "script"]:
                return str(self.script)
            case ["info", "exists", name]:
                found = re.fullmatch(r"::env\((\w+)\)", name)
                return str(int(found.group(1) in os.environ if found else name in self.variables))
            case ["file", "dirname", path]:
                return str(Path(path).parent)
            case ["file", "normalize", path]:
                return str(Path(path).resolve())
            case ["file", "join", *parts]:
                return str(Path(*parts))
            case ["file", "isdirectory", path]:
                return str(int(Path(path).is_dir()))
        raise Refused(f'invalid command name "{words[0]}"')

    def call(self, words: list[str]) -> None:
        match words:
            case ["set", name, value]:
                self.variables[name] = value
            case ["cd", path]:
                os.chdir(path)
            case ["if", condition, body]:
                if all(self.value(part.strip()) == "1" for part in condition.split("&&")):
                    self.run(body)
            case ["exit"]:
                self.calls.append(words)
            case _:
                self.calls.append(words)


def options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return a command's options and other words; `-tb` and `-reset` before a name take none."""
    known: dict[str, str] = {}
    rest: list[str] = []
    at = 1
    while at < len(words):
        flag = words[at] in ("-tb", "-rtl") or (words[at] == "-reset" and words[0] != "config_rtl")
        if words[at].startswith("-") and not flag:
            known[words[at]] = words[at + 1]
            at += 1
        elif words[at].startswith("-"):
            known[words[at]] = ""
        else:
            rest.append(words[at])
        at += 1
    return known, rest


class Project:
    """What the script or the component file asks for, checked as the tool checks it."""

    def __init__(self) -> None:
        self.name = self.solution = self.top = self.part = self.clock = self.flow = ""
        self.sources: list[str] = []
        self.benches: list[str] = []
        self.steps: list[tuple[str, dict[str, str]]] = []

    def take(self, words: list[str]) -> None:
        command, (known, rest) = words[0], options(words)
        if command.endswith(("_part", "_clock", "_rtl", "_design")) and not self.solution:
            raise Refused(f"{command}: no solution is open")
        match command:
            case "open_project":
                (self.name,) = rest
            case "set_top":
                (self.top,) = rest
            case "add_files":
                self.add(rest, known)
            case "open_solution":
                (self.solution,) = rest
                self.flow = known.get("-flow_target", "vivado")
                if self.flow not in ("vivado", "vitis"):
                    raise Refused(f"open_solution: {self.flow} is no flow target")
            case "set_part":
                (self.part,) = rest
            case "create_clock":
                self.clock = known["-period"]
            case "config_rtl":
                if known != {"-reset": "state"}:
                    raise Refused(f"config_rtl: {known}")
            case "csim_design" | "csynth_design" | "cosim_design" | "export_design":
                self.steps.append((command, known))
            case "exit":
                pass
            case _:
                raise Refused(f'invalid command name "{command}"')

    def add(self, files: list[str], known: dict[str, str]) -> None:
        if not self.name:
            raise Refused("add_files: no project is open")
        for file in files:
            if not Path(file).exists():
                raise Refused(f"add_files: {file} does not exist")
        (self.benches if "-tb" in known else self.sources).extend(files)
        if "-std=c++17" not in known.get("-cflags", ""):
            raise Refused("the code is C++17")

    def check(self) -> None:
        text = "\n".join(Path(file).read_text() for file in self.sources)
        if not re.search(rf'^(extern "C" )?void {re.escape(self.top)}\(', text, re.MULTILINE):
            raise Refused(f"no function {self.top} in {', '.join(self.sources)}")
        if not re.fullmatch(r"xc[\w-]+", self.part):
            raise Refused(f"set_part: {self.part} is no part")
        if not 0 < float(self.clock.removesuffix("ns")) < 1000:
            raise Refused(f"create_clock: {self.clock}")
        if not self.benches:
            raise Refused("no test bench")


_KEYS = {
    "flow_target", "clock", "syn.top", "syn.file", "syn.file_cflags", "tb.file", "tb.file_cflags", "csim.argv",
    "cosim.argv", "csim.ldflags", "cosim.ldflags", "syn.rtl.reset", "package.output.format", "package.output.syn",
    "package.output.file",
}  # fmt: skip


def read_config(path: Path) -> Project:
    """Return the project of a component file."""
    found, section, flags = Project(), "", {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line
            continue
        key, _, value = line.partition("=")
        if (section, key) == ("", "part"):
            found.part = value
        elif section != "[hls]" or key not in _KEYS:
            raise Refused(f"{path.name}: unknown option {key} in section {section or 'top'}")
        elif key.endswith("_cflags"):
            file, _, flags_of = value.partition(",")
            flags[key.removesuffix("_cflags"), file] = flags_of
        elif key in ("syn.file", "tb.file"):
            (found.sources if key == "syn.file" else found.benches).append(value)
            if not Path(value).exists():
                raise Refused(f"{key}: {value} does not exist")
        elif key == "syn.top":
            found.top = value
        elif key == "clock":
            found.clock = value
        elif key == "flow_target":
            found.flow = value
    for key, files in (("syn.file", found.sources), ("tb.file", found.benches)):
        for file in files:
            if "-std=c++17" not in flags.get((key, file), ""):
                raise Refused(f"{key}_cflags of {file}: the code is C++17")
    found.steps = [("csynth_design", {})]
    return found


def say(text: str) -> None:
    print(text, flush=True)


def spent(what: str) -> None:
    say(
        f"INFO: [HLS 200-111] Finished {what}: CPU user time: 0.1 seconds. CPU system time: 0 seconds. "
        "Elapsed time: 0.1 seconds; current allocated memory: 1.1 GB."
    )


def place_of(project: Project, pattern: str) -> str:
    """Return the place of the first line of the sources that has a pattern, as the tool gives places."""
    for file in project.sources:
        for number, line in enumerate(Path(file).read_text().splitlines(), 1):
            if re.search(pattern, line):
                return f"({file}:{number}:{line.index(line.strip()) + 1})"
    raise Refused(f"no line has {pattern}")


def synthesise(project: Project, mode: str, report: Path) -> None:
    say("INFO: [HLS 200-1510] Running: csynth_design ")
    spent("File checks and directory preparation")
    for file in project.sources:
        say(f"INFO: [HLS 200-10] Analyzing design file '{Path(file).resolve()}' ... ")
    spent("Source Code Analysis and Preprocessing")
    if mode == "fail":
        place = place_of(project, r"\+=.*//")
        say(f"ERROR: [HLS 207-3776] use of undeclared identifier 'N' {place}")
        say("ERROR: [HLS 200-1715] Encountered problem during source synthesis")
        say("INFO: [HLS 200-112] Total CPU user time: 1 seconds. Total elapsed time: 1 seconds.")
        sys.exit(1)
    if mode == "error":
        say("ERROR: [HLS 200-70] Pre-synthesis failed.")
        sys.exit(0)
    if mode == "warn":
        place = place_of(project, r"#pragma HLS pipeline II").strip("()")
        for lane in range(3):
            say(f"WARNING: [HLS 200-880] The II Violation in module 'mm1' (loop 'j'): lane {lane} ({place})")
            say("WARNING: [HLS 214-356] the array is not partitioned (elsewhere/other.cpp:3:1)")
    say("INFO: [HLS 200-10] Starting code transformations ...")
    spent("Standard Transforms")
    if mode == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(PIDS).write_text(f"{os.getpid()} {child.pid}")
        say("INFO: [HLS 200-10] Starting hardware synthesis ...")
        time.sleep(600)
    if mode == "garbage":
        odd = b"\x1b[31mred\x1b[0m\r\nERROR\nERROR: \nWARNING: [\n"
        sys.stdout.buffer.write(bytes(range(256)) * 40 + odd + b"\0" * 3_000_000)
        sys.stdout.buffer.flush()
        sys.exit(0)
    if mode == "flood":
        sys.stdout.write("".join(f"INFO: [HLS 200-1995] There were {n} instructions\n" for n in range(20000)))
    say("INFO: [HLS 200-10] Starting hardware synthesis ...")
    say(f"INFO: [HLS 200-10] -- Implementing module '{project.top}' ")
    say("INFO: [SCHED 204-11] Starting scheduling ...")
    spent("Scheduling")
    say("INFO: [BIND 205-100] Starting micro-architecture generation ...")
    spent("Binding")
    say(f"INFO: [HLS 200-10] -- Generating RTL for module '{project.top}' ")
    spent("Generating all RTL models")
    if mode != "no-report":
        report.parent.mkdir(parents=True)
        text = REPORT.format(version=VERSION, part=project.part, top=project.top, clock=project.clock)
        if mode == "cores":
            text = with_cores(project)
        report.write_text(text[: len(text) // 2] if mode == "truncated" else text)
    say("INFO: [HLS 200-111] Finished Command csynth_design CPU user time: 2 seconds. Elapsed time: 2 seconds;")


REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<profile>
<section name="Vitis HLS Report for '{top}'" level="0"></section>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments><unit>ns</unit><ProductFamily>virtexuplusHBM</ProductFamily><Part>{part}</Part>
<TopModelName>{top}</TopModelName><TargetClockPeriod>{clock}</TargetClockPeriod></UserAssignments>
<PerformanceEstimates><SummaryOfTimingAnalysis><unit>ns</unit>
<EstimatedClockPeriod>2.431</EstimatedClockPeriod></SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><unit>clock cycles</unit><Best-caseLatency>1234</Best-caseLatency>
<Average-caseLatency>1234</Average-caseLatency><Worst-caseLatency>1234</Worst-caseLatency>
<Interval-min>1235</Interval-min><Interval-max>1235</Interval-max></SummaryOfOverallLatency></PerformanceEstimates>
<AreaEstimates><Resources><BRAM_18K>4</BRAM_18K><DSP>48</DSP><FF>2000</FF><LUT>3000</LUT><URAM>0</URAM></Resources>
<AvailableResources><BRAM_18K>4032</BRAM_18K><DSP>9024</DSP><FF>2607360</FF><LUT>1303680</LUT><URAM>960</URAM>
</AvailableResources></AreaEstimates>
</profile>
"""


def with_cores(project: Project) -> str:
    """Return a report of the functions that the sources define, each with one adder."""
    names = [name for file in project.sources for name in re.findall(r"^void (\w+)\(", Path(file).read_text(), re.M)]
    adders = [CoreSaid(f"fadd_32ns_32ns_32_8_full_dsp_1_U{number}", 7, 2) for number in range(len(names))]
    said = [ModuleSaid(name, 1234, {"DSP": 2}, (), (adder,)) for name, adder in zip(names, adders, strict=True)]
    return csynth_xml(project.top, said, project.part, float(project.clock), VERSION)


def run_steps(project: Project, mode: str, report: Path) -> None:
    for step, known in project.steps:
        if step == "csynth_design":
            synthesise(project, mode, report)
            continue
        say(f"INFO: [HLS 200-1510] Running: {step} {' '.join(known.values())}")
        if "-argv" in known and not list(Path(known["-argv"]).glob("*.golden.bin")):
            raise Refused(f"{step}: no data in {known['-argv']}")
        if step == "csim_design":
            say("INFO: [SIM 211-2] *************** CSIM start ***************")
            say("INFO: [SIM 211-1] CSim done with 0 errors.")
        elif step == "cosim_design":
            verdict = "FAIL" if mode == "cosim-fails" else "PASS"
            say(f"INFO: [COSIM 212-1000] *** C/RTL co-simulation finished: {verdict} ***")
        else:
            say("INFO: [HLS 200-802] Generated output file")


def main(kind: str, words: list[str]) -> int:
    mode = os.environ.get("STAND_IN", "ok")
    name = "v++" if kind == "v++" else "Vitis HLS - High-Level Synthesis from C, C++ and OpenCL"
    say(f"****** {name} v{VERSION} (64-bit)")
    if mode == "status":
        return 3
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "v++":
        if words[:5] != ["-c", "--mode", "hls", "--config", "hls_config.cfg"] or words[5] != "--work_dir":
            raise Refused(f"v++: {words}")
        project = read_config(Path(words[4]))
        report = Path(words[6], "hls/syn/report/csynth.xml")
    else:
        wanted = ["-f"] if kind == "vitis_hls" else ["--mode", "hls", "--tcl"]
        if words[:-1] != wanted:
            raise Refused(f"{kind}: {words}")
        script = Path(words[-1])
        say(f"INFO: [HLS 200-10] In directory '{Path.cwd()}'")
        tcl, project = Tcl(script.resolve()), Project()
        tcl.run(script.read_text())
        for call in tcl.calls:
            project.take(call)
        if tcl.calls[-1] != ["exit"]:
            raise Refused("the script does not exit")
        report = Path(project.name, project.solution, "syn/report/csynth.xml")
    project.check()
    run_steps(project, mode, report)
    if mode == "orphan":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(PIDS).write_text(f"{os.getpid()} {child.pid}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except Refused as fault:
        say(f"ERROR: [HLS 200-101] {fault}")
        sys.exit(1)
