"""Recipes: how each variant is built, as TOML; the default is ``recipes.toml`` beside this file."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from typing import Any, Final

from mvx import errors

_DEFAULT: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recipes.toml")
_TWINS: Final = {"gcc": "g++", "clang": "clang++", "cc": "c++"}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One variant's compiler and what it is told in addition."""

    compiler: str
    flags: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    """Words for linking only."""
    order: bool = False
    """Whether functions and data are put in another order."""
    seed: str = "mvx"

    def command(self, *, plus: bool) -> str:
        """The compiler's name, for C or for C++."""
        if not plus:
            return self.compiler
        folder, name = os.path.split(self.compiler)
        for known, twin in _TWINS.items():
            if name == known or name.startswith(f"{known}-"):
                return os.path.join(folder, twin + name[len(known) :])
        return self.compiler

    def sanitizers(self) -> set[str]:
        """The names of the sanitizers that it asks for."""
        words = [flag.partition("=")[2] for flag in self.flags if flag.startswith("-fsanitize=")]
        return {name for word in words for name in word.split(",")}


@dataclasses.dataclass(frozen=True)
class Recipes:
    """The leader's recipe, the other variants', and what sanitizers are told."""

    leader: Recipe
    variants: tuple[Recipe, ...]
    options: dict[str, tuple[str, str]]
    """By sanitizer: the function that returns its options, and they."""


def load(path: str | None, variants: int | None) -> Recipes:
    """Read a file of recipes, or the default's; `variants`: how many in all, None: as many as the
    file has, of the default's two.

    Raises FileFailed and UsageError.
    """
    own = _read(path) if path else {}
    default = _read(_DEFAULT)
    leader = {**default["leader"], **own.get("leader", {})}
    entries = own.get("variant") or default["variant"][: 1 if variants is None else None]
    if variants is not None:
        if not 2 <= variants <= len(entries) + 1:
            raise errors.UsageError(
                f"recipes for {len(entries) + 1} variants, and {variants} are asked for",
                fix="write more recipes (docs/how-to/build-variants.md)",
            )
        entries = entries[: variants - 1]
    sanitizers = [*default["sanitizer"], *own.get("sanitizer", [])]
    return Recipes(
        _recipe(leader, path),
        tuple(_recipe(entry, path) for entry in entries),
        {each["name"]: (each["function"], each["options"]) for each in sanitizers},
    )


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise errors.FileFailed(
            f"cannot read {path}: {error.strerror}", fix="name a file of recipes"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.UsageError(f"{path}: {error}", fix="write it as TOML") from None


def _recipe(entry: dict[str, Any], path: str | None) -> Recipe:
    known = {field.name for field in dataclasses.fields(Recipe)}
    if unknown := set(entry) - known:
        raise errors.UsageError(
            f"{path}: {', '.join(sorted(unknown))} is unknown",
            fix=f"use {', '.join(sorted(known))}",
        )
    lists: dict[str, Any] = {
        name: tuple(entry[name]) for name in ("flags", "link") if name in entry
    }
    return Recipe(**{**entry, **lists})
