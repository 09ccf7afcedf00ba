"""Rows as a fold sees them, what undoing takes back, and the whole table as one fold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.intake.complaint import ComplaintReopened
from shared.kernel.readmodel import Column, ReadModel, Rows, project
from shared.kernel.testing import LogBook
from tests.unit.kernel.tally import reopened

KEY = ("stream",)
steps = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9)), max_size=8)


def row(stream, count):
    return {"stream": stream, "count": count}


def do(rows, taken):
    for stream, count in taken:
        if count is None:
            rows.delete(stream)
        else:
            rows.put(row(stream, count))


@given(steps, steps, steps)
def test_undoing_takes_back_everything_since_the_mark_and_nothing_before(before, undone, after):
    loaded = {("a",): row("a", 100)}
    rows, never = Rows(KEY, loaded), Rows(KEY, loaded)
    do(rows, before)
    rows.mark()
    do(rows, undone)
    rows.undo()
    do(never, before)
    assert rows.result() == never.result()
    assert [rows.get(stream) for stream in "abc"] == [never.get(stream) for stream in "abc"]
    do(rows, after)
    do(never, after)
    assert rows.result() == never.result()


def test_a_row_that_was_only_undone_is_not_written_again():
    rows = Rows(KEY, {("a",): row("a", 1)})
    rows.mark()
    rows.put(row("a", 2))
    rows.delete("a")
    rows.undo()
    assert (rows.result(), rows.get("a")) == ({}, row("a", 1))


def test_what_get_gives_is_a_copy():
    rows = Rows(KEY, {("a",): row("a", 1)})
    rows.get("a")["count"] = 7
    assert (rows.get("a"), rows.result()) == (row("a", 1), {})


def test_a_deleted_row_is_none_in_the_result_and_an_unknown_one_is_none_to_get():
    rows = Rows(KEY, {("a",): row("a", 1)})
    rows.delete("a")
    assert (rows.result(), rows.get("a"), rows.get("b")) == ({("a",): None}, None, None)


def _apply(rows, recorded):
    """Counts reopenings; one whose reason is "gone" removes the row."""
    stream, event = recorded.meta.stream, recorded.event
    before = rows.get(stream)
    if isinstance(event, ComplaintReopened) and event.reason == "gone":
        rows.delete(stream)
    else:
        rows.put(row(stream, (before["count"] if before else 0) + 1))


COUNTS = ReadModel(
    name="counts",
    sources=frozenset({"intake"}),
    columns=(Column("stream", "text", nullable=False), Column("count", "integer", nullable=False)),
    key=KEY,
    touches=lambda recorded: [(recorded.meta.stream,)],
    apply=_apply,
)


def test_the_table_is_the_fold_of_all_events_wherever_the_fold_is_interrupted():
    book = LogBook("intake")
    for stream, reason in (("a", "x"), ("b", "x"), ("a", "y"), ("b", "gone"), ("c", "x"), ("b", "x"), ("a", "gone")):
        book.add(stream, reopened(reason))
    whole = {("b",): row("b", 1), ("c",): row("c", 1)}
    assert project(COUNTS, book.events) == whole
    for cut in range(len(book.events) + 1):
        assert project(COUNTS, book.events[cut:], project(COUNTS, book.events[:cut])) == whole


def test_projecting_onto_a_table_leaves_that_table_as_it_was():
    table = {("a",): row("a", 1)}
    assert project(COUNTS, LogBook("intake").add("a", reopened("x")).events, table) == {("a",): row("a", 2)}
    assert table == {("a",): row("a", 1)}
