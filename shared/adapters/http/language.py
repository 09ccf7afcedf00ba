"""Which of the two languages a request is answered in: RFC 9110 § 12.5.4 with basic filtering of RFC 4647 § 3.3.1."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Language = Literal["zh-CN", "en"]

DEFAULT: Language = "zh-CN"
OFFERED: tuple[Language, ...] = ("zh-CN", "en")


@lru_cache(maxsize=1024)
def negotiate(accept: str | None) -> Language:
    """The offered language of the highest weight; zh-CN where nothing is said, all is welcome or nothing fits."""
    if not accept:
        return DEFAULT
    weights = _weights(accept)
    best, best_weight = DEFAULT, 0.0
    for language in OFFERED:
        weight = _weight_of(language, weights)
        if weight > best_weight:
            best, best_weight = language, weight
    return best


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accept[:1000].split(","):
        tag, _, parameters = part.partition(";")
        name, _, value = parameters.partition("=")
        weight = 1.0
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                continue
        if tag.strip() and 0.0 <= weight <= 1.0:
            weights[tag.strip().lower()] = weight
    return weights


def _weight_of(language: Language, weights: dict[str, float]) -> float:
    """The most specific range that names the language decides: zh-cn, zh-hans, zh, then `*`."""
    primary = language[:2]
    exact = weights.get(language.lower())
    if exact is not None:
        return exact
    if primary in weights:
        return weights[primary]
    kin = [weight for tag, weight in weights.items() if tag.startswith(primary + "-")]
    return max(kin) if kin else weights.get("*", 0.0)
