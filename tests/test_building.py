"""`mvx cc` builds all variants of a program in one build, and `mvx run` finds them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "building"
FUNCTIONS = frozenset({"main", "first", "second", "thrice"})
DIVERGENCE = 121
ADDRESS_SANITIZER = """
[[variant]]
compiler = "gcc"
flags = ["-fsanitize=address", "-g", "-O1"]
"""
MEMORY_SANITIZER = """
[[variant]]
compiler = "clang"
flags = ["-fsanitize=memory", "-g", "-O0"]
"""


class Project:
    """A directory in which things are built."""

    def __init__(self, mvx_command: list[str], place: Path) -> None:
        self.place = place
        self._mvx = mvx_command

    def tool(self, *words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, input=text, cwd=self.place, check=False, capture_output=True, text=True
        )

    def cc(self, *words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        return self.tool(*self._mvx, "cc", *words, text=text)

    def build(self, *words: str | Path) -> None:
        done = self.cc(*words)
        assert (done.returncode, done.stderr) == (0, "")

    def run(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return self.tool(*self._mvx, "run", "--timeout", "60", "--", *words, text=text)

    def order(self, file: str, names: set[str] | frozenset[str] = FUNCTIONS) -> list[str]:
        listed = self.tool("nm", "-n", file).stdout.split()
        return [name for name in listed if name in names]


@pytest.fixture
def project(mvx_command: list[str], tmp_path: Path) -> Project:
    return Project(mvx_command, tmp_path)


@pytest.fixture(scope="module")
def built(mvx_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build a program of objects, an archive and a shared library, as makefiles do."""
    project = Project(mvx_command, tmp_path_factory.mktemp("built"))
    for name in ("first", "second", "main"):
        project.build("-O2", "-MD", "-c", FOLDER / f"{name}.c", "-o", f"{name}.o")
    assert project.tool("strip", "-g", "first.o").returncode == 0
    assert project.tool("ar", "rcs", "libboth.a", "first.o", "second.o").returncode == 0
    (project.place / "lib").mkdir()
    library = ["-fPIC", "-shared", "-Wl,-soname,libshared.so"]
    project.build(*library, "-o", "lib/libshared.so", FOLDER / "shared.c")
    search = ["-L.", "-lboth", "-Llib", "-lshared", "-Wl,-rpath,$ORIGIN/lib"]
    project.build("main.o", *search, "-o", "program")
    return project


def test_variants_lie_beside_the_program(built: Project) -> None:
    natively = built.tool("./program", "date").stdout
    assert natively.startswith("51 1\n")
    assert built.tool(".mvx/1/program", "date").stdout == natively
    compilers = [
        built.tool("readelf", "-p", ".comment", file).stdout
        for file in ("program", ".mvx/1/program")
    ]
    assert "clang" not in compilers[0]
    assert "clang" in compilers[1]
    assert (built.place / "main.d").read_text().startswith("main.o:")


def test_functions_are_in_another_order(built: Project) -> None:
    orders = [built.order("program"), built.order(".mvx/1/program")]
    assert set(orders[0]) - {"thrice"} == set(orders[1]) - {"thrice"}
    assert orders[0] != orders[1]


def test_first_variant_has_data_the_other_way_round(project: Project) -> None:
    (project.place / "data.c").write_text(
        "char name[16]; int flag; char other[40]; int main(void) {}\n"
    )
    project.build("-o", "data", "data.c")
    names = {"name", "flag", "other"}
    orders = [project.order(file, names) for file in ("data", ".mvx/1/data")]
    assert set(orders[0]) == names
    assert orders[0] == orders[1][::-1]


def test_built_variants_are_found(built: Project) -> None:
    natively = built.tool("./program", "date")
    assert built.run("./program", "date").stdout == natively.stdout
    for part in ("program", "library"):
        assert built.tool("./program", part).returncode == 0
        assert built.run("./program", part).returncode == DIVERGENCE
        ran = built.run("sh", "-c", f"./program {part}; echo $?")
        assert ran.returncode == DIVERGENCE, f"a child's variants: {ran.stdout}"


def test_without_its_variants_it_is_a_plain_program(built: Project, tmp_path: Path) -> None:
    shutil.copy(built.place / "program", tmp_path)
    shutil.copytree(built.place / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns(".mvx"))
    elsewhere = Project(built._mvx, tmp_path)
    for part in ("program", "library"):
        ran = elsewhere.run("./program", part)
        assert (ran.returncode, ran.stdout) == (0, elsewhere.tool("./program", part).stdout)


def test_variants_of_another_build_are_not_used(project: Project) -> None:
    sources = [FOLDER / f"{name}.c" for name in ("main", "first", "second", "shared")]
    project.build("-O1", *sources, "-o", "program")
    assert project.run("./program", "program").returncode == DIVERGENCE
    assert project.tool("gcc", "-O2", *sources, "-o", "program").returncode == 0
    assert project.run("./program", "program").returncode == 0


def test_partial_link_keeps_all_variants(project: Project) -> None:
    for name in ("main", "first", "second", "shared"):
        project.build("-O1", "-c", FOLDER / f"{name}.c")
    project.build("-r", "main.o", "first.o", "-o", "one.o")
    assert project.tool("ld", "-r", "second.o", "shared.o", "-o", "two.o").returncode == 0
    project.build("one.o", "two.o", "-o", "program")
    assert "clang" in project.tool("readelf", "-p", ".comment", ".mvx/1/program").stdout
    assert project.run("./program").stdout == "51 1\n"
    assert project.run("./program", "program").returncode == DIVERGENCE


def test_c_plus_plus(project: Project) -> None:
    done = project.tool(*project._mvx, "c++", "-O1", FOLDER / "plus.cc", "-o", "plus")
    assert (done.returncode, done.stderr) == (0, "")
    ran = project.run("./plus")
    assert (ran.returncode, ran.stdout) == (0, "one 4\ntwo 2\nnono\n")


def test_standard_input_is_a_source(project: Project) -> None:
    source = '#include <stdio.h>\nint main(void) { puts("piped"); return 0; }\n'
    assert project.cc("-x", "c", "-", "-o", "piped", text=source).returncode == 0
    assert (project.place / ".mvx/1/piped").exists()
    assert project.run("./piped").stdout == "piped\n"
    assert project.cc("-E", "-P", "-x", "c", "-", text="A\n").stdout.strip() == "A"


def test_compiler_speaks_for_itself(project: Project) -> None:
    assert project.cc("--version").stdout == project.tool("gcc", "--version").stdout
    done = project.cc("-c", "-x", "c", "-", text="int main(void) { return x; }\n")
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1


def test_leaders_options_do_not_disturb_the_variants(project: Project) -> None:
    options = ["-Werror", "-Wno-psabi", "-fno-tree-vectorize", "-fipa-pta", "-flto", "-Wl,-Map=map"]
    project.build(*options, "-O2", FOLDER / "plus.cc", "-c", "-o", "plus.o", "-save-temps=obj")
    project.build(*options, "plus.o", "-lstdc++", "-o", "plus")
    assert "gcc" in (project.place / "map").read_text()
    assert project.run("./plus").returncode == 0


def test_variant_that_cannot_be_built_fails_the_build(project: Project) -> None:
    source = "#ifdef __clang__\n#error not for clang\n#endif\nint main(void) { return 0; }\n"
    done = project.cc("-x", "c", "-", "-o", "program", text=source)
    assert done.returncode == 125
    assert "clang fails for a variant" in done.stderr
    assert "not for clang" in done.stderr


def test_own_recipes(project: Project) -> None:
    (project.place / "recipes.toml").write_text('[[variant]]\ncompiler = "gcc"\nflags = ["-Os"]\n')
    words = ["--mvx-recipes=recipes.toml", FOLDER / "plus.cc", "-lstdc++", "-o", "plus"]
    project.build(*words)
    assert "clang" not in project.tool("readelf", "-p", ".comment", ".mvx/1/plus").stdout
    assert project.run("./plus").returncode == 0
    (project.place / "recipes.toml").write_text('[[variant]]\ncompiler = "gcc"\nlevel = 2\n')
    assert "level is unknown" in project.cc(*words).stderr


def test_more_variants(project: Project) -> None:
    words = [FOLDER / f"{name}.c" for name in ("main", "first", "second", "shared")]
    project.build("--mvx-variants=4", "-O2", *words, "-o", "program")
    orders = [project.order(f) for f in ("program", *(f".mvx/{k}/program" for k in (1, 2, 3)))]
    assert len({tuple(each) for each in orders}) > 2
    assert project.run("./program").stdout == "51 1\n"
    assert project.cc("--mvx-variants=5", *words).returncode == 125


def test_sanitizer_as_a_follower_finds_what_the_leader_does_not(project: Project) -> None:
    (project.place / "recipes.toml").write_text(ADDRESS_SANITIZER)
    words = ["--mvx-recipes=recipes.toml", "-O2", FOLDER / "overflow.c", "-o", "overflow"]
    project.build(*words)
    fine, long = "short line\n", "a line of twenty-four.\n"
    ran = project.run("./overflow", text=fine * 3)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, fine * 3, "")
    assert project.tool("./overflow", text=long).stdout == long
    ran = project.run("./overflow", text=fine + long)
    assert (ran.returncode, ran.stdout) == (DIVERGENCE, fine)
    words_of_the_sanitizer = ran.stderr[ran.stderr.index("Last words") :]
    assert "AddressSanitizer: heap-buffer-overflow" in words_of_the_sanitizer
    assert "overflow.c:10" in words_of_the_sanitizer


def test_memory_sanitizer_as_a_follower(project: Project) -> None:
    (project.place / "recipes.toml").write_text(MEMORY_SANITIZER)
    words = ["--mvx-recipes=recipes.toml", "-O2", FOLDER / "unset.c", "-o", "unset"]
    done = project.cc(*words)
    if "libclang_rt" in done.stderr:
        pytest.skip("clang has no runtime of MemorySanitizer here")
    assert (done.returncode, done.stderr) == (0, "")
    ran = project.run("./unset", "2")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "not set\n", "")
    ran = project.run("./unset", "7")
    assert (ran.returncode, ran.stdout) == (DIVERGENCE, "")
    assert "MemorySanitizer: use-of-uninitialized-value" in ran.stderr
