"""Opens a session with the MCP server that it is told to start, says so, and stays, until a test kills it."""

import asyncio
import sys

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.connectors.drivers.mcp import DRIVER


async def main() -> None:
    command, environment = sys.argv[1:]
    target = Target({"command": command}, {"environment": environment}, "write", {"transport": "stdio"})
    async with DRIVER.session(target):
        print("open", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
