"""Starts kernels as copies of a Python that has imported the libraries, where there is one.

And speaks to them without Jupyter's pauses, which are longer than many a cell.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Type, Unicode

from betyg.build import client

__all__ = ["PromptClient", "WarmProvisioner"]

PAUSE = 0.02  # seconds; Jupyter's own pauses are 0.2 and 0.1


class PromptChannel(AsyncZMQSocketChannel):
    """The channel of what a kernel shows; it is known to be empty after a short pause."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Return the next message; raise ``queue.Empty`` if none comes."""
        seconds = None if timeout is None else min(timeout, PAUSE)
        found: dict[str, Any] = await super().get_msg(timeout=seconds)
        return found


class PromptClient(AsyncKernelClient):
    """Jupyter's own client, but for that channel."""

    iopub_channel_class = Type(PromptChannel)


class WarmProvisioner(LocalProvisioner):
    """Jupyter's own way to start a kernel, but for the first seconds of its life."""

    build = Unicode("build", help="where make builds").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel: a copy if there can be one, and else a Python of its own."""
        environment = kwargs.get("env") or dict(os.environ)
        with Path(os.devnull).open("rb") as nothing:
            found = client.copy(
                [*cmd[cmd.index("-m") + 1 :], f"--IPKernelApp.parent_handle={os.getpid()}"],
                environment=environment,
                folder=str(kwargs.get("cwd") or Path.cwd()),
                files=(nothing.fileno(), 1, 2),
                build=self.build,
            )
        if found is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = found  # type: ignore[assignment]  # it has the manners of one
        self.pid = self.pgid = found.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait until the kernel has ended, and look often: it was told to."""
        while self.process is not None and await self.poll() is None:
            await asyncio.sleep(PAUSE)
        return await super().wait()
