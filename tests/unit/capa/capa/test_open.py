from services.capa.domain.capa.commands import AddressCause, OpenCapa, ReleaseCause
from services.capa.domain.capa.decider import JOINED_A_CLOSED_ONE
from shared.contracts.capa import capa as said
from shared.kernel.errors import NotFound
from tests.unit.capa.capa import states as s

OPEN = OpenCapa(capa_id=s.ID, capa_no=s.NUMBER, title=s.A_CAUSE.statement, cause=s.A_CAUSE)
RELEASE = ReleaseCause(capa_id=s.ID, root_cause_id=s.CAUSE, because="root_cause_withdrawn", reason=s.released().reason)


def test_a_confirmed_cause_opens_a_capa_that_addresses_it():
    s.capa.given().when(OPEN).then(*s.opened())


def test_a_further_cause_joins():
    s.capa.given(s.opened()).when(AddressCause(capa_id=s.ID, cause=s.ANOTHER_CAUSE)).then(s.addressed(s.ANOTHER_CAUSE))


def test_a_cause_that_stands_here_adds_nothing():
    s.capa.given(s.opened()).when(AddressCause(capa_id=s.ID, cause=s.A_CAUSE)).then_nothing()
    s.capa.given(s.opened()).when(OPEN).then_nothing()


def test_a_cause_joined_to_a_closed_capa_reopens_it():
    s.capa.given(s.closed()).when(AddressCause(capa_id=s.ID, cause=s.ANOTHER_CAUSE)).then(
        said.CapaReopened(capa_id=s.ID, reason=JOINED_A_CLOSED_ONE), s.addressed(s.ANOTHER_CAUSE)
    )


def test_nothing_joins_what_is_not_there():
    s.capa.given().when(AddressCause(capa_id=s.ID, cause=s.A_CAUSE)).refused(NotFound, what="capa", id=str(s.ID))


def test_a_withdrawn_cause_is_released_once():
    s.capa.given(s.opened(), s.planned()).when(RELEASE).then(s.released())
    s.capa.given(s.opened(), s.planned(), s.released()).when(RELEASE).then_nothing()


def test_a_capa_without_actions_ends_with_its_last_cause():
    s.capa.given(s.opened()).when(RELEASE).then(s.released(), s.CLOSED)
    s.capa.given(s.opened(), s.addressed(s.ANOTHER_CAUSE)).when(RELEASE).then(s.released())
    s.capa.given(s.closed()).when(RELEASE).then(s.released())


def test_a_released_cause_that_is_confirmed_again_is_addressed_again():
    s.capa.given(s.opened(), s.released()).when(AddressCause(capa_id=s.ID, cause=s.A_CAUSE)).then(s.addressed())
