"""What every read model promises the machinery, tried with an example of every event."""

from __future__ import annotations

from uuid import UUID

import pytest

from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings
from shared.contracts.catalogue import EVENT_TYPES
from shared.kernel.readmodel import ReadModel, Rows
from shared.kernel.testing import LogBook
from tests.contract.examples import example


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> list[ReadModel]:
    services = unconnected(embedded_settings(tmp_path_factory.mktemp("models")))
    return [model for service in services.values() for model in service.wired.models]


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_event_that_touches_no_row_changes_none(models, name):
    """So it may be left out of the fold."""
    kind = EVENT_TYPES[name]
    [recorded] = LogBook(kind.service).add(f"complaint-{UUID(int=1)}", example(kind.cls)).events
    tried = [model for model in models if kind.service in model.sources]
    for model in tried:
        if not [*model.touches(recorded)]:
            rows = Rows(model.key, {})
            model.apply(rows, recorded)
            assert not rows.changed, model.name


def test_every_service_that_has_views_was_tried(models):
    assert len(models) > 15
