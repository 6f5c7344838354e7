"""What KCL's daemon starts for each shard: `python -m stream_worker.commands.kcl_child --stream ARN --leases TABLE`.

Nothing is imported before the pipes of the protocol are safe from whatever an import may print.
"""

import signal

from stream_worker.drivers.kcl import wire

if __name__ == "__main__":
    pipes = wire.take()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # it waits until somebody hears it
    from stream_worker.commands.kcl_shard import main

    main(pipes)
