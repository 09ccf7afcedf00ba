"""From a mapping document to a validated FactMapping: every problem at once, each with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, get_args
from zoneinfo import ZoneInfo

from services.investigation.domain.facts.errors import MappingInvalid, MappingProblem
from services.investigation.domain.facts.fields import Field, Kind
from services.investigation.domain.facts.kinds import KINDS, RESULTS
from services.investigation.domain.facts.mapping import BLANK, ENCODINGS, FactMapping, Limits, Rule
from shared.contracts.words import RecordSystem

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PLACE = re.compile(r"([^{}]*)\{([^{}]+)\}")
_SPEAKS = re.compile(r"%-?[aAbBcpxXZ]")
_KEYS = frozenset(
    "mapping version kind system source delimiter encoding time_zone blank key fields each notes".split()  # noqa: SIM905 - reads better
)
_RULE_KEYS = frozenset("column value template type unit format replace values limits skip_blank".split())  # noqa: SIM905 - as above
_ORIGINS = ("column", "value", "template")
MOST_VARIANTS = 100


class _Reader:
    """Collects problems while it reads, so that an author sees them all."""

    def __init__(self) -> None:
        self.problems: list[MappingProblem] = []

    def wrong(self, path: str, zh: str, en: str) -> None:
        self.problems.append(MappingProblem(path, zh, en))

    def unknown_keys(self, path: str, have: Mapping[str, Any], known: frozenset[str]) -> None:
        for key in sorted(set(have) - known):
            self.wrong(f"{path}{key}", "未知的键", "unknown key")

    def text(self, path: str, value: Any, default: str = "") -> str:
        if isinstance(value, str) and "\x00" not in value:
            return value
        self.wrong(path, "应为文本", "should be text")
        return default

    def matching(self, path: str, value: Any, pattern: re.Pattern[str]) -> str:
        found = self.text(path, value)
        if value == "" or (found and not pattern.fullmatch(found)):
            self.wrong(path, f"应符合 {pattern.pattern}", f"should match {pattern.pattern}")
        return found

    def table(self, path: str, value: Any) -> dict[str, str]:
        if isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
            return value
        self.wrong(path, "应为文本到文本的对照表", "should map text to text")
        return {}

    def texts(self, path: str, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.wrong(path, "应为文本列表", "should be a list of texts")
        return ()

    def one_of(self, path: str, value: Any, allowed: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        listed = ", ".join(allowed)
        self.wrong(path, f"应为其中之一：{listed}", f"should be one of {listed}")
        return allowed[0]

    def decimal(self, path: str, value: Any) -> Decimal | None:
        try:
            number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
        self.wrong(path, "应为写成文本的数字", "should be a number written as text")
        return None


def parse(document: Any) -> FactMapping:
    """The mapping of a decoded JSON document. Raises MappingInvalid with every problem found."""
    read = _Reader()
    if not isinstance(document, dict):
        read.wrong("", "应为对象", "should be an object")
        raise MappingInvalid(problems=tuple(read.problems))
    read.unknown_keys("", document, _KEYS)
    kind = KINDS[read.one_of("kind", document.get("kind"), tuple(KINDS))]
    variants = _variants(read, kind, document)
    version = document.get("version", 1)  # publishing numbers it
    if type(version) is not int or version < 1:
        read.wrong("version", "应为从 1 起的整数", "should be a whole number from 1")
    delimiter = read.text("delimiter", document.get("delimiter", ","))
    if len(delimiter) != 1 or delimiter in '"\r\n':
        read.wrong("delimiter", "应为单个字符", "should be one character")
    system = document.get("system", kind.system)
    made = FactMapping(
        mapping=read.matching("mapping", document.get("mapping"), _NAME),
        version=version if type(version) is int else 0,
        kind=kind,
        system=_system(read, system),
        source=read.matching("source", document.get("source"), _SOURCE),
        delimiter=delimiter,
        encoding=read.one_of("encoding", document.get("encoding", "utf-8"), ENCODINGS),
        zone=_zone(read, document.get("time_zone")),
        blank=frozenset(read.texts("blank", document["blank"])) | {""} if "blank" in document else BLANK,
        key=_key(read, kind, document, variants),
        variants=variants,
        notes=read.texts("notes", document.get("notes", [])),
    )
    if read.problems:
        raise MappingInvalid(problems=tuple(read.problems))
    return made


def _system(read: _Reader, value: Any) -> RecordSystem:
    found: RecordSystem = read.one_of("system", value, get_args(RecordSystem))  # type: ignore[assignment]  # one_of has checked it
    return found


def _zone(read: _Reader, value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(read.text("time_zone", value, "UTC"))
    except (ValueError, OSError, KeyError):  # a wrong name, one that names a folder, one that is not there
        read.wrong("time_zone", "应为 IANA 时区名，如 Asia/Shanghai", "should be an IANA zone such as Asia/Shanghai")
        return ZoneInfo("UTC")


def _key(
    read: _Reader, kind: Kind, document: dict[str, Any], variants: tuple[tuple[Rule, ...], ...]
) -> tuple[str, ...]:
    if "key" not in document:
        return kind.key
    key = read.texts("key", document["key"])
    mapped = {rule.field.name for rules in variants for rule in rules}
    for name in key:
        if name not in mapped:
            read.wrong("key", f"{name} 没有映射", f"{name} is not mapped")
    if not key:
        read.wrong("key", "至少一个字段", "names at least one field")
    return key


def _variants(read: _Reader, kind: Kind, document: dict[str, Any]) -> tuple[tuple[Rule, ...], ...]:
    fields, each = document.get("fields"), document.get("each", [{}])
    if not isinstance(fields, dict):
        read.wrong("fields", "应为对象", "should be an object")
        fields = {}
    if not isinstance(each, list) or not 1 <= len(each) <= MOST_VARIANTS or not all(isinstance(e, dict) for e in each):
        read.wrong("each", f"应为 1–{MOST_VARIANTS} 个对象的列表", f"should be a list of 1–{MOST_VARIANTS} objects")
        each = [{}]
    base = _rules(read, kind, fields, "fields")
    variants = [base | _rules(read, kind, entry, f"each[{i}]") for i, entry in enumerate(each)]
    for index, rules in enumerate(variants):
        where = "fields" if "each" not in document else f"each[{index}]"
        for field in kind.fields:
            if field.required and field.name not in rules:
                read.wrong(f"{where}.{field.name}", "必填字段没有映射", "a required field is not mapped")
    return tuple(tuple(rules.values()) for rules in variants)


def _rules(read: _Reader, kind: Kind, document: Mapping[str, Any], path: str) -> dict[str, Rule]:
    known = kind.by_name
    rules: dict[str, Rule] = {}
    for name, spec in document.items():
        here = f"{path}.{name}"
        if name not in known:
            read.wrong(here, f"{kind.zh}没有这个字段", f"{kind.name} has no such field")
        elif not isinstance(spec, dict):
            read.wrong(here, "应为对象", "should be an object")
        else:
            rules[name] = _rule(read, kind, known[name], spec, here)
    return rules


def _rule(read: _Reader, kind: Kind, field: Field, spec: dict[str, Any], path: str) -> Rule:
    read.unknown_keys(f"{path}.", spec, _RULE_KEYS)
    origins = [name for name in _ORIGINS if name in spec]
    if len(origins) != 1:
        read.wrong(path, "应有且只有 column、value、template 之一", "takes exactly one of column, value, template")
    if spec.get("type", field.type) != field.type:
        read.wrong(f"{path}.type", f"该字段的类型是 {field.type}", f"this field is of type {field.type}")
    unit = read.text(f"{path}.unit", spec["unit"]) if "unit" in spec else None
    if unit is not None and ("unit" not in kind.by_name or field.type not in {"decimal", "integer"}):
        read.wrong(f"{path}.unit", "该字段没有单位", "this field has no unit")
    if not isinstance(spec.get("skip_blank", False), bool):
        read.wrong(f"{path}.skip_blank", "应为 true 或 false", "should be true or false")
    template = read.text(f"{path}.template", spec["template"]) if "template" in spec else None
    parts, tail = _template(read, template, f"{path}.template")
    return Rule(
        field=field,
        column=read.text(f"{path}.column", spec["column"]) if "column" in spec else None,
        constant=read.text(f"{path}.value", spec["value"]) if "value" in spec else None,
        template=template,
        parts=parts,
        tail=tail,
        format=_format(read, field, spec, f"{path}.format"),
        unit=unit,
        replace=tuple(read.table(f"{path}.replace", spec.get("replace", {})).items()),
        values=_values(read, field, spec, path),
        limits=_limits(read, field, spec, f"{path}.limits"),
        skip_blank=spec.get("skip_blank") is True,
    )


def _template(read: _Reader, template: str | None, path: str) -> tuple[tuple[tuple[str, str], ...], str]:
    if template is None:
        return (), ""
    parts = tuple((m[1], m[2]) for m in _PLACE.finditer(template))
    tail = _PLACE.sub("", template)
    if not parts or "{" in tail or "}" in tail:
        read.wrong(path, "应含 {列名}，括号成对", "should hold {column}, with paired braces")
    return parts, tail


def _format(read: _Reader, field: Field, spec: dict[str, Any], path: str) -> str:
    if "format" not in spec:
        return "iso"
    found = read.text(path, spec["format"], "iso")
    if field.type not in {"datetime", "date"}:
        read.wrong(path, "该字段不是时间", "this field is not a time")
    elif _SPEAKS.search(found):
        read.wrong(
            path, "月份、星期等名称随机器语言而变：请用 replace", "names of months depend on the machine: use replace"
        )
    elif found != "iso" and "%" not in found:
        read.wrong(path, "应为 iso 或 strptime 格式", "should be iso or a strptime format")
    return found


def _values(read: _Reader, field: Field, spec: dict[str, Any], path: str) -> Mapping[str, str] | None:
    table = read.table(f"{path}.values", spec["values"]) if "values" in spec else None
    fixed = set(table.values()) if table else set()
    if isinstance(spec.get("value"), str) and table is None:
        fixed.add(spec["value"])
    if field.choices and (wrong := sorted(fixed - set(field.choices))):
        listed = ", ".join(field.choices)
        read.wrong(path, f"{wrong} 不在允许值内：{listed}", f"{wrong} are none of {listed}")
    return table


def _limits(read: _Reader, field: Field, spec: dict[str, Any], path: str) -> Limits | None:
    if "limits" not in spec:
        return None
    limits = read.table(path, spec["limits"])
    read.unknown_keys(f"{path}.", limits, frozenset({"fail_from", "fail_below"}))
    if field.choices != RESULTS:
        read.wrong(path, "只用于判定字段", "only a result is judged by limits")
    high, low = (
        read.decimal(f"{path}.{name}", limits[name]) if name in limits else None for name in ("fail_from", "fail_below")
    )
    if high is None and low is None:
        read.wrong(path, "至少一个限值", "needs at least one limit")
    return Limits(high, low)
