"""Who may call a route. Default deny: a route without a policy keeps the application from being built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from fastapi import Depends
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from shared.adapters.http.edge_errors import RoleMissing
from shared.contracts.party import Party

Role = Literal[
    "service_agent",
    "quality_engineer",
    "quality_manager",
    "department_lead",
    "supplier",
    "auditor",
    "privacy_officer",
    "admin",
]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_NAMES: Mapping[Role, tuple[str, str]] = MappingProxyType(
    {
        "service_agent": ("客服", "Service agent"),
        "quality_engineer": ("质量工程师", "Quality engineer"),
        "quality_manager": ("质量经理", "Quality manager"),
        "department_lead": ("部门负责人", "Department lead"),
        "supplier": ("供应商", "Supplier"),
        "auditor": ("审计员", "Auditor"),
        "privacy_officer": ("隐私官", "Privacy officer"),
        "admin": ("管理员", "Administrator"),
    }
)
SEE_EVERY_SHARE: tuple[Role, ...] = ("service_agent", "quality_engineer", "quality_manager", "auditor", "admin")
"""The others see only what concerns the parties they speak for."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, as the verified token says. `subject` is opaque; it becomes the actor of events.

    `parties` are the departments, suppliers … whom the caller belongs to and speaks for.
    """

    tenant: str
    subject: str
    roles: frozenset[str]
    parties: frozenset[Party] = frozenset()

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def shares_shown(self) -> frozenset[Party] | None:
        """Whose shares of responsibility the caller may see (rule 13); None: everybody's."""
        return None if self.has(*SEE_EVERY_SHARE) else self.parties


@dataclass(frozen=True)
class Policy:
    """The roles of which one is needed; none where the route is public, and then the reason why.

    `limited`: whether requests are counted against the caller's rate.
    """

    roles: frozenset[str]
    public: str | None = None
    limited: bool = True

    def __call__(self) -> None:
        """Nothing: the dispatcher enforces a policy before it reads a byte of the body."""

    def who_may(self) -> str:
        """For people, in both languages: who may call."""
        if self.public is not None:
            return "**谁可以 · Who may**: 任何人，无需令牌 · anybody, without a token"
        if self.roles == frozenset(ROLES):
            return "**谁可以 · Who may**: 任何角色 · any role"
        named = [f"{ROLE_NAMES[role][0]} {ROLE_NAMES[role][1]} (`{role}`)" for role in ROLES if role in self.roles]
        return f"**谁可以 · Who may**: {', '.join(named)}"

    def admit(self, principal: Principal) -> None:
        """Raise RoleMissing unless the principal has one of the roles."""
        if self.roles.isdisjoint(principal.roles):
            raise RoleMissing(roles=", ".join(sorted(self.roles)))


class RouteWithoutPolicy(TypeError):
    """A route that says not who may call it."""


def policy(*roles: Role) -> Any:
    """`dependencies=[policy("quality_engineer", "admin")]`: one of these roles is needed."""
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"a policy names known roles, not {sorted(unknown) or 'none'}")
    return Depends(Policy(frozenset(roles)))


def any_role() -> Any:
    """Whoever has a valid token with at least one known role."""
    return policy(*ROLES)


def public(reason: str, *, limited: bool = True) -> Any:
    """`dependencies=[public("liveness probes carry no token")]`: no token is needed, and why."""
    return Depends(Policy(frozenset(), public=reason, limited=limited))


def policy_of(route: RouteContext) -> Policy:
    """The route's policy; the innermost where a router sets one too. Raises RouteWithoutPolicy."""
    found = [each.dependency for each in route.dependencies if isinstance(each.dependency, Policy)]
    if not found:
        raise RouteWithoutPolicy(
            f"{sorted(route.methods or ())} {route.path} has no policy: add policy(…) or public(…)"
        )
    return found[-1]


def assert_every_route_has_a_policy(routes: Iterable[BaseRoute]) -> None:
    """Raise RouteWithoutPolicy for the first route that has none."""
    for route in iter_route_contexts(list(routes)):
        if route.methods and not hasattr(route, "dependencies"):
            raise RouteWithoutPolicy(f"{route.path} is a bare route: use an APIRouter with a policy")
        policy_of(route)
