"""What ever failed, kept: seeds of the simulator in `seeds.txt`, scripts for `play` in `scripts/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.scenario import Driver

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Seed:
    """A run of the simulator that once broke an invariant."""

    algorithm: str
    """ours: it must hold today; original: it must still be caught."""
    scenario: str
    seed: int
    violation: str
    why: str

    def __str__(self) -> str:
        return f"{self.algorithm} {self.scenario} {self.seed} {self.violation}"


@dataclass(frozen=True, slots=True)
class Script:
    """A script that once broke an invariant, or breaks one where a guard is taken away."""

    name: str
    driver: Driver
    without: str
    """The ablation that it is about; empty: production code itself was wrong."""
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def seeds() -> list[Seed]:
    """Every kept seed."""
    return [_seed(line) for line in (HERE / "seeds.txt").read_text().splitlines() if not line.startswith("#")]


def scripts() -> list[Script]:
    """Every kept script."""
    return [_script(path) for path in sorted((HERE / "scripts").glob("*.txt"))]


def _seed(line: str) -> Seed:
    facts, _, why = line.partition("  # ")
    algorithm, scenario, seed, violation = facts.split()
    return Seed(algorithm, scenario, int(seed), violation, why)


def _script(path: Path) -> Script:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    steps = tuple(line for line in lines if not line.startswith(("driver ", "without ")))
    driver, without = (next(_said(lines, word), "") for word in ("driver", "without"))
    return Script(path.stem, Driver(driver), without, steps)


def _said(lines: list[str], word: str) -> Iterator[str]:
    return (line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} "))
