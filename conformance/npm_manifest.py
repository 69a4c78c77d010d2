"""What npm takes in a package.json: names, versions, licenses."""

from __future__ import annotations

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_MOST_CHARACTERS = 214
_NUMBER = r"(?:0|[1-9][0-9]*)"
_LABEL = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABEL}(?:\.{_LABEL})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_NAME = re.compile(r"(?:@[A-Za-z0-9._~!*'()-]+/)?[A-Za-z0-9._~!*'()-]+")


def name_problem(name: str) -> str:
    """Why this is no package's name; "" if it is one, if only one of old packages."""
    if not name:
        return "it is empty"
    if not _NAME.fullmatch(name):
        return "it holds characters that no package's name has"
    if name.rpartition("/")[2][0] in "._-":
        return "it begins with a dot, an underscore or a hyphen"
    if name.lower() in {"node_modules", "favicon.ico"}:
        return "npm keeps this name for itself"
    return ""


def new_name_problem(name: str) -> str:
    """Why npm takes no new package of this name; "" if it does."""
    problem = name_problem(name)
    if problem:
        return problem
    if len(name) > _MOST_CHARACTERS:
        return f"it has {len(name)} characters"
    if name != name.lower():
        return "it holds capital letters"
    return "it holds one of ~ ' ! ( ) *" if re.search(r"[~'!()*]", name) else ""


def is_version(text: str) -> bool:
    """Whether this is a version of Semantic Versioning 2.0.0."""
    return _VERSION.fullmatch(text) is not None


def is_license(text: str) -> bool:
    """Whether npm takes this for a license: an SPDX expression, or one of npm's own two ways to say it."""
    if text == "UNLICENSED" or re.fullmatch(r"SEE LICENSE IN \S.*", text):
        return True
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return False
    return True
