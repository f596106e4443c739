"""The compiler driver: the leader's compiler as it was asked, then every other variant.

Objects carry the other variants' objects (objects.py), so archives and moved files need no care. A
linked file's variants lie beside it, as ``.mvx/K/NAME``; their build-ids follow from the leader's,
so that `mvx run` knows that they belong together (src/mvx/programs.py). What the build looks at
(exit status, output, dependency files, maps) is the leader's alone; a variant that cannot be built
fails the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Final

from mvx import errors
from mvx.building import objects, recipes
from mvx.building.command import Command, Item, parse
from mvx.building.recipes import Recipe, Recipes
from mvx.errors import BuildFailed
from mvx.programs import FOLDER, build_id, variant_id

_VARIABLE: Final = "MVX_RECIPES"
_LEADERS: Final = re.compile(
    r"-M(D|MD|P|G|F|T|Q|M|)(=.*)?$|-Wp,-M|-save-temps|-gsplit-dwarf|-flto|-fno-lto|-ffat-lto|"
    r"-fuse-linker-plugin|-Werror|-Wl,(-Map|--dependency-file|--out-implib|--build-id)|-aux-info|"
    r"-dumpbase|-dumpdir|-fdiagnostics"
)
"""Options that are about the leader's files, or about how the leader is told."""
_UNKNOWN: Final = re.compile(
    r"(?:unknown argument:?|unrecognized command[- ]line option) '([^']+)'"
)
_TIME: Final = "SOURCE_DATE_EPOCH"
_ORIGIN: Final = "$ORIGIN"
_UNKNOWN_MAX: Final = 50


def main(words: list[str], *, plus: bool) -> int:
    """Compile or link as asked; `plus`: C++. Returns the exit status."""
    chosen, words = _own_options(words)
    command = parse(words)
    with tempfile.TemporaryDirectory(prefix="mvx-cc-") as scratch:
        if command.mode != "other":
            words = _keep_input(words, scratch)
            command = parse(words)
        return Build(chosen, command, words, scratch, plus=plus).run()


def _own_options(words: list[str]) -> tuple[Recipes, list[str]]:
    """Take the driver's own options out of the command line."""
    path, variants = os.environ.get(_VARIABLE), None
    kept = []
    for word in words:
        name, _, value = word.partition("=")
        if name == "--mvx-recipes":
            path = value
        elif name == "--mvx-variants" and value.isdigit():
            variants = int(value)
        elif name.startswith("--mvx-"):
            raise errors.UsageError(
                f"unknown option {word}", fix="--mvx-recipes=FILE, --mvx-variants=N"
            )
        else:
            kept.append(word)
    return recipes.load(path, variants), kept


def _keep_input(words: list[str], scratch: str) -> list[str]:
    """Standard input is read once; the compilers get it as a file."""
    if "-" not in words:
        return words
    path = os.path.join(scratch, "standard-input")
    with open(path, "wb") as stream:
        shutil.copyfileobj(sys.stdin.buffer, stream)
    return [path if word == "-" else word for word in words]


class Build:
    """One call of the driver."""

    def __init__(
        self, chosen: Recipes, command: Command, words: list[str], scratch: str, *, plus: bool
    ) -> None:
        self._recipes = chosen
        self._command = command
        self._words = words
        self._scratch = scratch
        self._plus = plus
        self._same = _same_date()

    def run(self) -> int:
        """Build; return the exit status."""
        command = self._command
        leader = self._recipes.leader.command(plus=self._plus)
        same = self._same if command.mode != "other" else []
        extra = []
        if command.mode == "link" and not any("--build-id" in word for word in self._words):
            extra = [] if command.is_relocatable else ["-Wl,--build-id=sha1"]
        status = _pass_on([leader, *same, *self._words, *extra])
        if status or command.mode == "other":
            return status
        if command.mode == "compile":
            for source in command.inputs():
                if source.kind == "source":
                    target = command.object_of(source)
                    self._carry(target, {k: self._compile(k, source) for k in self._variants()})
        elif command.is_relocatable:
            self._carry(command.output, {k: self._link(k, "") for k in self._variants()})
        else:
            self._link_all()
        return 0

    def _variants(self) -> range:
        return range(1, len(self._recipes.variants) + 1)

    def _place(self, name: str) -> str:
        """A directory for a purpose, empty at first."""
        path = os.path.join(self._scratch, name)
        os.makedirs(path, exist_ok=True)
        return path

    def _carry(self, target: str, files: dict[int, str]) -> None:
        if os.path.isfile(target):  # -o /dev/null is no file
            objects.carry(target, files, self._place("records"))

    # One variant

    def _compile(self, variant: int, source: Item) -> str:
        """Compile a source for a variant; return its object."""
        recipe = self._recipes.variants[variant - 1]
        place = self._place(f"objects-{variant}")
        name = f"{len(os.listdir(place))}-{os.path.basename(source.words[0])}.o"
        target = os.path.join(place, name)
        words = [word for each in self._options() for word in each.words]
        words += [*self._same, *recipe.flags, "-w"]
        if recipe.order:
            words += ["-ffunction-sections", "-fdata-sections"]
        words += ["-x", source.language] if source.language else []
        self._tool(recipe, [*words, "-c", source.words[0], "-o", target])
        if recipe.order:
            word = f"{recipe.seed}/{variant}/{source.words[0]}"
            places = self._leaders_places(source) if variant == 1 else {}
            objects.rename(target, word, places, self._place("lists"))
        return target

    def _leaders_places(self, source: Item) -> dict[str, int]:
        """Where functions and objects of a source are in the leader's file. The first variant has
        them the other way round, so that what overflows meets another one in it for certain.
        """
        command = self._command
        leader = command.object_of(source) if command.mode == "compile" else command.output
        return objects.order(leader) if os.path.isfile(leader) else {}

    def _options(self) -> Iterator[Item]:
        """The leader's options that hold for all variants."""
        for item in self._command.items:
            if item.kind == "option" and not _LEADERS.match(item.words[0]):
                yield item

    def _link_all(self) -> None:
        """Link every other variant, beside the leader's file."""
        output = self._command.output
        if not os.path.isfile(output):
            return
        leader = build_id(output)
        if leader is None:
            raise BuildFailed(f"{output} has no build-id", fix="let the linker make one")
        folder = os.path.join(os.path.dirname(output) or ".", FOLDER)
        for variant in self._variants():
            unfinished = self._link(variant, variant_id(leader, variant))
            target = os.path.join(folder, str(variant), os.path.basename(output))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.move(unfinished, target)

    def _link(self, variant: int, identity: str) -> str:
        """Link a variant; return the file. `identity`: its build-id, empty for an object."""
        recipe = self._recipes.variants[variant - 1]
        scratch = self._place(f"inputs-{variant}")
        target = os.path.join(self._place("linked"), f"variant-{variant}")
        words: list[str] = []
        folders: list[str] = []
        for item in self._command.items:
            match item.kind:
                case "source":
                    words.append(self._compile(variant, item))
                case "assembler":
                    words += item.words
                case "object":
                    words += self._input(item.words[0], variant, scratch)
                case "library":
                    words += self._library(item, folders, variant, scratch)
                case "option" if not _LEADERS.match(item.words[0]):
                    if item.words[0].startswith("-L"):
                        folders.append(item.value)
                        words.append(f"-L{os.path.join(item.value, FOLDER, str(variant))}")
                    words += [_with_variants(word, variant) for word in item.words]
        words += [*recipe.flags, *recipe.link, "-w"]
        if recipe.order and not self._command.is_relocatable:
            words.append("-Wl,--sort-section=name")
        if identity:
            words.append(f"-Wl,--build-id=0x{identity}")
            words += self._told(recipe, variant)
        self._tool(recipe, [*words, "-o", target])
        return target

    def _input(self, path: str, variant: int, scratch: str) -> list[str]:
        """What a variant links instead of a file."""
        folder, name = os.path.split(path)
        beside = os.path.join(folder, FOLDER, str(variant), name)
        if os.path.isfile(beside):  # a shared library
            return [beside]
        return objects.variant_of(path, variant, scratch) if os.path.isfile(path) else [path]

    def _library(
        self, item: Item, folders: Sequence[str], variant: int, scratch: str
    ) -> tuple[str, ...] | list[str]:
        """What a variant links instead of `-lNAME`, found as the linker finds it."""
        is_static = "-static" in {each.words[0] for each in self._command.items}
        for folder in [*folders, *self._later_folders()]:
            for name in (f"lib{item.value}.so", f"lib{item.value}.a"):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not (is_static and name.endswith(".so")):
                    if name.endswith(".so"):
                        return item.words
                    return self._input(path, variant, scratch)
        return item.words

    def _later_folders(self) -> list[str]:
        """All of the command line's: the linker looks for a library in the later ones too."""
        return [item.value for item in self._command.items if item.words[0].startswith("-L")]

    def _told(self, recipe: Recipe, variant: int) -> list[str]:
        """Objects whose functions tell the sanitizers' runtimes their options."""
        made = []
        for name in sorted(recipe.sanitizers() & set(self._recipes.options)):
            function, options = self._recipes.options[name]
            source = os.path.join(self._place(f"told-{variant}"), f"{name}.c")
            with open(source, "w", encoding="utf-8") as stream:
                stream.write(f"const char *{function}(void);\n")
                stream.write(f'const char *{function}(void) {{ return "{options}"; }}\n')
            compiler = recipe.command(plus=False)
            objects.run([compiler, "-O1", "-fPIC", "-c", source, "-o", f"{source}.o"])
            made.append(f"{source}.o")
        return made

    def _tool(self, recipe: Recipe, words: list[str]) -> None:
        """Run a variant's compiler; options of the leader's that it does not know are left out."""
        compiler = recipe.command(plus=self._plus)
        for _ in range(_UNKNOWN_MAX):
            try:
                done = subprocess.run(
                    [compiler, *words],
                    check=False,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    env={**os.environ, "LC_ALL": "C"},
                )
            except OSError as error:
                raise BuildFailed(f"{compiler}: {error.strerror}", fix="install it") from None
            if not done.returncode:
                return
            unknown = {*_UNKNOWN.findall(done.stderr)} - {*recipe.flags, *recipe.link}
            kept = [word for word in words if word not in unknown]
            if len(kept) == len(words):
                raise BuildFailed(f"{compiler} fails for a variant:\n{done.stderr.strip()}")
            words = kept


def _with_variants(word: str, variant: int) -> str:
    """An option that says where libraries are found at run time, for a file in ``.mvx/K/``."""
    if not word.startswith("-Wl,") or "rpath" not in word:
        return word
    parts = word.split(",")
    for at, part in enumerate(parts):
        name, equals, value = part.partition("=")
        if name in {"-rpath", "--rpath"} and equals:
            parts[at] = f"{name}={_search(value, variant)}"
        elif at and parts[at - 1] in {"-rpath", "--rpath"}:
            parts[at] = _search(part, variant)
    return ",".join(parts)


def _search(value: str, variant: int) -> str:
    """The directories of a search path, each with the one of its variants before it."""
    folders = []
    for folder in value.split(":"):
        moved = folder.replace(_ORIGIN, f"{_ORIGIN}/../..")
        folders += [f"{moved}/{FOLDER}/{variant}", moved]
    return ":".join(folders)


def _same_date() -> list[str]:
    """Options that give every variant the same __DATE__ and __TIME__."""
    moment = time.gmtime(int(os.environ.get(_TIME) or time.time()))
    date = f"{time.strftime('%b', moment)} {moment.tm_mday:2d} {moment.tm_year}"
    clock = time.strftime("%H:%M:%S", moment)
    return ["-Wno-builtin-macro-redefined", f'-D__DATE__="{date}"', f'-D__TIME__="{clock}"']


def _pass_on(words: list[str]) -> int:
    """Run the leader's compiler with our streams; return its exit status."""
    sys.stdout.flush()
    try:
        return subprocess.run(words, check=False).returncode
    except OSError as error:
        raise BuildFailed(f"{words[0]}: {error.strerror}", fix="install it") from None
