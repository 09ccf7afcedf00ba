"""Process flows, responsibility rules and mappings: streams of published versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from services.investigation.domain.flow.default import CHECKS
from services.investigation.domain.investigation.requiring import said
from services.investigation.domain.reference.commands import (
    PublishMapping,
    PublishProcessFlow,
    PublishResponsibilityRules,
    ReferenceCommand,
)
from shared.contracts.event import Event
from shared.contracts.investigation.reference import (
    FlowNode,
    MappingPublished,
    ProcessFlowPublished,
    ResponsibilityRulesPublished,
)
from shared.kernel.decider import Decider
from shared.kernel.errors import Invalid

LONGEST_HEARING = 90
"""Days a party may be given to answer at most."""


@dataclass(eq=False, kw_only=True)
class FlowInvalid(Invalid):
    field: ClassVar[str | None] = "nodes"
    zh: ClassVar[str] = "流程图节点 {node}：{problem_zh}"
    en: ClassVar[str] = "Flow node {node}: {problem_en}"
    node: str
    problem_zh: str
    problem_en: str


@dataclass(eq=False, kw_only=True)
class HearingDaysInvalid(Invalid):
    field: ClassVar[str | None] = "hearing_days"
    zh: ClassVar[str] = "听取意见的天数 {days} 不在 1 至 {longest} 之间"
    en: ClassVar[str] = "The hearing of {days} days isn't between 1 and {longest}"
    days: int
    longest: int


@dataclass(frozen=True, slots=True)
class Published:
    version: int = 0


def decide(command: ReferenceCommand, state: Published) -> Sequence[Event]:
    said(reason=command.reason)
    version = state.version + 1
    match command:
        case PublishProcessFlow():
            _sound(command.nodes)
            return [
                ProcessFlowPublished(
                    flow=command.flow,
                    version=version,
                    nodes=command.nodes,
                    reason=command.reason,
                    product=command.product,
                )
            ]
        case PublishResponsibilityRules():
            if not 1 <= command.hearing_days <= LONGEST_HEARING:
                raise HearingDaysInvalid(days=command.hearing_days, longest=LONGEST_HEARING)
            return [
                ResponsibilityRulesPublished(
                    rules=command.rules,
                    version=version,
                    document=command.document,
                    hearing_days=command.hearing_days,
                    reason=command.reason,
                )
            ]
        case PublishMapping():
            return [
                MappingPublished(
                    mapping=command.mapping, version=version, document=command.document, reason=command.reason
                )
            ]
        case _:
            assert_never(command)


def evolve(state: Published, event: Event) -> Published:
    match event:
        case ProcessFlowPublished() | ResponsibilityRulesPublished() | MappingPublished():
            return Published(event.version)
        case _:
            return state


def _sound(nodes: tuple[FlowNode, ...]) -> None:
    if not nodes:
        raise FlowInvalid(node="–", problem_zh="没有节点", problem_en="there are none")
    names = [node.node for node in nodes]
    for node in nodes:
        if names.count(node.node) > 1:
            raise FlowInvalid(node=node.node, problem_zh="名称重复", problem_en="its name comes twice")
        for after in node.next:
            if after not in names:
                raise FlowInvalid(node=node.node, problem_zh=f"后续节点 {after} 不存在", problem_en=f"no node {after}")
        for check in node.checks:
            if check not in CHECKS:
                raise FlowInvalid(node=node.node, problem_zh=f"没有检查项 {check}", problem_en=f"no check {check}")
    _acyclic({node.node: node.next for node in nodes})


def _acyclic(following: dict[str, tuple[str, ...]]) -> None:
    """A process flows one way: take off what nothing leads to, again and again, and nothing may remain."""
    left = dict(following)
    while left:
        led_to = {after for nexts in left.values() for after in nexts}
        first = [node for node in left if node not in led_to]
        if not first:
            node = min(left)
            raise FlowInvalid(node=node, problem_zh="流程成环", problem_en="the flow runs in a circle")
        for node in first:
            del left[node]


process_flow: Decider[Published, ReferenceCommand] = Decider("process-flow", Published(), decide, evolve)
responsibility_rules: Decider[Published, ReferenceCommand] = Decider(
    "responsibility-rules", Published(), decide, evolve
)
mapping: Decider[Published, ReferenceCommand] = Decider("mapping", Published(), decide, evolve)
