"""Personal values are sealed before they are stored, and gone when their key is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.adapters.privacy import PREFIX, SealingVault
from shared.contracts.intake.complaint import ComplaintItem, ComplaintRegistered, Customer
from shared.contracts.investigation.responsibility import ResponsibilityContested
from shared.contracts.party import Party
from shared.kernel import codec
from shared.kernel.errors import KeyOwnerErased
from shared.kernel.ids import new_id
from shared.kernel.memory import MemoryStore
from tests.contract.stores import prepared, request

AT = datetime(2026, 3, 1, tzinfo=UTC)


def registered() -> ComplaintRegistered:
    return ComplaintRegistered(
        complaint_id=new_id(),
        complaint_no="C2026-000001",
        channel="phone",
        received_at=AT,
        aware_at=AT,
        subject_id=new_id(),
        customer=Customer(name="王小明", phone="13800001111", account="D-7"),
        description="打开包装后发现裂纹",
        items=(ComplaintItem(item_no=1, product="P-1", quantity_affected=Decimal(2)),),
        promises=(),
    )


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore("intake")


@pytest.fixture
def vault(store) -> SealingVault:
    return SealingVault(b"m" * 32, store)


async def keep(store, sealed, stream="complaint-1"):
    event = sealed.events[0]
    await store.append(
        request(
            stream,
            tenant="t",
            events=(prepared("t", stream, 1, event),),
            new_keys=sealed.new_keys,
            key_owners=sealed.key_owners,
        )
    )
    return event


async def test_no_plain_text_of_a_marked_field_is_left_and_unmarked_fields_stay(vault):
    event = registered()
    sealed = await vault.seal("t", "complaint-1", [(new_id(), event)])
    data = codec.encode(sealed.events[0]).decode()
    for plain in ("王小明", "13800001111", "裂纹"):
        assert plain not in data
    assert '"account":"D-7"' in data
    assert sealed.key_owners == (event.subject_id,)


async def test_sealed_values_open_again_for_whoever_has_the_key(vault, store):
    event = await keep(store, await vault.seal("t", "complaint-1", [(new_id(), registered())]))
    opened = await vault.open("t", [event.customer.name, event.description, "D-7"], "zh-CN")
    assert opened == {event.customer.name: "王小明", event.description: "打开包装后发现裂纹", "D-7": "D-7"}


async def test_after_the_key_is_destroyed_views_say_so_in_the_readers_language(vault, store):
    event = await keep(store, await vault.seal("t", "complaint-1", [(new_id(), registered())]))
    await store.append(request("subject-1", tenant="t", events=(), destroy=(event.subject_id,)))
    assert await vault.open("t", [event.customer.name], "zh-CN") == {event.customer.name: "已删除"}
    assert await vault.open("t", [event.customer.name], "en") == {event.customer.name: "[erased]"}
    with pytest.raises(KeyOwnerErased):
        await vault.seal("t", "complaint-1", [(new_id(), replace(registered(), subject_id=event.subject_id))])


async def test_a_sealed_value_moved_to_another_event_or_tenant_does_not_open(vault, store):
    event = await keep(store, await vault.seal("t", "complaint-1", [(new_id(), registered())]))
    owner, event_id, path, rest = event.customer.name[len(PREFIX) :].split(":", 3)
    moved = f"{PREFIX}{owner}:{new_id()}:{path}:{rest}"
    assert await vault.open("t", [moved], "en") == {moved: "[erased]"}
    assert event_id != str(new_id())
    assert await vault.open("other", [event.customer.name], "en") == {event.customer.name: "[erased]"}


async def test_the_same_value_is_sealed_differently_each_time(vault):
    event = registered()
    first, second = [(await vault.seal("t", "c", [(new_id(), event)])).events[0].customer.name for _ in range(2)]
    assert first != second


async def test_a_partys_private_note_is_sealed_under_the_partys_key(vault):
    party_key = new_id()
    contested = ResponsibilityContested(
        investigation_id=new_id(),
        root_cause_id=new_id(),
        proposal_no=1,
        party=Party(kind="supplier", code="S-1"),
        stage="objection",
        grounds="batch was within specification",
        party_key=party_key,
        private_note="our own furnace log shows a dip",
    )
    sealed = await vault.seal("t", "investigation-1", [(new_id(), contested)])
    assert sealed.key_owners == (party_key,)
    assert "furnace" not in codec.encode(sealed.events[0]).decode()
    assert sealed.events[0].grounds == contested.grounds


async def test_a_lookup_hash_depends_on_tenant_kind_and_the_secret(vault, store):
    digests = {
        vault.lookup("t", "phone", "13800001111"),
        vault.lookup("u", "phone", "13800001111"),
        vault.lookup("t", "email", "13800001111"),
        SealingVault(b"n" * 32, store).lookup("t", "phone", "13800001111"),
    }
    assert len(digests) == 4


async def test_a_text_that_only_looks_sealed_is_sealed_like_any_other(vault):
    for fake in ("sealed:1:", "sealed:1:我叫王小明", f"sealed:1:{new_id()}:{new_id()}:customer.name:complaint-1:QUJD"):
        event = replace(registered(), description=fake)
        sealed = (await vault.seal("t", "complaint-1", [(new_id(), event)])).events[0]
        assert sealed.description != fake
    assert await vault.open("t", ["sealed:1:nonsense"], "en") == {"sealed:1:nonsense": "sealed:1:nonsense"}


async def test_a_sealed_value_is_carried_over_within_its_stream_and_sealed_anew_elsewhere(vault, store):
    event = await keep(store, await vault.seal("t", "complaint-1", [(new_id(), registered())]))
    again = replace(registered(), subject_id=event.subject_id, description=event.description)
    same = (await vault.seal("t", "complaint-1", [(new_id(), again)])).events[0]
    other = (await vault.seal("t", "complaint-2", [(new_id(), again)])).events[0]
    assert same.description == event.description
    assert other.description != event.description
