"""The env file of the compose file, the tokens signed by its key, and what the image's entry makes of it."""

from __future__ import annotations

import base64
import json
import re
import stat

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.cli import USAGE_EXIT, main
from deploy.docker.entry import GIVEN, unpacked
from deploy.docker.secrets import made, read
from shared.contracts.catalogue import SERVICES
from tests.pages import ROOT


@pytest.fixture
def file(tmp_path, capsys):
    place = tmp_path / ".env"
    assert main(["compose-env", "--file", str(place)]) == 0
    capsys.readouterr()
    return place


def test_an_env_file_is_made_once_and_for_its_owner_alone(file, capsys):
    before = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["compose-env", "--file", str(file)]) == USAGE_EXIT
    assert "is there already" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_no_two_secrets_are_the_same_here_or_elsewhere():
    values = [value for _ in range(2) for value in made().values()]
    assert len(values) == len(set(values))
    assert min(map(len, values)) >= 22


def test_every_variable_that_compose_demands_is_in_the_file_and_none_has_a_default(file):
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    demanded = set(re.findall(r"\$\{(\w+):\?", compose))
    assert {"POSTGRES_PASSWORD", "SUYUAN_MASTER_KEY", *(f"{s.upper()}_PASSWORD" for s in SERVICES)} <= demanded
    assert demanded <= set(read(file))
    secret = re.compile(r"\$\{\w*(?:PASSWORD|KEY|SECRET)\w*:?-")
    assert secret.findall(compose) == []


def test_a_token_of_the_env_files_key_is_good_by_the_keys_that_the_services_are_given(file, capsys):
    assert main(["token", "--env-file", str(file), "--role", "auditor", "--tenant", "t9"]) == 0
    token = capsys.readouterr().out.strip()
    keys = KeySet.import_key_set(json.loads(base64.b64decode(read(file)["SUYUAN_JWKS"])))
    claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
    assert (claims["tenant"], claims["roles"]) == ("t9", ["auditor"])
    assert all("d" not in key.as_dict() for key in keys.keys)


def test_an_env_file_without_a_key_signs_nothing(file, capsys):
    file.write_text("SUYUAN_ISSUER_KEY=bm8=\n")
    assert main(["token", "--env-file", str(file), "--role", "auditor"]) == USAGE_EXIT
    said = capsys.readouterr()
    assert (said.out, "no usable SUYUAN_ISSUER_KEY" in said.err) == ("", True)


def test_secrets_in_variables_become_files_that_only_their_owner_reads(tmp_path):
    folder = tmp_path / "secrets"
    environment = {name: base64.b64encode(name.encode()).decode() for name in GIVEN} | {"SUYUAN_MODE": "distributed"}
    for _ in range(2):  # a container that was restarted finds its files there
        started = dict(environment)
        unpacked(started, folder)
        assert set(started) == {"SUYUAN_MODE", *GIVEN.values()}
        for variable, setting in GIVEN.items():
            found = tmp_path / "secrets" / variable.lower()
            assert started[setting] == str(found)
            assert (found.read_bytes(), stat.S_IMODE(found.stat().st_mode)) == (variable.encode(), 0o600)


def test_a_secret_that_has_its_file_already_is_not_unpacked(tmp_path):
    environment = {"SUYUAN_MASTER_KEY": "AAAA", "SUYUAN_MASTER_KEY_FILE": "/run/secrets/master", "SUYUAN_JWKS": ""}
    unpacked(environment, tmp_path / "none")
    assert environment == {"SUYUAN_MASTER_KEY_FILE": "/run/secrets/master"}
    assert not (tmp_path / "none").exists()


def test_a_secret_that_is_not_base64_is_named_and_not_shown(tmp_path):
    with pytest.raises(ValueError, match="SUYUAN_HEADS_KEY") as refused:
        unpacked({"SUYUAN_HEADS_KEY": "hunter2!"}, tmp_path)
    assert "hunter2" not in str(refused.value)
