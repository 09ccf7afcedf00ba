"""The OpenAPI document: FastAPI's, with what the edge adds to every operation said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.adapters.http.answers import HTML, answers_of
from shared.adapters.http.dispatch import Entry
from shared.adapters.http.examples import example_of
from shared.adapters.http.glossary import explain
from shared.adapters.http.parameters import LIMIT, OF_DEPENDENCY
from shared.adapters.http.problem import MEDIA_TYPE, URN
from shared.adapters.http.schema import Components

Json = dict[str, Any]

TAGS = {
    "投诉 complaints": "① 受理：登记、评估、移交、答复、关闭 · Intake: from the customer's first words to closure",
    "附件 attachments": "① 受理：图片、视频、PDF，加密保存 · Intake: images, videos and PDFs, stored sealed",
    "调查 investigations": "② 调查：案卷、验证、交叉核对、结论 · Investigation: the case, verification, conclusion",
    "流程节点 nodes": "③ 溯源定位：节点排查、批次谱系、源头定位 · Tracing: process nodes, lot genealogy, suspects",
    "原因 causes": "④ 原因：为什么链、可能原因、根本原因 · Causes: whys, possible causes, root causes",
    "责任 responsibility": "④ 责任：提出、听证、确认、申诉 · Responsibility: proposed, heard, confirmed, appealed",
    "报告 reports": "④ 追溯报告：签发一次，字节不变 · The traceability report: issued once, the same bytes for ever",
    "CAPA": "⑤ 纠正与预防：横向展开、经验、关闭 · Corrective and preventive action: similarity, lessons, closure",
    "措施 actions": "⑤ 措施与效果验证 · Actions, and whether they did what they should",
    "指标 analytics": "分析：看板、指标、图表，均可按时点 · KPIs and charts, now or as of any moment",
    "审计 audit": "审计：事件、链头、整链校验 · The log, its head, verification of the chain",
    "规则 rules": "受理所用规则：分级、时限、保留 · What intake goes by: triage, deadlines, retention",
    "规则与数据 references": "调查所用流程图、责任规则、数据映射与导入 · Process flows, rules, mappings, imports",
    "个人数据 data subjects": "个人信息的查找、删除与保全 · Finding, erasing and holding a person's data",
}
"""In the order of the five steps, then what surrounds them."""

_BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": (
        "取得令牌 · Get a token: [/dev/login](/dev/login)\n\n"
        "本机试用：在 /dev/login 选择角色，或运行 `python -m deploy token --role quality_engineer`；"
        "其他部署用贵公司身份提供方签发的访问令牌。租户与角色只取自令牌。\n\n"
        "Trying it out on one machine: choose a role at /dev/login, or run "
        "`python -m deploy token --role quality_engineer`; elsewhere an access token of your identity provider. "
        "Tenant and roles come from the token alone."
    ),
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
_BY_FASTAPI = "Successful Response"
_GOOD = {200: "成功 · Done", 201: "已创建 · Created"}
_FILE: Json = {"type": "string", "format": "binary"}


def document(app: FastAPI, entries: Iterable[Entry], *, max_page: int) -> Json:
    """The merged document of all services in the application. Raises RouteWithoutAnswer, NotDescribable."""
    made = get_openapi(
        title="Suyuan 溯源", version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    shown = [entry for entry in entries if entry.path in made["paths"]]
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    told = [kind for entry in shown for kind in answers_of(entry.route).by_status(entry.route).values()]
    components = Components(told, taken={*schemas, "Problem"})
    bodies = set(schemas)
    schemas |= components.schemas | {"Problem": _PROBLEM}
    schemas.update({name: explain(name, schema, is_body=name in bodies) for name, schema in schemas.items()})
    made["components"]["responses"] = _SHARED_ANSWERS
    made["components"]["securitySchemes"] = {"bearer": _BEARER}
    limit = LIMIT | {"schema": LIMIT["schema"] | {"maximum": max_page}}
    used: set[str] = set()
    for entry in shown:
        for method in entry.methods:
            operation = made["paths"][entry.path].get(method.lower())
            if operation is not None:
                _complete(operation, entry, limit)
                _say_answers(operation, entry, components)
                _give_example(operation, entry, schemas)
                used.update(operation.get("tags", ()))
    made["tags"] = [_tag(name) for name in sorted(used, key=_place)]
    return made


def _complete(operation: Json, entry: Entry, limit: Json) -> None:
    operation["operationId"] = entry.operation
    told = operation.pop("description", "").partition("\n")
    operation["summary"] = told[0] or entry.operation  # else FastAPI shows the function's name
    operation["description"] = "\n\n".join(filter(None, (told[2].strip(), entry.policy.who_may())))
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    if "requestBody" in operation:
        responses["413"] = _answer("TooLarge")
    responses |= {"429": _answer("TooManyRequests"), "503": _answer("Unavailable"), "default": _answer("Problem")}
    extra = [each for call in entry.plan.arguments.everything() for each in OF_DEPENDENCY.get(call.call, ())]
    if extra:
        operation.setdefault("parameters", []).extend(limit if each is LIMIT else each for each in extra)
    if entry.policy.public is None:
        operation["security"] = [{"bearer": []}]
        operation["x-suyuan-roles"] = sorted(entry.policy.roles)
    else:
        operation["security"] = []


def _give_example(operation: Json, entry: Entry, schemas: Json) -> None:
    """Of a JSON body: what the interactive page starts from."""
    if entry.plan.takes == "json":
        content = operation["requestBody"]["content"]["application/json"]
        content["example"] = example_of(entry.plan.body, schemas[_name_of(content["schema"])], schemas)


def _name_of(schema: Json) -> str:
    """Of the component that a body is, where it may be left out too."""
    one = next((each for each in schema.get("anyOf", ()) if "$ref" in each), schema)
    return str(one["$ref"]).rpartition("/")[2]


def _say_answers(operation: Json, entry: Entry, components: Components) -> None:
    """What comes back when all is well, with the headers of a write."""
    declared = answers_of(entry.route)
    is_write = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    for status, kind in declared.by_status(entry.route).items():
        response = operation["responses"].setdefault(str(status), {})
        if response.get("description", _BY_FASTAPI) == _BY_FASTAPI:
            response["description"] = _GOOD[status]
        response["content"] = {
            media_type: {"schema": _FILE if kind is bytes or media_type == HTML else components.schema(kind)}
            for media_type in declared.media_types
        }
        if is_write:
            response["headers"] = _WRITE_HEADERS


def _answer(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


def _tag(name: str) -> Json:
    return {"name": name, "description": TAGS.get(name, "")}


def _place(name: str) -> tuple[int, str]:
    return (list(TAGS).index(name) if name in TAGS else len(TAGS), name)
