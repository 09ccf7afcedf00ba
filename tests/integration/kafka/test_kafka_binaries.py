"""Where Java and Kafka's jars come from, on machines that have other ones or none."""

from __future__ import annotations

import asyncio

import pytest

from deploy.kafka import binaries
from deploy.kafka.binaries import programs
from deploy.kafka.errors import KafkaNotFetched, KafkaToolsMissing
from deploy.outcomes import outcome

JAVA_17 = "echo 'openjdk version \"17.0.1\"' >&2"


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without Java and Maven; what the test puts into this folder is all there is."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(bare, name: str, script: str) -> None:
    (bare / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (bare / "bin" / name).chmod(0o755)


@pytest.mark.parametrize(
    ("java", "found"),
    [
        (None, "Java –, Maven –"),
        ("echo 'java version \"1.8.0_392\"' >&2", "Java 8, Maven –"),
        ("echo 'openjdk version \"11\" 2018' >&2", "Java 11, Maven –"),
        (JAVA_17, "Java 17, Maven –"),
        ("exit 1", "Java –, Maven –"),
    ],
)
def test_a_missing_or_old_java_or_maven_is_one_sentence_in_both_languages(bare, java, found):
    if java:
        program(bare, "java", java)
    with pytest.raises(KafkaToolsMissing) as refusal:
        programs(bare / "cache")
    told = outcome(refusal.value)
    assert told.exit_code == 34
    assert f"needs Java 17 or newer and Maven (found: {found}): install them" in told.text("en")
    assert "需要 Java 17 或更高版本以及 Maven" in told.text("zh-CN")
    assert not (bare / "cache").exists()


def test_a_fetch_that_fails_says_why_and_leaves_nothing_half_made(bare):
    program(bare, "java", JAVA_17)
    program(bare, "mvn", 'for last; do :; done; /bin/mkdir -p "${last#*=}"; echo no route to host; exit 1')
    (bare / "cache" / "fetch-killed").mkdir(parents=True)
    with pytest.raises(KafkaNotFetched, match="no route to host"):
        programs(bare / "cache")
    assert [left.name for left in (bare / "cache").iterdir()] == ["lock"]


def test_what_was_fetched_is_used_without_maven_and_another_pom_is_another_cache(bare, monkeypatch):
    program(bare, "java", JAVA_17)
    program(bare, "mvn", 'for last; do :; done; /bin/mkdir -p "${last#*=}"; echo jar > "${last#*=}/kafka.jar"')
    libs = programs(bare / "cache").libs
    assert (libs / "kafka.jar").read_text() == "jar\n"
    (bare / "bin" / "mvn").unlink()
    assert programs(bare / "cache").libs == libs
    (bare / "pom.xml").write_text("<project/>")
    monkeypatch.setattr(binaries, "POM", bare / "pom.xml")
    with pytest.raises(KafkaToolsMissing):
        programs(bare / "cache")


async def test_of_two_that_need_it_at_once_one_fetches(bare):
    program(bare, "java", JAVA_17)
    fetch = 'for last; do :; done; /bin/sleep 0.3; /bin/mkdir -p "${last#*=}"; echo once >> "$0.ran"'
    program(bare, "mvn", fetch)
    both = await asyncio.gather(*(asyncio.to_thread(programs, bare / "cache") for _ in range(2)))
    assert both[0] == both[1]
    assert (bare / "bin" / "mvn.ran").read_text() == "once\n"
