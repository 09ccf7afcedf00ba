"""An endpoint compiled once: how its parameters are got from a request.

FastAPI declares and documents the routes; per request this runs instead of its handler, which would parse JSON into
Python objects before validating (so that strict models can't take a time or an id), open two exit stacks and send
plain functions to threads. Decision: docs/decisions/0010-http-edge.md. Not supported, and refused at build: generator
dependencies and endpoints, `Response` and `BackgroundTasks` parameters; an endpoint is an `async def`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import Request, Response, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.routing import RouteContext
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from shared.adapters.http.answers import Answers
from shared.adapters.http.edge_errors import FieldError, InvalidRequest
from shared.adapters.http.json_guard import checked, guard_form
from shared.adapters.http.parameters import OF_DEPENDENCY
from shared.adapters.http.policy import Policy
from shared.adapters.http.validation import parameter_errors
from shared.kernel.codec import encode_plain

_DECLARED = (Policy, Answers)
"""Dependencies that say something of the route, and do nothing when it is called."""


class NotPlannable(TypeError):
    """A route uses something of FastAPI that the plan doesn't know."""


class Arguments:
    """How the arguments of one function (an endpoint, a dependency) are made."""

    def __init__(self, dependant: Dependant, where: str) -> None:
        if dependant.call is None or inspect.isgeneratorfunction(dependant.call):
            raise NotPlannable(f"{where}: generators are not supported")
        if inspect.isasyncgenfunction(dependant.call):
            raise NotPlannable(f"{where}: generators are not supported")
        if dependant.response_param_name or dependant.background_tasks_param_name:
            raise NotPlannable(f"{where}: return a Response instead of taking one")
        self.call: Callable[..., Any] = dependant.call
        self.is_async = inspect.iscoroutinefunction(self.call)
        self.name = dependant.name
        self.request_name = dependant.request_param_name
        self.path = dependant.path_params
        self.query = dependant.query_params
        self.header = dependant.header_params
        self.cookie = dependant.cookie_params
        self.inner = [Arguments(each, where) for each in dependant.dependencies if not isinstance(each.call, _DECLARED)]
        self.alone = not (self.inner or self.path or self.query or self.header or self.cookie)

    async def result(self, request: Request) -> Any:
        values = {self.request_name: request} if self.alone and self.request_name else await self.values(request)
        made = self.call(**values)
        return await made if self.is_async else made

    async def values(self, request: Request) -> dict[str, Any]:
        """Raises InvalidRequest naming every wrong parameter."""
        values: dict[str, Any] = {}
        errors: list[Any] = []
        for fields, sent in (
            (self.path, "path_params"),
            (self.query, "query_params"),
            (self.header, "headers"),
            (self.cookie, "cookies"),
        ):
            if fields:
                found, wrong = request_params_to_args(fields, getattr(request, sent))
                values.update(found)
                errors += wrong
        if errors:
            raise parameter_errors(errors)
        for each in self.inner:
            made = await each.result(request)
            if each.name is not None:
                values[each.name] = made
        if self.request_name:
            values[self.request_name] = request
        return values

    def everything(self) -> Iterator[Arguments]:
        yield self
        for each in self.inner:
            yield from each.everything()


class Plan:
    """One route's endpoint: `takes` is what body it wants (json, form, raw or nothing), `body` the JSON's model."""

    def __init__(self, route: RouteContext) -> None:
        where = f"{sorted(route.methods or ())} {route.path}"
        self.arguments = Arguments(route.dependant, where)
        if not self.arguments.is_async:
            raise NotPlannable(f"{where}: the endpoint must be an async def")
        self._status = route.status_code or 200
        self._fields = route.dependant.body_params
        self._embed = bool(route._embed_body_fields)  # noqa: SLF001 - FastAPI's own handler reads it the same way
        self.media_types = frozenset(_documented_media_types(route))
        self.body: Any = None
        self.takes = _kind_of_body(route, self.media_types)
        self.query_names = frozenset(_query_names(self.arguments))
        if self.takes == "json":
            field = route.dependant.body_params[0]
            info = field.field_info
            self.body = info.annotation
            self._body_name = field.name
            self._body_needed = info.is_required()
            self._body_default = None if self._body_needed else info.get_default(call_default_factory=True)
            self._adapter: TypeAdapter[Any] = TypeAdapter(_annotated(info))

    async def run(self, request: Request, raw: bytes) -> Response:
        """Raises InvalidRequest, and whatever the endpoint raises."""
        body = {self._body_name: self._body(raw)} if self.takes == "json" else None
        if self.takes == "form":
            return await self._run_form(request)
        values = await self.arguments.values(request)
        if body is not None:
            values.update(body)
        return self._respond(await self.arguments.call(**values))

    async def _run_form(self, request: Request) -> Response:
        async with request.form(max_files=20, max_fields=100) as form:
            guard_form((name, one if isinstance(one, str) else one.filename or "") for name, one in form.multi_items())
            found, wrong = await request_body_to_args(self._fields, form, self._embed)
            if wrong:
                raise parameter_errors([{**each, "loc": ("form", *each["loc"][1:])} for each in wrong])
            values = await self.arguments.values(request)
            return self._respond(await self.arguments.call(**values, **found))

    def _body(self, raw: bytes) -> Any:
        if not raw:
            if not self._body_needed:
                return self._body_default
            missing = FieldError(where="body", field="", code="missing", zh="缺少请求体", en="a body is required")
            raise InvalidRequest(errors=(missing,))
        return checked(self._adapter, raw)

    def _respond(self, result: Any) -> Response:
        if isinstance(result, Response):
            return result
        if result is None:
            return Response(status_code=204)
        content = result.model_dump_json().encode() if isinstance(result, BaseModel) else encode_plain(result)
        return Response(content, self._status, media_type="application/json")


def _annotated(info: FieldInfo) -> Any:
    """The parameter's type with its own limits, as FastAPI validates it."""
    return Annotated[info.annotation, info]


def _kind_of_body(route: RouteContext, media_types: frozenset[str]) -> str:
    fields = route.dependant.body_params
    if not fields:
        return "raw" if media_types else "nothing"
    if isinstance(fields[0].field_info, params.Form):
        return "form"
    if len(fields) > 1 or route._embed_body_fields:  # noqa: SLF001 - as above
        raise NotPlannable(f"{route.path}: a JSON body is one model")
    return "json"


def _documented_media_types(route: RouteContext) -> list[str]:
    """What a streamed body may be, where the route documents one by `openapi_extra`."""
    documented = (route.openapi_extra or {}).get("requestBody", {})
    return list(documented.get("content", {}))


def _query_names(arguments: Arguments) -> Iterator[str]:
    for each in arguments.everything():
        for documented in OF_DEPENDENCY.get(each.call, ()):
            if documented["in"] == "query":
                yield documented["name"]
        for field in each.query:
            annotation = field.field_info.annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                for name, info in annotation.model_fields.items():
                    yield info.alias or name
            else:
                yield field.alias
