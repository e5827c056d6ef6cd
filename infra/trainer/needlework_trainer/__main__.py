"""`python -m needlework_trainer`: says `ready`, runs the jobs named on stdin, ends when stdin does."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from .protocol import Channel, claim_stdout
from .runtime import describe_device, device_report, prepare_environment, prepare_torch, refuse_network, versions

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
_SECONDS_BETWEEN_LOOKS = 1.0


def stop_at_once_on_signals() -> None:
    """End the process with 128 + signal as soon as one arrives, whatever the main thread is doing.

    A Python signal handler would wait for the running tensor operation, which can take many seconds. A job's
    files count only after its result line, so there is nothing to tidy up.
    """

    def wait() -> None:
        number = signal.sigwait(_STOP_SIGNALS)
        os._exit(128 + number)

    # Blocked here and so in every thread started later; only `wait` takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    threading.Thread(target=wait, name="stop", daemon=True).start()


def stop_when_orphaned() -> None:
    """End the process soon after its parent has died, even while a job runs: nobody is left to take the result."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        os._exit(128 + signal.SIGHUP)

    threading.Thread(target=watch, name="orphan", daemon=True).start()


def main() -> None:
    channel = Channel(claim_stdout())
    stop_at_once_on_signals()
    stop_when_orphaned()
    refuse_network()
    prepare_environment()
    from .session import Session

    prepare_torch()
    device = device_report()
    channel.ready(versions(), device)
    channel.log("info", describe_device(device))
    Session(channel).serve(sys.stdin)


if __name__ == "__main__":
    main()
