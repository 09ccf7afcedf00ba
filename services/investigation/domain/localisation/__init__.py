"""Source localisation (源头定位), hard rule 9: `localise(population or kept totals) -> Localisation`."""

from services.investigation.domain.localisation.explain import explain, tell_apart
from services.investigation.domain.localisation.localise import LEAST_BAD, localise, suspect_attributes
from services.investigation.domain.localisation.population import (
    MISSING,
    Attribute,
    BadUnits,
    Cells,
    KeptTotals,
    Orders,
    Population,
    PopulationInconsistent,
    ProductRun,
    orders_of,
    totals_of,
)
from services.investigation.domain.localisation.result import (
    Abstention,
    Apart,
    Group,
    Localisation,
    Member,
    Missing,
    Nested,
    Rotations,
    Settings,
    rounded,
)

__all__ = [
    "LEAST_BAD",
    "MISSING",
    "Abstention",
    "Apart",
    "Attribute",
    "BadUnits",
    "Cells",
    "Group",
    "KeptTotals",
    "Localisation",
    "Member",
    "Missing",
    "Nested",
    "Orders",
    "Population",
    "PopulationInconsistent",
    "ProductRun",
    "Rotations",
    "Settings",
    "explain",
    "localise",
    "orders_of",
    "rounded",
    "suspect_attributes",
    "tell_apart",
    "totals_of",
]
