from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.setup.web_files import SCALAR, NotFetchedError, check

REPOSITORY = Path(__file__).parents[3]


def test_a_package_with_another_checksum_is_refused(tmp_path):
    package = tmp_path / "package.tgz"
    package.write_bytes(b"something else")
    with pytest.raises(NotFetchedError, match="checksum"):
        check(SCALAR, package)


def test_a_package_with_the_pinned_checksum_is_taken(tmp_path):
    package = tmp_path / "package.tgz"
    package.write_bytes(b"")
    empty = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="  # FIPS 180-4
    check(replace(SCALAR, integrity=f"sha512-{empty}"), package)


@pytest.fixture
def bare(tmp_path) -> Path:
    """A checkout, in a path with a space and Chinese characters, beside a machine's programs without any Python."""
    checkout = tmp_path / "质量 clone"
    (checkout / "deploy" / "setup").mkdir(parents=True)
    shutil.copy(REPOSITORY / "deploy" / "setup" / "bootstrap.sh", checkout / "deploy" / "setup")
    machine = tmp_path / "bin"
    machine.mkdir()
    for program in ("sh", "dirname", "cut", "mkdir", "rm"):
        (machine / program).symlink_to(shutil.which(program))
    return checkout


def _bootstrap(checkout: Path) -> subprocess.CompletedProcess[str]:
    machine = checkout.parent / "bin"
    return subprocess.run(
        [machine / "sh", checkout / "deploy" / "setup" / "bootstrap.sh"],
        env={"PATH": str(machine), "HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


def _program(checkout: Path, name: str, script: str) -> Path:
    program = checkout.parent / "bin" / name
    program.write_text(f"#!{checkout.parent}/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def _python(checkout: Path, script: str) -> None:
    _program(checkout, "python3", script)


def test_a_python_that_is_too_old_gets_a_sentence_with_its_version(bare):
    _python(bare, '[ "$1" = --version ] && echo "Python 3.9.2" && exit 0; exit 1')
    said = _bootstrap(bare)
    assert said.returncode == 1
    assert "需要 Python 3.11" in said.stderr
    assert "Python 3.11 or newer is needed (found: Python 3.9.2)" in said.stderr


def test_a_machine_without_python_gets_a_sentence(bare):
    said = _bootstrap(bare)
    assert said.returncode == 1
    assert "Python 3.11 or newer is needed" in said.stderr


def test_a_python_without_venv_and_pip_gets_a_sentence(bare):
    _python(bare, f'case "$*" in *ensurepip*|*pip*) exit 1 ;; esac; exec "{sys.executable}" "$@"')
    said = _bootstrap(bare)
    assert said.returncode == 1
    assert "python3-venv" in said.stderr
    assert not (bare / ".venv").exists()


def _browser(checkout: Path) -> subprocess.CompletedProcess[str]:
    shutil.copy(REPOSITORY / "deploy" / "setup" / "browser.sh", checkout / "deploy" / "setup")
    machine = checkout.parent / "bin"
    script = checkout / "deploy" / "setup" / "browser.sh"
    return subprocess.run(
        [machine / "sh", script], env={"PATH": str(machine)}, capture_output=True, text=True, check=False
    )


def test_the_machines_own_chromium_is_taken_if_it_runs(bare):
    _program(bare, "chromium", "exit 1")
    runs = _program(bare, "google-chrome", "exit 0")
    said = _browser(bare)
    assert (said.returncode, said.stdout) == (0, f"Chromium: {runs}\n")


def test_without_any_chromium_one_line_says_so(bare):
    _program(bare, "id", "echo 1000")
    said = _browser(bare)
    assert (said.returncode, said.stdout, len(said.stderr.splitlines())) == (1, "", 1)
    assert "no Chromium, and none could be installed" in said.stderr


def test_root_has_the_systems_package_installed(bare):
    machine = bare.parent / "bin"
    (machine / "chmod").symlink_to(shutil.which("chmod"))
    _program(bare, "id", "echo 0")
    made = f"echo '#!{machine}/sh' > {machine}/chromium && chmod 755 {machine}/chromium"
    _program(bare, "apt-get", f'case "$*" in *install*chromium*) {made} ;; esac')
    said = _browser(bare)
    assert (said.returncode, said.stdout) == (0, f"Chromium: {machine}/chromium\n")
