"""PKG: the package that a plugin is published in (contract §6)."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from conformance import images, npm_manifest
from conformance.plugin_checks.registry import check
from conformance.trial import require
from conformance.verdict import NotApplicable, Violation
from refhost.capabilities import nearest
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.trial import Trial

_KEYWORD = "signalk-wasm-plugin"
_NODE_KEYWORD = "signalk-node-server-plugin"
_CATEGORY = "signalk-category-"
# Those of the app store of signalk-server 2.32 that can be seen in it.
_CATEGORIES = frozenset(
    {
        "ais",
        "chart-plotters",
        "cloud",
        "database",
        "digital-switching",
        "hardware",
        "instruments",
        "nmea-0183",
        "nmea-2000",
        "notifications",
        "utility",
        "weather",
    }
)
_SCRIPTS = ("preinstall", "install", "postinstall")
_DEPENDENCIES = ("dependencies", "optionalDependencies", "peerDependencies")
_MOST_NAMED = 6

_ADDRESS = re.compile(r"(?:https?:)?//|data:", re.IGNORECASE)

# What no server reads of a published plugin.
_NEEDLESS_FOLDERS = frozenset({"node_modules", "test", "tests", "__tests__", "target", ".github", ".vscode", ".idea"})
_NEEDLESS_ENDS = frozenset(
    {".ts", ".rs", ".go", ".c", ".h", ".cc", ".cpp", ".zig", ".wat", ".wasm", ".map", ".o", ".rlib", ".tgz"}
)
_GLUE = frozenset({".js", ".mjs", ".cjs"})
# npm publishes them in any case.
_ALWAYS = frozenset({"readme", "license", "licence"})
_NEEDLESS_NAMES = frozenset(
    {"asconfig.json", "tsconfig.json", "cargo.toml", "cargo.lock", "go.mod", "go.sum", "makefile", ".prettierrc"}
)


def _manifest(trial: Trial) -> Mapping[str, Any]:
    package = trial.subject.package
    if not package.manifest_path:
        raise NotApplicable("the plugin was given without a package.json")
    return package.manifest


def _section(trial: Trial) -> Mapping[str, Any]:
    """What package.json says under `signalk`."""
    section = _manifest(trial).get("signalk")
    return section if isinstance(section, dict) else {}


def _texts(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _listed(names: Iterable[str]) -> str:
    named = list(names)
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


# What it says of itself.


@check("PKG-001")
def name_is_npms(trial: Trial) -> None:
    """`name`, as npm wants it of new packages."""
    name = str(_manifest(trial)["name"])
    problem = npm_manifest.new_name_problem(name)
    require(not problem, f"name is {name!r}: {problem}")


@check("PKG-002")
def version_is_semantic(trial: Trial) -> None:
    """`version`."""
    version = _manifest(trial).get("version")
    require(
        isinstance(version, str) and npm_manifest.is_version(version),
        f"version is {version!r}" if version is not None else "there is no version",
    )


@check("PKG-003")
def describes_itself(trial: Trial) -> None:
    """`description`."""
    description = _manifest(trial).get("description")
    require(
        isinstance(description, str) and description.strip(),
        f"description is {description!r}" if description is not None else "there is no description",
    )


@check("PKG-004")
def has_a_license(trial: Trial) -> None:
    """`license`."""
    license_ = _manifest(trial).get("license")
    require(license_ is not None, "there is no license")
    known = isinstance(license_, str) and npm_manifest.is_license(license_)
    require(known, f"license is {license_!r}, which is no SPDX expression")


@check("PKG-005")
def can_be_found(trial: Trial) -> None:
    """The keyword of WASM plugins."""
    keywords = _manifest(trial).get("keywords")
    if isinstance(keywords, list):
        meant = nearest(_KEYWORD, _texts(keywords))
        near = f" ({meant!r} is another word)" if meant else ""
        require(_KEYWORD in keywords, f"keywords does not hold {_KEYWORD}{near}")
    else:
        raise Violation(f"keywords is {keywords!r}, not a list" if keywords is not None else "there are no keywords")


@check("PKG-006")
def is_no_javascript_plugin(trial: Trial) -> None:
    """The keyword of JavaScript plugins."""
    require(_NODE_KEYWORD not in _texts(_manifest(trial).get("keywords")), f"keywords holds {_NODE_KEYWORD}")


@check("PKG-007")
def has_no_javascript_entry(trial: Trial) -> None:
    """`main` and `exports`."""
    manifest = _manifest(trial)
    binary = PurePosixPath(str(manifest.get("wasmManifest")))
    for key in ("main", "exports"):
        others = [path for path in _leaves(manifest.get(key)) if PurePosixPath(path) != binary]
        require(not others, f"{key} names {_listed(others)}")


def _leaves(value: object) -> list[str]:
    """Every text in a value, however deep it lies."""
    waiting, found = [value], []
    while waiting:
        entry = waiting.pop(0)
        if isinstance(entry, str):
            found.append(entry)
        elif isinstance(entry, dict):
            waiting += entry.values()
        elif isinstance(entry, list):
            waiting += entry
    return found


# What is published.


def _relative(declared: str) -> str:
    """A path below the package, as the app store reads it: it begins where package.json is, whatever it begins with."""
    return str(PurePosixPath(declared.strip().lstrip("/")))


@check("PKG-008")
def binary_is_inside(trial: Trial) -> None:
    """`wasmManifest`."""
    named = str(_manifest(trial).get("wasmManifest"))
    path = PurePosixPath(named)
    require(
        not path.is_absolute() and ".." not in path.parts and "\\" not in named,
        f"wasmManifest is {named!r}, which does not lead from package.json to a file below it",
    )


@check("PKG-009")
def binary_is_published(trial: Trial) -> None:
    """The binary."""
    named = _binary(trial)
    published = trial.subject.published
    if named not in published.files:
        linked = published.folder is not None and (published.folder / named).is_symlink()
        why = "a symbolic link, which npm leaves out" if linked else _left_out(trial)
        raise Violation(f"{named} would not be published: it is {why}")


def _binary(trial: Trial) -> str:
    """The binary's path below the package, also where `wasmManifest` is absolute (PKG-008)."""
    path, folder = PurePosixPath(str(_manifest(trial).get("wasmManifest"))), trial.subject.published.folder
    if folder is not None and path.is_relative_to(folder.resolve().as_posix()):
        path = path.relative_to(folder.resolve().as_posix())
    return posixpath.normpath(path)


def _left_out(trial: Trial) -> str:
    manifest, folder = _manifest(trial), trial.subject.published.folder
    if manifest.get("files") is not None:
        return 'not in "files" of package.json, or taken out again by one of its "!" entries'
    for name in (".npmignore", ".gitignore"):
        if folder is not None and (folder / name).is_file():
            return f"left out by {name}" + (
                ", which npm goes by where there is no .npmignore" if name == ".gitignore" else ""
            )
    return "left out by npm"


@check("PKG-010")
def icon_is_published(trial: Trial) -> None:
    """The icon."""
    declared = _section(trial).get("appIcon")
    if not isinstance(declared, str) or not declared.strip():
        raise NotApplicable("the package names no icon")
    _require_published(trial, {"signalk.appIcon": declared})


@check("PKG-011")
def screenshots_are_published(trial: Trial) -> None:
    """The screenshots."""
    declared = [path for path in _texts(_section(trial).get("screenshots")) if path.strip()]
    if not declared:
        raise NotApplicable("the package names no screenshots")
    _require_published(trial, {f"signalk.screenshots[{number}]": path for number, path in enumerate(declared)})


def _require_published(trial: Trial, declared: Mapping[str, str]) -> None:
    files = {key: path for key, path in declared.items() if not _ADDRESS.match(path.strip())}
    if not files:
        raise NotApplicable("the package names addresses on the web, and no files")
    published = trial.subject.published
    for key, path in files.items():
        inside = _relative(path)
        if inside in published.files:
            continue
        there = inside in published.unpublished
        elsewhere = next((found for found in sorted(published.files) if found.endswith(f"/{inside}")), "")
        seen = (
            f"is {_left_out(trial)}"
            if there
            else f"is not there; {elsewhere} is published"
            if elsewhere
            else "is not there"
        )
        raise Violation(f"{key} names {path!r}, which {seen}")


@check("PKG-012")
def pages_are_published(trial: Trial) -> None:
    """`public/`."""
    _manifest(trial)
    published = trial.subject.published
    if published.folder is None:
        raise NotApplicable("an archive holds only what is published")
    missing = [path for path in published.unpublished if path.startswith("public/")]
    none = not any(path.startswith("public/") for path in published.files)
    if none and not missing:
        raise NotApplicable("the package has no files in public/")
    what = "nothing of public/ would" if none else "public/index.html would not"
    require(not none and "public/index.html" not in missing, f"{what} be published: it is {_left_out(trial)}")


@check("PKG-013")
def images_are_shown(trial: Trial) -> None:
    """What the app store's pages are made of."""
    section = _section(trial)
    icon = section.get("appIcon")
    screenshots = [path for path in _texts(section.get("screenshots")) if path.strip()]
    published = trial.subject.published
    problems = {}
    named = [icon] if isinstance(icon, str) else []
    if not any(_relative(path) in published.files for path in (*named, *screenshots)):
        raise NotApplicable("the package publishes no icon and no screenshots")
    for path in named:
        if _relative(path) in published.files:
            problems[path] = images.icon_problem(published.read(_relative(path)))
    for path in screenshots:
        if _relative(path) in published.files:
            problems[path] = images.screenshot_problem(published.read(_relative(path)))
    found = [f"{path} {problem}" for path, problem in problems.items() if problem]
    if len(screenshots) > images.MOST_SCREENSHOTS:
        found.append(f"there are {len(screenshots)} screenshots, of which {images.MOST_SCREENSHOTS} are shown")
    require(not found, "; ".join(found))


@check("PKG-014")
def nothing_needless_is_published(trial: Trial) -> None:
    """Sources, tests, what tools leave behind."""
    binary = PurePosixPath(_binary(trial))
    published = [PurePosixPath(path) for path in sorted(trial.subject.published.files)]
    needless = [str(path) for path in published if _is_needless(path, binary)]
    kept = [path for path in published if str(path) not in needless]
    mend = f'Say in package.json what belongs to the plugin: "files": {dumps(_entries(kept, needless))}.'
    require(not needless, f"it would publish {_listed(needless)}", mend=mend)


def _entries(kept: Iterable[PurePosixPath], needless: Iterable[str]) -> list[str]:
    """What "files" would have to name: whole folders, where nothing needless lies in them."""
    spoilt = {path.split("/", 1)[0] for path in needless}
    chosen = (path for path in kept if not path.match("package.json") and path.stem.lower() not in _ALWAYS)
    return list(dict.fromkeys(str(path) if path.parts[0] in spoilt else path.parts[0] for path in chosen))


def _is_needless(path: PurePosixPath, binary: PurePosixPath) -> bool:
    if path == binary or path.parts[0] == "public":
        return False
    parts = [part.lower() for part in path.parts]
    inside = not _NEEDLESS_FOLDERS.isdisjoint(parts[:-1])
    glue = path.suffix.lower() in _GLUE and path.with_suffix(".wasm") == binary  # by which a page would load it
    return inside or glue or path.suffix.lower() in _NEEDLESS_ENDS or parts[-1] in _NEEDLESS_NAMES


# What it asks of others.


@check("PKG-015")
def requires_packages(trial: Trial) -> None:
    """`signalk.requires`."""
    _require_names(trial, "requires")


@check("PKG-016")
def recommends_packages(trial: Trial) -> None:
    """`signalk.recommends`."""
    _require_names(trial, "recommends")


def _require_names(trial: Trial, key: str) -> None:
    listed = _section(trial).get(key)
    if listed is None:
        raise NotApplicable(f"the package has no signalk.{key}")
    if not isinstance(listed, list):
        raise Violation(f"signalk.{key} is {listed!r}, not a list")
    own = _manifest(trial).get("name")
    for entry in listed:
        require(isinstance(entry, str), f"signalk.{key} holds {entry!r}, which is no text")
        require(entry != own, f"signalk.{key} names the package itself")
        versioned = "@" in entry[1:]
        problem = "it names a version" if versioned else npm_manifest.name_problem(entry)
        require(not problem, f"signalk.{key} holds {entry!r}: {problem}")


@check("PKG-017")
def installs_without_scripts(trial: Trial) -> None:
    """Scripts that npm runs when it installs."""
    scripts = _manifest(trial).get("scripts")
    found = [name for name in _SCRIPTS if isinstance(scripts, dict) and scripts.get(name)]
    require(not found, f"scripts has {_listed(found)}")


@check("PKG-018")
def depends_on_nothing(trial: Trial) -> None:
    """What npm would install with it."""
    manifest = _manifest(trial)
    for key in _DEPENDENCIES:
        wanted = manifest.get(key)
        require(not (isinstance(wanted, dict) and wanted), f"{key} names {_listed(wanted or ())}")


# What it says to Signal K.


@check("PKG-019")
def categories_exist(trial: Trial) -> None:
    """Categories of the app store."""
    named = [word for word in _texts(_manifest(trial).get("keywords")) if word.startswith(_CATEGORY)]
    if not named:
        raise NotApplicable("the package names no category")
    unknown = [word for word in named if word.removeprefix(_CATEGORY) not in _CATEGORIES]
    require(
        not unknown,
        f"there is no category {_listed(unknown)}; there are {', '.join(sorted(_CATEGORIES))}",
    )


@check("PKG-020")
def types_are_read(trial: Trial) -> None:
    """The types of what a server reads."""
    manifest = _manifest(trial)
    section = manifest.get("signalk", {})
    require(isinstance(section, dict), f"signalk is {section!r}, where an object belongs")
    for key, kind, word in (
        ("displayName", str, "a text"),
        ("appIcon", str, "a text"),
        ("screenshots", list, "a list"),
        ("deprecated", bool, "true or false"),
    ):
        value = section.get(key)
        require(value is None or isinstance(value, kind), f"signalk.{key} is {value!r}, where {word} belongs")
    key = "signalk-plugin-enabled-by-default"
    value = manifest.get(key)
    require(value is None or isinstance(value, bool), f"{key} is {value!r}, where true or false belongs")


@check("PKG-021")
def is_still_meant_to_be_used(trial: Trial) -> None:
    """Whether its author has given it up."""
    _manifest(trial)
    require(not trial.subject.package.deprecated, "it is marked as deprecated")
