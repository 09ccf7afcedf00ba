"""The OpenAPI document: FastAPI's, with what the edge adds to every operation said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.adapters.http.dispatch import Entry
from shared.adapters.http.parameters import OF_DEPENDENCY
from shared.adapters.http.problem import MEDIA_TYPE, URN

Json = dict[str, Any]

TAGS = {
    "intake": ("受理", "投诉登记、分级、答复、关闭。Complaints from the first word to closure."),
    "investigation": ("调查", "核实、追溯、定位、根因、责任。Verification, tracing, root cause, responsibility."),
    "capa": ("纠正预防", "措施、验证、有效性、经验。Actions, verification, effectiveness, lessons."),
    "analytics": ("分析", "看板、指标、图表。Boards, KPIs, charts."),
    "audit": ("审计", "事件、链头、校验。Events, heads, verification of the chain."),
    "privacy": ("个人信息", "数据主体的删除与保留。Erasure and legal hold of data subjects."),
}

_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "correlation_id"],
    "properties": {
        "type": {"type": "string", "examples": [URN + "version-conflict"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "correlation_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "field", "code", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["body", "query", "path", "header", "cookie", "form"]},
                    "field": {"type": "string", "description": "JSON pointer in the body, else the parameter's name"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "facts": {"type": "object", "additionalProperties": True},
    },
}
_PROBLEM_ANSWER: Json = {
    "description": "任何错误（zh-CN 或 en，按 Accept-Language）。Any error, in the language of Accept-Language.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_WHEN_AGAIN: Json = {"Retry-After": {"description": "秒 · seconds", "schema": {"type": "integer", "minimum": 1}}}


def _refused(zh: str, en: str, headers: Json | None = None) -> Json:
    return _PROBLEM_ANSWER | {"description": f"{zh}{en}"} | ({"headers": headers} if headers else {})


_SHARED_ANSWERS: Json = {
    "Problem": _PROBLEM_ANSWER,
    "TooLarge": _refused("请求体过大。", "The body is too large."),
    "TooManyRequests": _refused("请求过多，请稍后重试。", "Too many requests: try again later.", _WHEN_AGAIN),
    "Unavailable": _refused("暂时无法处理或查询超时。", "Not possible just now, or too slow.", _WHEN_AGAIN),
}
_WRITE_HEADERS: Json = {
    "ETag": {"description": "版本 · version", "schema": {"type": "string"}},
    "Suyuan-Position": {"description": "位置 · position", "schema": {"type": "string", "examples": ["intake:120"]}},
}


def document(app: FastAPI, entries: Iterable[Entry]) -> Json:
    """The merged document of all services in the application."""
    made = get_openapi(
        title="Suyuan 溯源", version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    components = made.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["responses"] = _SHARED_ANSWERS
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    used: set[str] = set()
    for entry in entries:
        for method in entry.methods:
            operation = made["paths"].get(entry.path, {}).get(method.lower())
            if operation is not None:
                _complete(operation, entry)
                used.update(operation.get("tags", ()))
    made["tags"] = [_tag(name) for name in sorted(used)]
    return made


def _complete(operation: Json, entry: Entry) -> None:
    operation["operationId"] = entry.operation
    told = operation.pop("description", "").partition("\n")
    operation["summary"] = told[0] or entry.operation  # else FastAPI shows the function's name
    if told[2].strip():
        operation["description"] = told[2].strip()
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    if "requestBody" in operation:
        responses["413"] = _answer("TooLarge")
    responses |= {"429": _answer("TooManyRequests"), "503": _answer("Unavailable"), "default": _answer("Problem")}
    extra = [each for call in entry.plan.arguments.everything() for each in OF_DEPENDENCY.get(call.call, ())]
    if extra:
        operation.setdefault("parameters", []).extend(extra)
    if any(each["name"] == "Idempotency-Key" for each in extra):
        for status, response in responses.items():
            if status.startswith("2"):
                response.setdefault("headers", {}).update(_WRITE_HEADERS)
    if entry.policy.public is None:
        operation["security"] = [{"bearer": []}]
        operation["x-suyuan-roles"] = sorted(entry.policy.roles)
    else:
        operation["security"] = []


def _answer(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


def _tag(name: str) -> Json:
    zh, text = TAGS.get(name, (name, ""))
    return {"name": name, "x-displayName": f"{zh} · {name}" if zh != name else name, "description": text}
