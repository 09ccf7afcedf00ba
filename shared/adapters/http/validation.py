"""Pydantic's findings in the field's two languages, each with a JSON pointer (RFC 6901) to the wrong value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.http.edge_errors import FieldError, InvalidRequest

_TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("必须提供", "is required"),
    "extra_forbidden": ("未知字段", "is not a known field"),
    "string_type": ("应为字符串", "must be a string"),
    "string_too_short": ("至少 {min_length} 个字符", "must have at least {min_length} character(s)"),
    "string_too_long": ("最多 {max_length} 个字符", "must have at most {max_length} character(s)"),
    "string_pattern_mismatch": ("格式不符（{pattern}）", "must match {pattern}"),
    "string_unicode": ("不是有效的 Unicode 文本", "must be valid Unicode"),
    "int_type": ("应为整数", "must be an integer"),
    "int_parsing": ("应为整数", "must be an integer"),
    "int_from_float": ("应为整数，不能有小数", "must be an integer without a fraction"),
    "int_parsing_size": ("整数过大", "is too large an integer"),
    "float_type": ("应为数字", "must be a number"),
    "float_parsing": ("应为数字", "must be a number"),
    "finite_number": ("应为有限的数", "must be a finite number"),
    "decimal_type": ("应为十进制数（写成字符串或数字）", "must be a decimal number (a string or a number)"),
    "decimal_parsing": ("应为十进制数", "must be a decimal number"),
    "decimal_max_digits": ("最多 {max_digits} 位数字", "must have at most {max_digits} digits"),
    "decimal_max_places": ("最多 {decimal_places} 位小数", "must have at most {decimal_places} decimal places"),
    "decimal_whole_digits": (
        "整数部分最多 {whole_digits} 位",
        "must have at most {whole_digits} digits before the point",
    ),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "bool_parsing": ("应为 true 或 false", "must be true or false"),
    "greater_than": ("必须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than": ("必须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "multiple_of": ("必须是 {multiple_of} 的倍数", "must be a multiple of {multiple_of}"),
    "literal_error": ("只能是：{expected}", "must be {expected}"),
    "enum": ("只能是：{expected}", "must be {expected}"),
    "uuid_type": ("应为 UUID", "must be a UUID"),
    "uuid_parsing": ("应为 UUID", "must be a UUID"),
    "uuid_version": ("应为第 {expected_version} 版 UUID", "must be a UUID of version {expected_version}"),
    "datetime_type": ("应为 RFC 3339 时间", "must be an RFC 3339 time"),
    "datetime_parsing": ("应为 RFC 3339 时间", "must be an RFC 3339 time"),
    "datetime_from_date_parsing": ("应为 RFC 3339 时间", "must be an RFC 3339 time"),
    "datetime_object_invalid": ("应为 RFC 3339 时间", "must be an RFC 3339 time"),
    "timezone_aware": ("时间必须带时区（如 +08:00）", "must carry its offset (such as +08:00)"),
    "date_type": ("应为日期 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_parsing": ("应为日期 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_from_datetime_parsing": ("应为日期 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_from_datetime_inexact": ("应为日期，不带时间", "must be a date without a time"),
    "time_parsing": ("应为时间 HH:MM:SS", "must be a time, HH:MM:SS"),
    "time_delta_parsing": ("应为 ISO 8601 时长", "must be an ISO 8601 duration"),
    "list_type": ("应为数组", "must be an array"),
    "tuple_type": ("应为数组", "must be an array"),
    "set_type": ("应为数组", "must be an array"),
    "frozen_set_type": ("应为数组", "must be an array"),
    "too_short": ("至少 {min_length} 项", "must have at least {min_length} item(s)"),
    "too_long": ("最多 {max_length} 项", "must have at most {max_length} item(s)"),
    "dict_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "dataclass_type": ("应为对象", "must be an object"),
    "none_required": ("应为 null", "must be null"),
    "union_tag_invalid": ("{discriminator} 只能是：{expected_tags}", "{discriminator} must be one of {expected_tags}"),
    "union_tag_not_found": ("缺少 {discriminator}", "lacks {discriminator}"),
    "json_invalid": ("不是有效的 JSON：{error}", "is not valid JSON: {error}"),
    "json_type": ("不是有效的 JSON", "is not valid JSON"),
    "url_parsing": ("应为网址", "must be a URL"),
    "url_scheme": ("网址的协议不支持", "has an unsupported URL scheme"),
    "control_character": ("不能含控制字符", "must not hold control characters"),
    "recursion_loop": ("引用成环", "refers to itself"),
}
_FALLBACK = ("值不正确", "is not right")


def translate(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Chinese and English for one of pydantic's error types, with its limits filled in.

    Our own validators raise `PydanticCustomError(code, english, {"zh": …})`: both texts are in the error.
    """
    if "zh" in context and "en" in context:
        return str(context["zh"]), str(context["en"])
    zh, en = _TEXTS.get(kind, _FALLBACK)
    try:
        return zh.format(**_zh_words(context)), en.format(**context)
    except (KeyError, IndexError):
        return _FALLBACK


def body_errors(found: Sequence[Mapping[str, Any]], body: object) -> InvalidRequest:
    """Of the body: pointers are walked along the body, since pydantic's paths also name branches of unions."""
    return InvalidRequest(errors=tuple(_of(each, "body", pointer(_path(each["loc"], body))) for each in found))


def parameter_errors(found: Sequence[Mapping[str, Any]]) -> InvalidRequest:
    """Of path, query and header parameters: loc is (where, name, …)."""
    return InvalidRequest(
        errors=tuple(_of(each, str(each["loc"][0]), ".".join(str(part) for part in each["loc"][1:])) for each in found)
    )


def pointer(path: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _of(each: Mapping[str, Any], where: str, field: str) -> FieldError:
    zh, en = translate(each["type"], each.get("ctx") or {})
    return FieldError(where=where, field=field, code=str(each["type"]).replace("_", "-"), zh=zh, en=en)


def _path(loc: Sequence[str | int], body: object) -> list[str | int]:
    """The parts of `loc` that are really there, plus the last one (a missing field is not there)."""
    path: list[str | int] = []
    here = body
    for nth, part in enumerate(loc):
        if _holds(here, part):
            here = here[part]  # type: ignore[index]  # _holds has looked: a key of a dict or an index of a list
        elif not (nth == len(loc) - 1 and isinstance(here, dict) and "[" not in str(part)):
            continue
        path.append(part)
    return path


def _holds(here: object, part: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here


def _zh_words(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value).replace(" or ", " 或 ") for name, value in context.items()}
