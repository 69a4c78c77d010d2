"""What `npm pack` makes of a package's folder: which files are published.

npm's rules look like git's and are not: they ignore case, know `{a,b}`, and a file that `files` names is published
whatever `.npmignore` says. Facts: npm's documentation of `files`, and the packages npm-packlist 10 and ignore-walk 8; a
test marked `npm` compares with npm itself. What is not read: extended globs such as `@(a|b)`, ranges such as `{1..3}`,
and `workspaces`; bundled dependencies (`node_modules/…`) are left out.
"""

from __future__ import annotations

import fnmatch
import re
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

# A plugin's package has a dozen files; whoever has more than this has not told npm what to leave out.
_MOST_FILES = 20_000
# How many patterns one line with braces may stand for, and how long a line may be.
_MOST_ALTERNATIVES = 1000
_MOST_CHARACTERS = 4096
_MOST_BRACES = 20

# Never published, unless a later rule says otherwise; of every folder.
_DEFAULTS = (
    ".npmignore",
    ".gitignore",
    *(f"**/{name}{below}" for name in (".git", ".svn", ".hg", "CVS") for below in ("", "/**")),
    "/.lock-wscript",
    "/.wafpickle-*",
    "/build/config.gypi",
    "npm-debug.log",
    "**/.npmrc",
    ".*.swp",
    ".DS_Store",
    "**/.DS_Store/**",
    "._*",
    "**/._*/**",
    "*.orig",
    "/archived-packages/**",
)
# What no rule of the author can change, in the package's own folder.
_ALWAYS = (
    "/.git",
    "!/package.json",
    *(f"!/{name}{{,.*[^~$]}}" for name in ("readme", "copying", "license", "licence")),
    "/.git",
    "/node_modules",
    ".npmrc",
    "/package-lock.json",
    "/yarn.lock",
    "/pnpm-lock.yaml",
    "/bun.lockb",
)
_MAGIC = re.compile(r"[*?\[\\]")
_EXTENDED = re.compile(r"[?*+@!]\(|\[\[?[:=.]|\{[^{}]*\.\.[^{}]*\}")


class Unreadable(Exception):  # noqa: N818 - what the package is to this module
    """npm may well pack it; what it would publish cannot be said here. The message says why."""


def packed(folder: Path, manifest: Mapping[str, Any]) -> frozenset[str]:
    """The files that `npm pack` publishes, as paths below the folder with `/`.

    Raises:
        Unreadable: a pattern is of a kind that is not read, or there are too many files.
        OSError: the folder cannot be read.
    """
    if manifest.get("workspaces"):
        raise Unreadable("the package has workspaces, whose packing is not read here")
    top = _Folder(folder, None)
    top.rules = [*_rules(_DEFAULTS), *_chosen_rules(folder, manifest, top), *_rules(_strict_rules(manifest, top))]
    found: set[str] = set()
    for path in _walk(top):
        found.add(path)
        if len(found) > _MOST_FILES:
            raise Unreadable(f"npm pack would publish more than {_MOST_FILES} files")
    return frozenset(found)


def _chosen_rules(folder: Path, manifest: Mapping[str, Any], top: _Folder) -> list[_Rule]:
    """What the author chose: by `files`, else by `.npmignore`, else by `.gitignore`."""
    files = manifest.get("files")
    if files in (None, "", False, 0):
        return _ignore_file(folder)
    if not isinstance(files, (list, str)) or not all(isinstance(entry, str) for entry in files):
        raise Unreadable('"files" is no list of texts')
    wanted = ["*"]
    for entry in files:  # npm goes through the characters of a text one by one, too
        named = entry[1:] if entry.startswith("./") else entry
        named += "*" if named.endswith("/*") else ""
        kind = _kind(folder, named.lstrip("!"))
        if kind == "file":
            top.required.append(named)
        elif kind == "folder":
            wanted += [f"!{named}", f"!{named}/**"]
        elif kind == "nothing":
            wanted.append(f"!{named}")
    return _rules(wanted)


def _strict_rules(manifest: Mapping[str, Any], top: _Folder) -> list[str]:
    forced = [manifest.get("browser"), manifest.get("main"), *_programs(manifest.get("bin"))]
    first = [f"!{named}" for named in reversed(top.required)]
    return [*first, *_ALWAYS, *(f"!/{named}" for named in forced if isinstance(named, str) and named)]


def _programs(bin_: object) -> list[object]:
    """What `bin` names, as npm normalises it."""
    named = list(bin_.values()) if isinstance(bin_, dict) else bin_ if isinstance(bin_, list) else [bin_]
    return [_inside(path) for path in named if isinstance(path, str)]


def _inside(path: str) -> str:
    parts: list[str] = []
    for part in re.split(r"[/\\:]", path):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _kind(folder: Path, named: str) -> str:
    try:
        mode = (folder / named.lstrip("/")).lstat().st_mode
    except (OSError, ValueError):
        return "nothing"
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _ignore_file(folder: Path) -> list[_Rule]:
    for name in (".npmignore", ".gitignore"):
        path = folder / name
        if path.is_file():
            return _rules(path.read_text("utf-8", "replace").split("\n"))
    return []


# Walking: a folder asks its parents first, and has the last word itself.


class _Folder:
    """A folder on the way down.

    Attributes:
        rules: in the order in which they are asked; the last that fits decides.
        required: what `files` names one by one, as paths below this folder.
        exact: whether it is published as a whole, so that its own rules decide where its parents' do not.
    """

    def __init__(self, path: Path, parent: _Folder | None, *, exact: bool = False) -> None:
        self.path = path
        self.parent = parent
        self.exact = exact
        self.rules: list[_Rule] = []
        self.required: list[str] = []

    def takes(self, path: str, *, folder: bool, name: str = "") -> bool:
        """Whether this and the folders above it let something below it through.

        Args:
            path: below this folder.
            folder: whether to take it for a folder, of which anything below may be let through.
            name: the last part of the path, where a folder below asks.
        """
        taken = True
        if self.parent:
            above = self.parent.takes(f"{self.path.name}/{path}", folder=folder, name=name or path)
            if not above and not self.exact:
                return False
            taken = above
        parts = path.lower().split("/")
        for rule in self.rules:
            if rule.includes != taken and rule.fits(parts, folder=folder, name=name.lower()):
                taken = rule.includes
        return taken


def _walk(folder: _Folder, prefix: str = "") -> Iterator[str]:
    for entry in sorted(folder.path.iterdir()):
        name = entry.name
        if "*" in name:  # no name under Windows
            continue
        as_file = folder.takes(name, folder=False)
        mode = entry.lstat().st_mode
        if stat.S_ISREG(mode) and as_file:
            yield prefix + name
        elif stat.S_ISDIR(mode) and folder.takes(name, folder=True):
            below = _Folder(entry, folder, exact=as_file or folder.takes(f"{name}/", folder=False))
            # Of what `files` names, npm protects from the rules of a folder only what lies in it, not what lies deeper.
            named = (path.removeprefix("/").split("/") for path in folder.required)
            below.required = [parts[1] for parts in named if parts[0] == name and len(parts) == 2]
            own = ["/.git", *(f"!{path}" for path in below.required)]
            below.rules = [*_rules(_DEFAULTS), *_ignore_file(entry), *_rules(own)]
            yield from _walk(below, f"{prefix}{name}/")


# Patterns.


class _Rule:
    """One line of an ignore file.

    Attributes:
        includes: whether it begins with `!`.
    """

    def __init__(self, line: str) -> None:
        pattern = line.lstrip("!")
        self.includes = (len(line) - len(pattern)) % 2 == 1
        if _EXTENDED.search(pattern) or len(pattern) > _MOST_CHARACTERS or pattern.count("{") > _MOST_BRACES:
            raise Unreadable(f"the pattern {line[:80]!r} is of a kind that is not read here")
        self._patterns = [_Pattern(text) for text in _alternatives(pattern)]

    def fits(self, path: Sequence[str], *, folder: bool, name: str) -> bool:
        """Whether it says something about a path, or, of a folder, about anything below it."""
        if self._any(path):
            return True
        if not folder:
            return False
        if self._any((*path, "")) or (self.includes and self._any(path, partly=True)):
            return True
        if not name or not any(pattern.is_a_name for pattern in self._patterns):
            return False
        return self._any((name, "")) or (self.includes and self._any((name,), partly=True))

    def _any(self, path: Sequence[str], *, partly: bool = False) -> bool:
        return any(
            pattern.matches(path, partly=partly) or pattern.matches(("", *path), partly=partly)
            for pattern in self._patterns
        )


def _rules(lines: Iterable[str]) -> list[_Rule]:
    stripped = (line.strip() for line in lines)
    return [_Rule(line) for line in stripped if line and not line.startswith("#")]


class _Pattern:
    """A pattern without braces, part by part: `**` stands for any number of parts.

    Attributes:
        is_a_name: whether it names a file or folder wherever it is.
    """

    def __init__(self, text: str) -> None:
        parts = re.split("/+", text)
        self._parts = [
            part for number, part in enumerate(parts) if part != "**" or parts[number - 1 : number] != ["**"]
        ]
        self.is_a_name = len(self._parts) <= (1 if self._parts[-1] else 2)
        self._tests = [None if part == "**" else _part_test(part) for part in self._parts]
        # Something plain that is in every path that matches: most patterns are dismissed by it.
        self._plain = next((part.lower() for part in self._parts if part and not _MAGIC.search(part)), None)

    def matches(self, parts: Sequence[str], *, partly: bool) -> bool:
        """Whether it matches a whole path, in lower case; with `partly`, whether it could match one below it."""
        if not partly and self._plain is not None and self._plain not in parts:
            return False
        if len(self._parts) == 1:
            return self._tests[0] is None or self._tests[0](parts[-1] or parts[-2])
        places = self._onwards({0})
        for number, part in enumerate(parts):
            if len(self._tests) in places and number == len(parts) - 1 and not part:
                return True  # a pattern for a file fits a folder, too
            places = self._onwards(self._step(places, part))
            if not places:
                return False
        return partly or len(self._tests) in places

    def _step(self, places: set[int], part: str) -> set[int]:
        reached: set[int] = set()
        for place in places:
            if place == len(self._tests):
                continue
            test = self._tests[place]
            if test is None:
                reached |= {place, place + 1} if place == len(self._tests) - 1 else {place}
            elif test(part):
                reached.add(place + 1)
        return reached

    def _onwards(self, places: set[int]) -> set[int]:
        """With the places behind each `**`, which may stand for nothing, unless it is the last part."""
        reached = set(places)
        for place in sorted(places):
            if place < len(self._tests) - 1 and self._tests[place] is None:
                reached.add(place + 1)
        return reached


def _part_test(part: str) -> Callable[[str], bool]:
    """The test of one part of a path, which is in lower case; case does not matter."""
    if not _MAGIC.search(part):
        return part.lower().__eq__
    compiled = re.compile(fnmatch.translate(_fnmatch_form(part)), re.IGNORECASE)
    return lambda text: bool(text) and compiled.match(text) is not None


def _fnmatch_form(part: str) -> str:
    """The part as `fnmatch` has it: `[!…]` for `[^…]`, and `[*]` for an escaped star."""
    unescaped = re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], part)
    return unescaped.replace("[^", "[!")


def _alternatives(text: str) -> Sequence[str]:
    """The patterns that one with braces stands for."""
    found = [""]
    rest = text
    while rest:
        opened = _braces(rest)
        if opened is None:
            return [before + rest for before in found]
        start, inner, end = opened
        found = [before + rest[:start] + one for before in found for part in inner for one in _alternatives(part)]
        if len(found) > _MOST_ALTERNATIVES:
            raise Unreadable(f"the pattern {text[:80]!r} stands for more than {_MOST_ALTERNATIVES} others")
        rest = rest[end:]
    return found


def _braces(text: str) -> tuple[int, list[str], int] | None:
    """The first group with a comma: where it begins, its parts, and where the text goes on."""
    for start, character in enumerate(text):
        if character != "{":
            continue
        parts: list[str] = []
        depth, begun = 0, start + 1
        for place in range(start, len(text)):
            if text[place] == "{":
                depth += 1
            elif text[place] == "}":
                depth -= 1
                if depth == 0:
                    if not parts:
                        break
                    return start, [*parts, text[begun:place]], place + 1
            elif text[place] == "," and depth == 1:
                parts.append(text[begun:place])
                begun = place + 1
    return None
