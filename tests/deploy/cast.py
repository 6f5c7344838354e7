"""Who does what in a test: the worker as its role, people on call as their policy allows, all others as the root."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.settings import Settings
from tests.deploy.ledger import Entry, Ledger
from tests.deploy.policy import Request, Right, Statement, rights, used
from tests.deploy.stacks import Cloud

ASKED_ANYWAY = frozenset({"dynamodb:ListStreams"})  # the doctor wants any answer at all, and a denial is one
PEOPLE = frozenset({"verify", "repair", "dead-letters", "doctor", "record"})


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity: settings with its keys, which lead through the ledger; what it may do; what it did."""

    settings: Settings
    policy: Sequence[Statement]
    ledger: Ledger

    @property
    def entries(self) -> list[Entry]:
        """Its calls."""
        assert self.settings.access_key_id
        return self.ledger.of(self.settings.access_key_id)

    @property
    def requests(self) -> list[Request]:
        """What its calls asked of IAM."""
        return [request for entry in self.entries for request in entry.requests]

    @property
    def idle(self) -> set[Right]:
        """What it may do and did not."""
        return rights(self.policy) - used(self.policy, self.requests)

    def assert_nothing_was_denied(self) -> None:
        """Neither by the engine, nor by the gate in front of it."""
        denied = {entry for entry in self.entries if entry.denied and ASKED_ANYWAY.isdisjoint(entry.actions)}
        assert not denied, f"denied: {denied}"


@dataclass(frozen=True, slots=True)
class Cast:
    """The identities of one pair of tables."""

    root: Settings
    worker: Actor
    people: Actor

    def acting(self, command: tuple[str, ...]) -> Settings:
        """As whom a command runs."""
        match command:
            case () | ("stream-worker", "run", *_):
                return self.worker.settings
            case ("stream-worker", name, *_) if name in PEOPLE:
                return self.people.settings
        return self.root


def cast_for(cloud: Cloud, ledger: Ledger, settings: Settings, **parameters: str) -> Cast:
    """The worker's stack for these tables, and everybody in it."""
    made = cloud.worker_stack(settings, **parameters).resources
    through = settings.model_copy(update={"endpoint": ledger.url})
    role, managed = made["WorkerTaskRole"], made["OperatorPolicy"]
    policies = cloud.policy_of(role), cloud.managed_policy(managed)
    keys = cloud.as_role(role, through), cloud.as_user(managed, through)
    worker, people = [actor(ledger, *of) for of in zip(keys, policies, strict=True)]
    return Cast(settings, worker, people)


def actor(ledger: Ledger, settings: Settings, policy: Sequence[Statement]) -> Actor:
    """Whoever has these keys may do what the policy says."""
    assert settings.access_key_id
    ledger.guard(settings.access_key_id, policy)
    return Actor(settings, policy, ledger)
