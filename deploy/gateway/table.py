"""Which service serves a path: the fewest prefixes that are right, made from the services' own routes.

A prefix is whole literal segments, and the longest that fits decides. Both gateways go by this table: the one in
deploy/gateway/app.py and nginx, whose configuration is printed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from fastapi.routing import iter_route_contexts

from shared.adapters.http.operation import Service

BASE = "/api/v1"
"""No prefix is shorter than one segment below it: what no service serves is the gateway's own, mostly to answer 404."""


class TwoServices(TypeError):
    """Two services part only after a parameter, or share a path: no literal prefix can tell them apart."""


class OutsideBase(TypeError):
    """A service's route lies where the gateway's own pages are."""


@dataclass(frozen=True)
class Table:
    """`prefixes`: path → service, each without a slash at its end."""

    prefixes: Mapping[str, str]
    _most: int = 0

    @classmethod
    def of(cls, paths: Mapping[str, Iterable[str]]) -> Self:
        """From service → path templates, such as `/api/v1/capas/{capa_id}`. Raises TwoServices, OutsideBase."""
        root = _Node()
        for service, templates in paths.items():
            for template in templates:
                if not template.startswith(f"{BASE}/") or template.startswith(f"{BASE}/{{"):
                    raise OutsideBase(f"{template} of {service} is not below {BASE}/<collection>")
                root.add(template[1:].split("/"), service, template)
        below = root
        for segment in BASE[1:].split("/"):
            below = below.children.setdefault(segment, _Node())
        prefixes = dict(sorted(below.prefixes(BASE, None)))
        return cls(prefixes, max((prefix.count("/") for prefix in prefixes), default=0))

    def service_of(self, path: str) -> str | None:
        """None for what no service serves."""
        parts = path.split("/", self._most + 1)
        for length in range(min(len(parts), self._most + 1), 1, -1):
            found = self.prefixes.get("/".join(parts[:length]))
            if found is not None:
                return found
        return None


def table_of(services: Iterable[Service]) -> Table:
    """The table of these services. Raises TwoServices, OutsideBase."""
    return Table.of({each.name: paths_of(each) for each in services})


def paths_of(service: Service) -> list[str]:
    """The templates of the service's routes."""
    return [route.path_format or "" for route in iter_route_contexts(list(service.router.routes))]


@dataclass
class _Node:
    """A literal segment: who serves a path that ends here or goes on with a parameter, and what is below."""

    own: str | None = None
    children: dict[str, _Node] = field(default_factory=dict)

    def add(self, segments: list[str], service: str, template: str) -> None:
        if not segments or "{" in segments[0]:
            if self.own not in {None, service}:
                raise TwoServices(f"{template} of {service} can't be told from {self.own}'s by its literal segments")
            self.own = service
        else:
            self.children.setdefault(segments[0], _Node()).add(segments[1:], service, template)

    def services(self) -> set[str]:
        below = {service for child in self.children.values() for service in child.services()}
        return below | ({self.own} if self.own is not None else set())

    def prefixes(self, path: str, above: str | None) -> Iterable[tuple[str, str]]:
        """What must be said from here on, where `above` holds unless something longer does."""
        for segment, child in self.children.items():
            here, served = f"{path}/{segment}", child.services()
            holds = child.own or (next(iter(served)) if len(served) == 1 else above)
            if holds is not None and holds != above:
                yield here, holds
            yield from child.prefixes(here, holds)
