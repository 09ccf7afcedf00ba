"""Where a folder is moved to: compose's services by its env file, and the keys that come along."""

from __future__ import annotations

import base64
import re
import stat

import pytest

from deploy.cli import USAGE_EXIT, main
from deploy.docker.secrets import read
from deploy.embedded.system import HEADS_KEY, MASTER_KEY, secrets_of
from deploy.moving.errors import KeyOther, MoveRefused, NothingToMove, TargetUnclear
from deploy.moving.targets import keys_of, of_compose, of_files, require_same_keys, target_of
from deploy.outcomes import EXIT_CODES
from deploy.settings import embedded_settings
from shared.adapters.http.app import SECRET_FILE, secret_of
from shared.contracts.catalogue import SERVICES
from tests.compose.stack import AS_ROOT, INTO_THE_VOLUME, REACHABLE
from tests.pages import ROOT, page


@pytest.fixture
def folder(tmp_path):
    """As a first start leaves it, beside the database."""
    made = tmp_path / "data"
    secrets_of(made)
    secret_of(embedded_settings(made))
    return made


@pytest.fixture
def env_file(folder, tmp_path, capsys):
    made = tmp_path / ".env"
    assert main(["compose-env", "--file", str(made), "--keys-of", str(folder)]) == 0
    capsys.readouterr()
    return made


def test_an_env_file_may_take_the_keys_of_a_folder_and_nothing_else_of_it(folder, env_file):
    told = read(env_file)
    for variable, file in (
        ("SUYUAN_MASTER_KEY", folder / "keys" / MASTER_KEY),
        ("SUYUAN_HEADS_KEY", folder / "keys" / HEADS_KEY),
        ("SUYUAN_EDGE_SECRET", folder / SECRET_FILE),
    ):
        assert base64.b64decode(told[variable]) == file.read_bytes()
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(set(told.values())) == len(told)


def test_a_folder_without_keys_gives_none_and_makes_none(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    words = ["compose-env", "--file", str(tmp_path / ".env"), "--keys-of", str(tmp_path / "empty")]
    assert main(words) == USAGE_EXIT
    assert MASTER_KEY in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_compose_is_moved_to_by_the_variables_that_its_file_gives_each_service(env_file):
    """The same as docker-compose.yml makes of the same .env, with Postgres where it is reached from here."""
    compose, told = (ROOT / "docker-compose.yml").read_text(encoding="utf-8"), read(env_file)
    found = of_compose(env_file, "postgres")
    for service in SERVICES:
        block = compose.split(f"\n  {service}:\n", 1)[1].split("\n\n", 1)[0]
        for variable in ("SUYUAN_DATABASE_URL", "SUYUAN_MIGRATION_URL"):
            [line] = re.findall(rf"{variable}: (\S+\$\{{[^}}]*\}}\S+)", block)
            assert found[service][variable] == re.sub(r"\$\{(\w+)[^}]*\}", lambda name: told[name[1]], line)
        for variable in ("SUYUAN_BLOBS_DIR", "SUYUAN_HEADS_DIR"):
            assert f"\n  {variable}: {found[service][variable]}\n" in compose


def test_the_keys_of_an_env_file_made_of_the_folder_are_the_folders(folder, env_file, tmp_path):
    told = of_compose(env_file, "127.0.0.1:5433")
    moved = {"blobs_dir": tmp_path / "out" / "blobs", "heads_dir": tmp_path / "out" / "heads"}
    for service in SERVICES:
        target = target_of(service, told[service], env_file, tmp_path / "scratch", moved)
        require_same_keys(folder, keys_of(folder), target)
        assert target.where == f"127.0.0.1:5433/suyuan_{service}"
        assert (target.blobs, target.heads) == (moved["blobs_dir"], moved["heads_dir"] / f"{service}.ndjson")


def test_an_env_file_with_keys_of_its_own_is_refused(folder, tmp_path, capsys):
    file = tmp_path / "other.env"
    assert main(["compose-env", "--file", str(file)]) == 0
    capsys.readouterr()
    target = target_of("capa", of_compose(file, "h:1")["capa"], file, tmp_path / "scratch", {})
    with pytest.raises(KeyOther) as refused:
        require_same_keys(folder, keys_of(folder), target)
    assert "SUYUAN_MASTER_KEY_FILE" in refused.value.text("en")
    assert f"--keys-of {folder}" in refused.value.text("zh-CN")


@pytest.mark.parametrize("missing", [MASTER_KEY, HEADS_KEY, SECRET_FILE])
def test_a_folder_that_lacks_a_key_is_not_moved(folder, missing):
    next(folder.rglob(missing)).unlink()
    with pytest.raises(NothingToMove, match=missing):
        keys_of(folder)
    assert not [*folder.rglob(missing)]


def test_what_is_wrong_with_a_setting_is_said_without_its_value(env_file, tmp_path):
    told = dict(of_compose(env_file, "h:1")["capa"]) | {"SUYUAN_PLANT_ZONE": "hunter2"}
    with pytest.raises(TargetUnclear) as refused:
        target_of("capa", told, env_file, tmp_path / "scratch", {})
    assert "SUYUAN_PLANT_ZONE" in refused.value.text("en")
    assert "hunter2" not in refused.value.text("en")
    told = dict(of_compose(env_file, "h:1")["capa"]) | {"SUYUAN_MASTER_KEY": "hunter2!"}
    with pytest.raises(TargetUnclear, match="SUYUAN_MASTER_KEY"):
        target_of("capa", told, env_file, tmp_path / "other", {})


def test_a_file_that_is_not_there_is_named(env_file, tmp_path):
    with pytest.raises(TargetUnclear, match=r"none\.env"):
        of_compose(tmp_path / "none.env", "h:1")
    with pytest.raises(TargetUnclear, match=r"none\.env"):
        of_files({"capa": tmp_path / "none.env"})
    told = dict(of_compose(env_file, "h:1")["capa"]) | {"SUYUAN_HEADS_KEY_FILE": str(tmp_path / "none.key")}
    with pytest.raises(TargetUnclear, match=r"none\.key"):
        target_of("capa", told, env_file, tmp_path / "scratch", {})


def test_the_page_has_the_steps_that_are_tried_on_a_real_engine():
    said = " ".join(page("operations.md").split())
    for words in (" ".join(REACHABLE), " ".join(AS_ROOT), INTO_THE_VOLUME, "--keys-of", "migrate-to --compose .env"):
        assert words in said, words


def test_why_a_move_is_refused_has_a_code_of_its_own_on_the_page():
    codes = [kind.exit_code for kind in MoveRefused.__subclasses__() if kind.exit_code != USAGE_EXIT]
    assert codes == sorted(set(codes)) == [45, 46, 47, 48]
    assert f"| {', '.join(map(str, codes))} | `migrate-to`" in page("operations.md")
    assert not set(codes) & set(EXIT_CODES.values())
