#!/usr/bin/env python3
"""A channel and wheels to try pip with: conda_pip.py DIR

DIR/channel: "python", the Python that runs this with its library, and "pip", out of the wheel that it
or Debian has. DIR/wheels: greet 1.0 and 2.0, with a script, an entry point, data and a header, which
needs words; words; and odd-1.0.tar.gz, which is source only.
"""
import base64
import glob
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
from conda_packages import Channel  # noqa: E402

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


def pip_wheel():
    places = [sysconfig.get_path("stdlib") + "/ensurepip/_bundled/pip-*.whl", "/usr/share/python-wheels/pip-*.whl"]
    found = [path for place in places for path in glob.glob(place)]
    if not found:
        sys.exit("there is no wheel of pip here")
    return found[0]


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
    contents = []
    for name, path in sorted(files.items()):
        contents.append((name, stripped(path) if ".so" in name else open(path, "rb").read(), 0o755))
        if name.endswith(".py") and (code := compiled(path)):
            cache = os.path.relpath(importlib.util.cache_from_source("/" + name), "/")
            contents.append((cache, code, 0o644))
    link = ("bin/python", (tarfile.SYMTYPE, f"python{minor}"), 0o777)
    channel.conda(
        "python",
        contents + [link],
        [(name, None, "hardlink") for name, *_ in contents] + [("bin/python", None, "softlink")],
        version="%d.%d.%d" % sys.version_info[:3],
        index={"python_site_packages_path": f"lib/python{minor}/{modules_directory()}"},
    )
    wheel = zipfile.ZipFile(pip_wheel())
    version = os.path.basename(wheel.filename).split("-")[1]
    modules = [(f"site-packages/{name}", wheel.read(name), 0o644) for name in wheel.namelist() if not name.endswith("/")]
    channel.conda(
        "pip",
        modules,
        [(name, None, "hardlink") for name, *_ in modules],
        version=version,
        subdir="noarch",
        index={"noarch": "python", "subdir": "noarch"},
        link={"package_metadata_version": 1, "noarch": {"type": "python", "entry_points": ["pip = pip._internal.cli.main:main"]}},
    )


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
    with tarfile.open(f"{directory}/odd-1.0.tar.gz", "w:gz") as source:
        text = b"Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n"
        info = tarfile.TarInfo("odd-1.0/PKG-INFO")
        info.size = len(text)
        source.addfile(info, io.BytesIO(text))


if __name__ == "__main__":
    make_channel(os.path.abspath(sys.argv[1]) + "/channel")
    make_wheels(os.path.abspath(sys.argv[1]) + "/wheels")
