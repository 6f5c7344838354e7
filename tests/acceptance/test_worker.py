"""The worker as a process: what it promises, when it is stopped, killed, doubled."""

import random
import signal
from threading import Event

import pytest

from tests.acceptance.stack import PATIENCE_S, Stack, Worker, wait_until

TRAFFIC = ("producer", "traffic", "--edits", "0.1", "--deletes", "0.05", "--churn", "0.05")


def lists(stack: Stack, handle: str) -> str:
    """A user's conversation list."""
    return stack.do("producer", "list-conversations", handle)


def test_a_message_moves_the_rows(stack: Stack) -> None:
    """The product in one test: two conversations, the one with news goes to the top."""
    stack.worker()
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "first")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "londo", "second")
    assert lists(stack, "andrewbrown").index("second") < lists(stack, "andrewbrown").index("first")
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "third")
    wait_until(lambda: "third" in lists(stack, "andrewbrown").splitlines()[0], "the row at the top")
    stack.assert_right()


def test_sigterm_in_the_middle_of_a_batch(stack: Stack) -> None:
    """It finishes what is in hand, releases the lease, exits 0; the next worker goes on where it stopped."""
    traffic = stack.start(*TRAFFIC, "--total", "300", "--groups", "20", "--users", "20")
    first = stack.worker()
    first.wait_for("batch_settled")
    assert first.terminate() == 0
    assert first.has_said("lease_released")
    stack.worker().wait_for("lease_taken")
    assert traffic.wait(2 * PATIENCE_S) == 0  # 300 messages at the pace of the slower engine
    stack.assert_right()


def test_a_second_signal_ends_it_at_once(stack: Stack) -> None:
    """Whoever asks twice does not want to wait."""
    worker = stack.worker()
    worker.wait_for("lease_taken")
    worker.process.send_signal(signal.SIGSTOP)  # so that it sees both signals at the same time
    worker.process.terminate()
    worker.process.send_signal(signal.SIGINT)
    worker.process.send_signal(signal.SIGCONT)
    assert worker.process.wait(60) in {0, 3}


def the_active_one(workers: list[Worker]) -> Worker:
    """The worker that holds the lease; those that held it before are dead."""
    wait_until(lambda: any(worker.has_said("lease_taken") for worker in workers), "a worker that works")
    return next(worker for worker in workers if worker.has_said("lease_taken"))


def kills(stack: Stack, messages: int, groups: int, times: int) -> None:
    """Two workers under traffic; the one that works is killed again and again, another is started."""
    size = ("--total", str(messages), "--groups", str(groups), "--users", "40")
    traffic = stack.start(*TRAFFIC, *size, "--rate", str(messages // (4 * times)))  # it lasts as long as the kills
    workers = [stack.worker(), stack.worker()]
    dice = random.Random(4711)
    for _ in range(times):
        active = the_active_one(workers)
        Event().wait(dice.uniform(0, 1))
        active.kill()
        workers = [worker for worker in workers if worker is not active] + [stack.worker()]
    assert traffic.wait(300) == 0, traffic.communicate()[1]
    stack.assert_right()


def test_kill_9_under_traffic(stack: Stack) -> None:
    """Nothing that a process knows is needed: the standby goes on from the checkpoint."""
    kills(stack, messages=300, groups=30, times=3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kill_9_ten_times(stack: Stack) -> None:
    """2,000 messages in 100 groups with edits, deletes and churn, a worker killed ten times: 0 wrong."""
    kills(stack, messages=2000, groups=100, times=10)


def test_the_standby_waits_and_takes_over(stack: Stack) -> None:
    """One works; the other starts when the counter has stood still for the length of the lease."""
    active = stack.worker()
    active.wait_for("lease_taken")
    standby = stack.worker()
    standby.wait_for("standby")
    assert not standby.has_said("lease_taken")
    active.kill()
    standby.wait_for("lease_taken")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "hello")
    stack.assert_right()


def test_a_stopped_process_that_wakes_up_stands_by(stack: Stack) -> None:
    """A zombie writes nothing wrong: its writes rest on conditions; it sees that the lease is gone."""
    zombie = stack.worker()
    zombie.wait_for("lease_taken")
    heir = stack.worker()
    heir.wait_for("standby")
    zombie.process.send_signal(signal.SIGSTOP)
    heir.wait_for("lease_taken")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "hello")
    zombie.process.send_signal(signal.SIGCONT)
    zombie.wait_for("standby")
    stack.assert_right()


def test_two_workers_by_mistake(stack: Stack) -> None:
    """Two consumers with names of their own work at the same time, and disturb nobody."""
    one, other = stack.worker(), stack.worker(WORKER_NAME="another")
    stack.do(*TRAFFIC, "--total", "200", "--groups", "10", "--users", "10")
    stack.assert_right()
    assert one.has_said("batch_settled")
    assert other.has_said("batch_settled")
