#!/usr/bin/env python3
"""A channel and wheels to try pip with: conda_pip.py DIR

DIR/channel: "python", the Python that runs this with its library and headers, "pip", and "setuptools"
where there is a wheel of it, out of the wheels that it or Debian has. DIR/wheels: greet 1.0 and 2.0,
with a script, an entry point, data and a header, which needs words; words; and as source only:
odd 1.0      setup.py alone: a module in C, and a module that says what the build saw
plain 1.0    pyproject.toml, which needs words; an entry point
wants 1.0    needs a package to be built that is nowhere
broken 1.0   is not C
"""
import base64
import glob
import gzip
import hashlib
import importlib.util
import io
import os
import site
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from conda_packages import PLACE, Channel  # noqa: E402

LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "site-packages", "dist-packages", "__pycache__",
            "lib2to3", "pydoc_data"}


def library_files(source):
    for directory, below, names in os.walk(source):
        below[:] = [name for name in below if name not in LEFT_OUT and not name.startswith("config-")]
        for name in names:
            if name.endswith((".py", ".so")) and not name.startswith(("_test", "_curses", "_sqlite", "_ctypes_test")):
                yield os.path.join(directory, name)


def compiled(path):
    """The compiled form of a module, made to be valid whatever the time of the source is (PEP 552)."""
    try:
        data = open(importlib.util.cache_from_source(path), "rb").read()
    except OSError:
        return None
    return data[:4] + (1).to_bytes(4, "little") + bytes(8) + data[16:]


def stripped(path):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["strip", "--strip-unneeded", "-o", out.name, path], stderr=subprocess.DEVNULL)
        return open(path if done.returncode else out.name, "rb").read()


def configured(name, content):
    """What tells of directories of the Python, with those of the package."""
    if not os.path.basename(name).startswith("_sysconfigdata") or sys.base_prefix in ("/usr", "/usr/local"):
        return content
    return content.replace(sys.base_prefix.encode(), PLACE.encode())


def with_own_library(program):
    """A program that finds its libraries beside it, as the packages of conda do."""
    directory = (sysconfig.get_config_var("LIBDIR") or "").encode()
    here = b"$ORIGIN/../lib"
    if not directory.startswith(b"/") or directory.startswith(b"/usr/lib") or len(directory) < len(here):
        return program
    return program.replace(b"\0" + directory + b"\0", b"\0" + here.ljust(len(directory), b"\0") + b"\0")


def bundled_wheel(name):
    places = [sysconfig.get_path("stdlib") + "/ensurepip/_bundled", "/usr/share/python-wheels"]
    found = [path for place in places for path in glob.glob(f"{place}/{name}-*.whl")]
    return zipfile.ZipFile(found[0]) if found else None


def add_wheels(channel, name, wheels, entry_points=()):
    """A package of conda with what is in the wheels, called by the first."""
    modules = [
        (f"site-packages/{file}", wheel.read(file), 0o644)
        for wheel in wheels
        for file in wheel.namelist()
        if not file.endswith("/")
    ]
    channel.conda(
        name,
        modules,
        [(file, None, "hardlink") for file, *_ in modules],
        version=os.path.basename(wheels[0].filename).split("-")[1],
        subdir="noarch",
        index={"noarch": "python", "subdir": "noarch"},
        link={"package_metadata_version": 1, "noarch": {"type": "python", "entry_points": list(entry_points)}},
    )


def modules_directory():
    """Debian's Python looks elsewhere than others."""
    is_debian = any(path.endswith("dist-packages") for path in site.getsitepackages())
    return "dist-packages" if is_debian else "site-packages"


def make_channel(directory):
    channel = Channel(directory)
    minor = "%d.%d" % sys.version_info[:2]
    source = sysconfig.get_path("stdlib")
    files = {f"lib/python{minor}/{os.path.relpath(path, source)}": path for path in library_files(source)}
    files[f"bin/python{minor}"] = os.path.realpath(sys.executable)
    library = os.path.join(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("LDLIBRARY") or "")
    if library.endswith(".so") and os.path.exists(library):
        files["lib/" + os.path.basename(os.path.realpath(library))] = os.path.realpath(library)
    for path in glob.glob(sysconfig.get_path("include") + "/**/*.h", recursive=True):
        files[f"include/python{minor}/{os.path.relpath(path, sysconfig.get_path('include'))}"] = path
    contents = []
    for name, path in sorted(files.items()):
        content = stripped(path) if ".so" in name else open(path, "rb").read()
        content = with_own_library(content) if name.startswith("bin/") else configured(name, content)
        contents.append((name, content, 0o755))
        if name.endswith(".py") and (code := compiled(path)):
            cache = os.path.relpath(importlib.util.cache_from_source("/" + name), "/")
            contents.append((cache, code, 0o644))
    link = ("bin/python", (tarfile.SYMTYPE, f"python{minor}"), 0o777)
    channel.conda(
        "python",
        contents + [link],
        [(name, "text" if PLACE.encode() in content else None, "hardlink") for name, content, _ in contents]
        + [("bin/python", None, "softlink")],
        version="%d.%d.%d" % sys.version_info[:3],
        index={"python_site_packages_path": f"lib/python{minor}/{modules_directory()}"},
    )
    pip, setuptools, wheel = map(bundled_wheel, ("pip", "setuptools", "wheel"))
    if not pip:
        sys.exit("there is no wheel of pip here")
    add_wheels(channel, "pip", [pip], ["pip = pip._internal.cli.main:main"])
    if setuptools and wheel:
        add_wheels(channel, "setuptools", [setuptools, wheel])


def make_wheel(directory, name, version, files, requires=(), entry_points=""):
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    files = dict(files) | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry_points:
        files[f"{info}/entry_points.txt"] = entry_points
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(f"{directory}/{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)


def make_wheels(directory):
    os.makedirs(directory)
    for version in ("1.0", "2.0"):
        data = f"greet-{version}.data"
        make_wheel(
            directory,
            "greet",
            version,
            {
                "greet/__init__.py": f"import words\ndef main():\n    print(words.HELLO, '{version}')\n" + "# long\n" * 5000,
                f"{data}/scripts/greet-script": "#!python\nimport greet, sys\ngreet.main()\nprint(sys.executable)\n",
                f"{data}/data/share/greet/data.txt": "data\n",
                f"{data}/headers/greet.h": "int greet;\n",
                f"{data}/purelib/greet_more.py": "MORE = 1\n",
            },
            ["words"],
            "[console_scripts]\ngreet = greet:main\n[other]\nx = y\n",
        )
    make_wheel(directory, "words", "1.0", {"words.py": "HELLO = 'hello'\n"})
FAST = """#include <Python.h>
static PyObject* answer(PyObject* self, PyObject* none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "42"}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "odd_fast", NULL, -1, methods};
PyMODINIT_FUNC PyInit_odd_fast(void) { return PyModule_Create(&module); }
"""
ODD = """import os, socket, sys
from setuptools import Extension, setup
with open("odd.py", "w") as out:
    out.write("import odd_fast\\n")
    for name, value in dict(
        PREFIX=sys.prefix,
        PLACE=os.getcwd(),
        ROOT=sorted(os.listdir("/")),
        INTERFACES=[name for _, name in socket.if_nameindex()],
        VARIABLES=sorted(os.environ),
    ).items():
        out.write(f"{name} = {value!r}\\n")
setup(name="odd", version="1.0", py_modules=["odd"], ext_modules=[Extension("odd_fast", ["fast.c"])])
"""
PLAIN = """[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"
[project]
name = "plain"
version = "1.0"
dependencies = ["words"]
scripts = {plain = "plain:main"}
"""


def make_source(directory, name, files):
    files = files | {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    make_archive(directory, name, files)


def make_archive(directory, name, files):
    """Made to have the same bytes each time."""
    with open(f"{directory}/{name}-1.0.tar.gz", "wb") as out, gzip.GzipFile("", "wb", fileobj=out, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, text in files.items():
                info = tarfile.TarInfo(f"{name}-1.0/{path}")
                info.size, info.mtime = len(text.encode()), 1600000000
                archive.addfile(info, io.BytesIO(text.encode()))


def make_sources(directory):
    make_source(directory, "odd", {"setup.py": ODD, "fast.c": FAST})
    plain = "import words\ndef main():\n    print(words.HELLO, 'plain')\n"
    make_source(directory, "plain", {"pyproject.toml": PLAIN, "plain.py": plain})
    wants = PLAIN.replace("plain", "wants").replace("setuptools>=61", "nowhere-to-be-had>=3")
    make_source(directory, "wants", {"pyproject.toml": wants, "wants.py": ""})
    nested = PLAIN.replace("plain", "nested")
    make_archive(directory, "repository", {"README": "", "py/nested/pyproject.toml": nested, "py/nested/nested.py": plain})
    broken = ODD.replace('"odd', '"broken')
    make_source(directory, "broken", {"setup.py": broken, "fast.c": "this is no C\n"})


if __name__ == "__main__":
    make_channel(os.path.abspath(sys.argv[1]) + "/channel")
    make_wheels(os.path.abspath(sys.argv[1]) + "/wheels")
    make_sources(os.path.abspath(sys.argv[1]) + "/wheels")
