"""Every event of every service, loaded. Import this where events are decoded or schemas made."""

from __future__ import annotations

import importlib
import pkgutil

import shared.contracts
from shared.contracts.event import EVENT_TYPES, EventType

SERVICES = ("intake", "investigation", "capa", "analytics")


def load() -> None:
    """Import each service's contract modules, so that EVENT_TYPES is whole."""
    for service in SERVICES:
        package = importlib.import_module(f"{shared.contracts.__name__}.{service}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


load()

__all__ = ["EVENT_TYPES", "SERVICES", "EventType"]
