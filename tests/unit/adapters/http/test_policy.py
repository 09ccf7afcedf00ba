"""Default deny: what says not who may call it is not served."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Response

from shared.adapters.http.app import build_app
from shared.adapters.http.dispatch import TwoRoutes
from shared.adapters.http.plan import NotPlannable
from shared.adapters.http.policy import (
    ROLES,
    Policy,
    RouteWithoutPolicy,
    assert_every_route_has_a_policy,
    policy,
    public,
)


async def nothing() -> Response:
    return Response()


def test_a_route_without_a_policy_keeps_the_application_from_being_built(demo, settings):
    demo.router.add_api_route("/naked", nothing)
    with pytest.raises(RouteWithoutPolicy, match=r"\['GET'\] /api/v1/naked has no policy"):
        build_app([demo], settings)


def test_a_bare_starlette_route_is_refused_too(demo, settings):
    demo.router.add_route("/naked", nothing)
    with pytest.raises(RouteWithoutPolicy):
        build_app([demo], settings)


def test_another_dependency_is_no_policy():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/a", dependencies=[Depends(nothing)])(nothing)
    with pytest.raises(RouteWithoutPolicy):
        assert_every_route_has_a_policy(app.routes)


def test_every_route_of_a_built_application_has_a_policy(app):
    assert_every_route_has_a_policy(app.routes)
    assert all(isinstance(entry.policy, Policy) for entry in app.dispatcher.entries)


def test_a_router_s_policy_covers_its_routes_and_a_route_s_own_wins(demo, settings):
    inner = APIRouter(dependencies=[policy("auditor")])
    inner.get("/audit/head")(nothing)
    inner.get("/audit/open", dependencies=[public("a test")])(nothing)
    demo.router.include_router(inner, prefix="/intake")
    entries = {entry.path: entry.policy for entry in build_app([demo], settings).dispatcher.entries}
    assert entries["/api/v1/intake/audit/head"].roles == {"auditor"}
    assert entries["/api/v1/intake/audit/open"].public == "a test"


@pytest.mark.parametrize("roles", [(), ("root",), ("admin", "root")])
def test_a_policy_names_known_roles(roles):
    with pytest.raises(ValueError, match="known roles"):
        policy(*roles)


def test_two_routes_of_one_method_and_path_are_refused(demo, settings):
    demo.router.get("/complaints", dependencies=[policy("admin")])(nothing)
    with pytest.raises(TwoRoutes, match="GET /api/v1/complaints"):
        build_app([demo], settings)


def test_what_the_plan_cannot_run_is_refused_at_build(demo, settings):
    async def with_tasks(tasks: BackgroundTasks) -> Response:
        return Response(background=tasks)

    demo.router.get("/tasks", dependencies=[policy("admin")])(with_tasks)
    with pytest.raises(NotPlannable, match="/api/v1/tasks"):
        build_app([demo], settings)


async def test_only_the_named_roles_pass_and_no_others(anyone, issuer):
    address = "/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001"
    passed = set()
    for role in ROLES:
        answer = await anyone.get(address, headers={"Authorization": f"Bearer {issuer.token([role])}"})
        assert answer.status_code in {200, 403}
        if answer.status_code == 200:
            passed.add(role)
    assert passed == {"auditor", "service_agent"}
