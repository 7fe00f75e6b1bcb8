"""Starts kernels as copies of a Python that has imported the libraries, where there is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from betyg.build import warm

__all__ = ["WarmProvisioner"]


class WarmProvisioner(LocalProvisioner):
    """Jupyter's own way to start a kernel, but for the first seconds of its life."""

    build = Unicode("build", help="where make builds").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel: a copy if there can be one, and else a Python of its own."""
        environment = kwargs.get("env") or dict(os.environ)
        with Path(os.devnull).open("rb") as nothing:
            found = warm.copy(
                [*cmd[cmd.index("-m") + 1 :], f"--IPKernelApp.parent_handle={os.getpid()}"],
                environment=environment,
                folder=Path(kwargs.get("cwd") or Path.cwd()),
                files=(nothing.fileno(), 1, 2),
                build=Path(self.build),
            )
        if found is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = found  # type: ignore[assignment]  # it has the manners of one
        self.pid = self.pgid = found.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info
