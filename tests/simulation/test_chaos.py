"""Killed at failpoints and at random while clients write: nothing lost, nothing twice, no gap, every view a fold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from deploy.chaos.asking import asked_again
from deploy.chaos.faults import DISTRIBUTED, FAILPOINT, FAULTS, revived
from deploy.chaos.findings import counted
from deploy.chaos.invariants import Inspector
from deploy.chaos.journal import Answer, Journal, Write
from deploy.chaos.logs import clocks, gapless, reacted, told, unique
from deploy.chaos.run import UNCOUNTED
from deploy.chaos.writers import Client
from deploy.embedded.child import Child
from services.intake.domain.complaint.commands import BreachDeadline
from shared.contracts.investigation.investigation import ComplaintJoined
from shared.kernel.ids import derived_id
from shared.kernel.recorded import Recorded, encode_meta
from shared.kernel.testing import START, LogBook
from tests.integration.app import running_app
from tests.integration.intake.test_http_complaints import FORM, key
from tests.unit.intake import states

ROOT = Path(__file__).parents[2]
CYCLES = 20
NONE = {"lost": 0, "double": 0, "gaps": 0, "view_mismatches": 0}


@pytest.mark.slow
def test_twenty_crashes_harm_nothing(tmp_path):
    harm_nothing(tmp_path, FAULTS)


@pytest.mark.slow
def test_twenty_crashes_of_four_processes_and_their_kafka_harm_nothing(tmp_path, kafka_here):  # noqa: ARG001 - asked for what it refuses
    """And every event is on its topic once, in its place."""
    harm_nothing(tmp_path, DISTRIBUTED, "--kafka")


def harm_nothing(tmp_path: Path, faults: Sequence[str], *more: str) -> None:
    folder = str(tmp_path / "throwaway")
    words = ("chaos", "--cycles", str(CYCLES), "--seed", "20", "--json", "--data-dir", folder, *more)
    ended = subprocess.run(
        [sys.executable, "-m", "deploy", *words], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert {name: said[name] for name in NONE} == NONE
    assert (said["cycles"], said["acknowledged"] > CYCLES * 10) == (CYCLES, True)
    progress = ended.stderr.splitlines()
    assert all(any(fault in line for line in progress) for fault in faults)


async def test_a_crash_leaves_the_server_its_settings(tmp_path):
    """Without them the limit of requests answers the last question, and an acknowledged write looks lost."""
    server = Child(tmp_path / "data", dict(UNCOUNTED))
    server.environment[FAILPOINT] = "after-append:1"
    server.start = lambda: server
    await revived(server)
    assert server.environment == UNCOUNTED


# broken invariants are counted: the same checks, fed what must not be


def harm(findings) -> dict[str, int]:
    return {kind: number for kind, number in counted(findings).items() if number}


def sent_by(event: Recorded, actor: str = "writer-0", cause=None, correlation=None) -> Recorded:
    """As a client's write or a reaction's effect: the key of the write is its correlation id."""
    meta = msgspec.structs.replace(
        event.meta,
        correlation_id=correlation or event.meta.command_id,
        causation_id=cause,
        actor=msgspec.structs.replace(event.meta.actor, subject=actor),
    )
    return Recorded(event.position, event.recorded_at, event.hash, encode_meta(meta), event.data_bytes)


def log_of(*events, service="intake", stream=f"complaint-{states.ID}") -> list[Recorded]:
    return [sent_by(r) for r in LogBook(service).add(stream, *events).events]


def write_of(event: Recorded, status=200, position=None, **body) -> Write:
    said = {"events": [event.meta.type]} | body
    answer = Answer(status, json.dumps(said).encode(), '"1"', position or f"intake:{event.position}")
    return Write(event.meta.correlation_id, "write", "t1", "writer-0", "/complaints", answer=answer)


def test_a_sound_log_is_found_sound():
    log = log_of(*states.triaged())
    assert list(gapless("intake", log)) == []
    assert list(told([write_of(r) for r in log], {"intake": log})) == []
    assert [*unique(log), *clocks(log, START)] == []


def test_a_missing_position_is_a_gap():
    log = log_of(*states.handed_over())
    assert harm(gapless("intake", [log[0], *log[2:]])) == {"gaps": 2}  # its position, and its stream's version


def test_an_event_that_is_there_again_is_double():
    first = log_of(*states.registered())[0]
    again = Recorded(2, first.recorded_at, first.hash, first.meta_bytes, first.data_bytes)
    assert harm(gapless("intake", [first, again]))["double"] == 1


def test_what_was_acknowledged_and_is_not_there_is_lost():
    log = log_of(*states.triaged())
    assert harm(told([write_of(r) for r in log], {"intake": log[:-1]})) == {"lost": 1}


def test_what_was_acknowledged_for_another_place_is_lost():
    [only] = log_of(*states.registered())
    assert harm(told([write_of(only, position="intake:7")], {"intake": [only]})) == {"lost": 1}


def test_a_write_that_was_never_answered_is_lost():
    [only] = log_of(*states.registered())
    assert harm(told([replace(write_of(only), answer=None)], {"intake": [only]})) == {"lost": 1}


def test_a_write_that_was_done_by_two_commands_is_double():
    first, second = log_of(*states.triaged())[:2]
    twice = sent_by(second, correlation=first.meta.correlation_id)
    assert harm(told([write_of(first)], {"intake": [first, twice]})) == {"double": 1}


def test_what_was_refused_and_is_there_is_double():
    [only] = log_of(*states.registered())
    assert harm(told([write_of(only, status=409)], {"intake": [only]})) == {"double": 1}


def test_what_nobody_asked_for_is_double():
    assert harm(told([], {"intake": log_of(*states.registered())})) == {"double": 1}


def test_a_number_or_a_source_reference_of_two_complaints_is_double():
    [one] = states.registered(source_reference="<1@x>", channel="email")
    other = replace(one, complaint_id=derived_id("test", "other"))
    assert harm(unique(log_of(one, other))) == {"double": 2}


def test_a_reaction_that_did_not_happen_is_lost_and_one_that_happened_twice_is_double():
    cause = log_of(*states.handed_over())[-1].meta.event_id
    joined = ComplaintJoined(
        investigation_id=states.INVESTIGATION, complaint_id=states.ID, complaint_no=states.NUMBER, items=(),
        received_at=START, aware_at=START, severity="minor", harm="none",
    )  # fmt: skip
    stream = f"investigation-{states.INVESTIGATION}"
    book = LogBook("investigation").add(stream, joined, joined)
    done = [sent_by(r, "service:investigation", cause) for r in book.events]
    mark = (f"receives:{states.INVESTIGATION}", cause)
    assert harm(reacted("x", [mark], {mark: "applied"}, done[:1])) == {}
    assert harm(reacted("x", [mark], {}, [])) == {"lost": 1}
    assert harm(reacted("x", [mark], {mark: "applied"}, [])) == {"lost": 1}
    assert harm(reacted("x", [mark], {mark: "applied"}, done)) == {"double": 1}
    assert harm(reacted("x", [mark], {mark: "refused: concluded"}, done[:1])) == {"double": 1}


def test_a_timer_that_was_forgotten_is_lost_and_one_that_fired_twice_is_double():
    due = START + timedelta(hours=24)
    log = log_of(*states.registered())
    assert harm(clocks(log, due)) == {}
    assert harm(clocks(log, due + timedelta(hours=1))) == {"lost": 1}
    breached = states.after(BreachDeadline(clock="acknowledgement", due_at=due), given=states.registered())
    assert harm(clocks(log_of(*breached), due + timedelta(hours=1))) == {}
    assert harm(clocks(log_of(*breached, breached[-1]), due + timedelta(hours=1))) == {"double": 1}


# the same over the database of a running system


@pytest_asyncio.fixture(loop_scope="session")
async def app(postgres, tmp_path):
    async with running_app(postgres, tmp_path) as running:
        yield running


async def registered(app) -> Journal:
    headers = key()
    sent = headers | {"X-Correlation-ID": headers["Idempotency-Key"]}
    client = app.client("service_agent", tenant="chaos", subject="writer-0")
    answer = Answer.of(await client.post("/api/v1/complaints", json=FORM, headers=sent))
    write = Write(UUID(headers["Idempotency-Key"]), "register", "chaos", "writer-0", "/complaints", FORM, answer=answer)
    return Journal([write])


async def test_nothing_is_found_where_nothing_was_harmed(app):
    assert await Inspector(["chaos"]).inspect(app.runtimes, await registered(app)) == []


async def test_a_view_that_is_no_fold_is_found(app):
    journal, inspector = await registered(app), Inspector(["chaos"])
    assert await inspector.inspect(app.runtimes, journal) == []
    pool = app.runtimes["intake"].resources.derived
    await pool.execute("update read.complaint_list set status = 'closed'")
    assert harm(await inspector.inspect(app.runtimes, journal)) == {"view_mismatches": 1}
    await pool.execute("delete from read.complaint_list")
    assert harm(await inspector.inspect(app.runtimes, journal)) == {"view_mismatches": 2}


async def test_an_answer_that_changed_is_lost():
    [only] = log_of(*states.registered())
    write = write_of(only, id="first")

    class Forgetful(Client):
        def __init__(self) -> None:
            pass

        async def send(self, write):
            return replace(write.answer, body=b'{"id":"another"}')

    assert harm(await asked_again(Forgetful(), [write])) == {"lost": 1}
