"""Refuses what looks like a password or a key, where it would be stored and sent again and again."""

import re

from cowork_desktop.agent.tools.tool import ToolFailed

_SECRET = re.compile(
    r"\b(?:sk|pk|rk)[-_][\w-]{16}|\b(?:gh[opsur]|xox[a-z]|glpat|github_pat|hf)[-_]\w{10}|\bA[KS]IA[A-Z0-9]{16}\b|\bAIza[\w-]{20}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]{10,}\.|://[^/\s@]*:[^/\s@]+@"
    r"|(?i:\b(?:password|passwort|passwd|pwd|passphrase|secret|token|pin|api[ _-]?key)\"?\s*[:=]\s*\S)"
    r"|\b(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{32,}"
)
"""What keys and passwords look like, as far as that can be said simply. Ids, UUIDs and digests do not."""


def refuse_secrets(text: str, why: str) -> None:
    """Raises ToolFailed, which says why and what to do instead."""
    if _SECRET.search(text):
        raise ToolFailed(f"This looks like a password or a key. {why}")
