"""Small decision tables, and what zen-engine itself makes of them."""

from __future__ import annotations

import json

import pytest
import zen

from shared.adapters.decision_errors import (
    TableInvalid,
)
from shared.adapters.decision_table import FirstMatch

INJURED = {"harm": "injury", "quantity": 1}
NOT_HURT = {"harm": "none", "quantity": 1}


def row(id_, harm="", quantity="", severity='"minor"', **more):
    return {"_id": id_, "harm": harm, "quantity": quantity, "severity": severity, **more}


HURT = row("hurt", '"injury"', severity='"safety"')
MANY = row("many", quantity="> 10", severity='"major"')
REST = row("rest")


def jdm(*rules, hit="first", nodes=(), inputs=("harm", "quantity"), outputs=("severity",)):
    content = {
        "hitPolicy": hit,
        "inputs": [{"id": name, "name": name, "field": name} for name in inputs],
        "outputs": [{"id": name, "name": name, "field": name} for name in outputs],
        "rules": list(rules),
    }
    all_nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": content},
        *nodes,
    ]
    edges = [{"id": "e", "sourceId": "in", "targetId": "table", "type": "edge"}]
    return json.dumps({"nodes": all_nodes, "edges": edges})


def engine(document, inputs):
    """What zen-engine itself makes of it: the row that matched, and the result."""
    found = zen.ZenEngine().create_decision(document).evaluate(inputs, {"trace": True})
    data = found["trace"]["table"]["traceData"]
    return data["rule"]["_id"] if data else None, found["result"]


def refusal(document, table=FirstMatch):
    with pytest.raises(TableInvalid) as refused:
        table().check(document)
    return refused.value


def wrong(document, table=FirstMatch):
    """The one thing that is wrong."""
    (problem,) = refusal(document, table).problems
    return problem
