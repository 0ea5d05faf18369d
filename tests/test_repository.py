"""The repository itself: set-up tools, links, licence, the wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import allo_studio
from allo_studio.report import document, parse_document
from allo_studio.report.document import FORMAT

ROOT = Path(__file__).resolve().parent.parent


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup_env():
    return tool("setup_env")


def python_stub(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def find_python(folder: Path) -> subprocess.CompletedProcess:
    for name in ("sh", "sed"):
        (folder / name).symlink_to(shutil.which(name))
    command = [str(folder / "sh"), str(ROOT / "tools" / "find_python.sh")]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def real(folder: Path, name: str) -> None:
    python_stub(folder, name, f'exec "{sys.executable}" "$@"')


def test_find_python_passes_over_a_name_that_does_not_run(tmp_path):
    python_stub(tmp_path, "python3.13", "echo 'command not found' >&2; exit 127")
    real(tmp_path, "python3.11")
    real(tmp_path, "python3")
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "python3.11"))


def test_find_python_takes_the_newest(tmp_path):
    for name in ("python3.11", "python3.13", "python3.12"):
        real(tmp_path, name)
    assert find_python(tmp_path).stdout.strip() == str(tmp_path / "python3.13")


def test_find_python_prefers_one_that_can_make_environments(tmp_path):
    python_stub(tmp_path, "python3.13", 'case "$2" in *ensurepip*) exit 1;; esac; exec ' + sys.executable + ' "$@"')
    real(tmp_path, "python3.12")
    assert find_python(tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_find_python_says_what_to_do_when_there_is_none(tmp_path):
    python_stub(tmp_path, "python3", "exit 1")
    found = find_python(tmp_path)
    assert found.returncode == 1
    assert found.stdout == ""
    assert "3.11, 3.12 or 3.13" in found.stderr
    assert "PYTHON=" in found.stderr


def test_system_packages_know_the_names_of_64_bit_time(setup_env):
    installed = {*setup_env.SYSTEM_PACKAGES["qt"], "g++"} - {"libglib2.0-0", "libegl1"} | {"libglib2.0-0t64"}
    assert setup_env.missing_packages(["qt", "compiler"], installed) == ["libegl1"]


def test_system_packages_are_named_to_who_may_not_install_them(setup_env, monkeypatch, capsys):
    monkeypatch.setattr(setup_env, "installed_packages", set)
    monkeypatch.setattr(setup_env.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup_env.shutil, "which", lambda name: f"/usr/bin/{name}")
    setup_env.see_to_system_packages(["compiler"])
    assert "sudo apt-get install g++" in capsys.readouterr().err


def test_unsupported_python_is_refused(setup_env, monkeypatch):
    for version in ((3, 10, 1), (3, 14, 0)):
        monkeypatch.setattr(setup_env, "sys", SimpleNamespace(version_info=version))
        with pytest.raises(setup_env.SetupError, match=r"PYTHON=python3\.12"):
            setup_env.check_version()


class Pip:
    """Stands for the processes that setup_env starts, and keeps what they were."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commands, self.status = folder, [], 0

    def __call__(self, command, **_options):
        self.commands.append(command)
        if "venv" in command:
            shutil.rmtree(self.folder, ignore_errors=True)
            (self.folder / "bin").mkdir(parents=True)
            (self.folder / "bin" / "python").touch()
            (self.folder / "pyvenv.cfg").touch()
        return SimpleNamespace(returncode=self.status if "install" in command else 0, stdout="no such thing", stderr="")

    def kinds(self) -> list[str]:
        found = ["make" if "venv" in c else c[-1].partition("[")[2].rstrip("]") for c in self.commands]
        self.commands = []
        return found


@pytest.fixture
def pip(setup_env, monkeypatch, tmp_path):
    stand_in = Pip(tmp_path / "env")
    monkeypatch.setattr(setup_env.subprocess, "run", stand_in)
    return stand_in


def test_environment_is_made_once_and_then_reused(setup_env, pip):
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    assert pip.kinds() == ["make", "studio"]
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    assert pip.kinds() == []


def test_more_extras_are_added_and_fewer_need_nothing(setup_env, pip):
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    pip.kinds()
    setup_env.see_to_environment(pip.folder, frozenset({"test"}))
    assert pip.kinds() == ["studio,test"]
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    assert pip.kinds() == []


def test_another_python_makes_another_environment(setup_env, pip, monkeypatch):
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    pip.kinds()
    monkeypatch.setattr(setup_env, "python_key", lambda: "another")
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    assert pip.kinds() == ["make", "studio"]


def test_changed_pins_install_again_into_the_same_environment(setup_env, pip, monkeypatch):
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    pip.kinds()
    monkeypatch.setattr(setup_env, "project_key", lambda: "changed")
    setup_env.see_to_environment(pip.folder, frozenset())
    assert pip.kinds() == ["studio"]


def test_failed_install_is_told_and_tried_again(setup_env, pip):
    pip.status = 1
    with pytest.raises(setup_env.SetupError, match="no such thing"):
        setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    pip.status = 0
    pip.kinds()
    setup_env.see_to_environment(pip.folder, frozenset({"studio"}))
    assert pip.kinds() == ["make", "studio"]


def test_folder_that_is_no_environment_is_left_alone(setup_env, pip):
    pip.folder.mkdir()
    (pip.folder / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(setup_env.SetupError, match="left as it is"):
        setup_env.see_to_environment(pip.folder, frozenset())
    assert (pip.folder / "thesis.txt").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_screen_is_told_from_the_environment(monkeypatch):
    open_studio = tool("open_studio")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not open_studio.has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert open_studio.has_screen()


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.S | re.M)


def test_links_between_documents_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 5
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", without_code(page.read_text(encoding="utf-8")))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not broken


def test_documented_json_is_what_the_program_reads_and_writes():
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    sample = re.search(r"```json\n(.*?)```", text, re.S).group(1)
    report = parse_document(sample, "docs/json.md")
    written = document("ok", (), report)
    assert written["format"] == FORMAT
    for part in ("report", "simulation"):
        named = set(re.findall(r'"(\w+)":', sample))
        assert set(written[part]) <= named
    for row in ("processes", "loops", "channels"):
        assert set(written["report"][row][0]) <= named


def test_version_is_said_in_one_way():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["version"] == allo_studio.__version__
    assert f"## {allo_studio.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_licence_is_apache_2_in_full():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_source_file_is_small():
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for folder in ("allo_studio", "ui", "nodes", "tools")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    ]
    assert not long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, as building leaves files behind."""
    setuptools = pytest.importorskip("setuptools")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("building needs setuptools 77")
    copy = tmp_path_factory.mktemp("wheel") / "source"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info", "tests", "benchmarks")
    shutil.copytree(ROOT, copy, ignore=left_out)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(copy / "dist"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PIP_NO_INPUT": "1"}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = (copy / "dist").glob("*.whl")
    return file


def data_files() -> list[str]:
    """Return every file that the program reads at run time, as the checkout has it."""
    folders = ("resources", "projects", "allo_studio", "ui", "nodes")
    found = (path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return [p.as_posix() for p in found if not set(p.parts) & {"__pycache__", "build"} and not p.name.startswith(".")]


def test_wheel_has_all_that_the_checkout_has(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    missing = sorted(set(data_files()) - packed)
    assert not missing
    assert "projects/gemm_cascade/kernels/gemm.py" in packed
    assert {"allo_studio/library/catalogue.yaml", "allo_studio/library/kernels/linear.py"} <= packed
    assert not any(name.startswith(("tests/", "benchmarks/", "tools/", "docs/")) for name in packed)


def test_installed_wheel_runs_away_from_the_checkout(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = [sys.executable, "-P", "-m", "allo_studio", "new", "mine", "--example", "gemm_cascade"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "mine" / "kernels" / "gemm.py").is_file()
    command[4:] = ["check", "mine"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


LIBRARY_PROJECT = """\
format: 1
name: mine
graphs:
  top:
    inputs: {x: "float32[64, 64]"}
    outputs: {y: "float32[64, 64]"}
    nodes: {relu: {kernel: "library:activations.py:relu"}}
    edges: [x -> relu.x, relu.y -> y]
"""


def test_installed_wheel_has_the_library(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "project.yaml").write_text(LIBRARY_PROJECT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    program = "from allo_studio.library import catalogue; print(catalogue.__file__, len(catalogue.library()))"
    for command in (["-m", "allo_studio", "check", "mine"], ["-c", program]):
        command = [sys.executable, "-P", *command]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path / "site") in done.stdout
    assert int(done.stdout.split()[-1]) > 10
