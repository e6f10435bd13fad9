"""Runs every check that is not a test, and says which failed."""

import shutil
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = [
    [BIN / "ruff", "check", "."],
    [BIN / "ruff", "format", "--check", "."],
    [BIN / "mypy"],
    [BIN / "lint-imports"],
    [sys.executable, "scripts/languages.py", "--check"],
]


def main() -> int:
    """Run the checks one after the other; 1 when one fails."""
    checks = [list(map(str, check)) for check in CHECKS]
    if shutil.which("npm") and Path("node_modules").is_dir():
        checks.append(["npm", "run", "--silent", "check"])
    failed = [" ".join(check) for check in checks if subprocess.run(check, check=False).returncode]  # noqa: S603
    for check in failed:
        sys.stderr.write(f"failed: {check}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
