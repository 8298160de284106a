"""Takes out of wheels what TF.js needs: unpack.py DEPS WHEEL...

DEPS/lib gets TensorFlow's library, DEPS/include its headers, and DEPS/nvidia what NVIDIA's wheels hold, where the library's own
search path looks. Prints a requirement a line: the wheels of CUDA that TensorFlow's wheel names.
"""

import os
import re
import shutil
import sys
import zipfile

LIBRARIES = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
# The C interface that the addon asks for lies in the C++ library.
LINKS = {
    "libtensorflow.so": "libtensorflow_cc.so.2",
    "libtensorflow.so.2": "libtensorflow_cc.so.2",
    "libtensorflow_framework.so": "libtensorflow_framework.so.2",
}
# Those that the C interface is declared in: a hundredth of what the wheel has.
HEADERS = re.compile(r"tensorflow/include/(tensorflow/c|tensorflow/core/platform|tsl|xla/tsl)/.+\.h$")
CUDA = re.compile(r"^Requires-Dist:\s*(nvidia-[\w.-]+)\s*\(?\s*([^;)]*)\)?\s*;.*and-cuda", re.MULTILINE)


def copy(wheel, member, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with wheel.open(member) as source, open(target, "wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


def unpack_tensorflow(wheel, deps):
    for member in wheel.namelist():
        if member in LIBRARIES:
            copy(wheel, member, os.path.join(deps, "lib", os.path.basename(member)))
        elif HEADERS.match(member):
            copy(wheel, member, os.path.join(deps, member[len("tensorflow/") :]))
    for name, target in LINKS.items():
        os.symlink(target, os.path.join(deps, "lib", name))
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    for name, version in CUDA.findall(wheel.read(metadata).decode()):
        print(name + version.replace(" ", ""))


def main(deps, *paths):
    for path in paths:
        with zipfile.ZipFile(path) as wheel:
            if LIBRARIES[0] in wheel.namelist():
                unpack_tensorflow(wheel, deps)
                continue
            for member in wheel.namelist():
                if member.startswith("nvidia/") and not member.endswith("/"):
                    copy(wheel, member, os.path.join(deps, member))


main(*sys.argv[1:])
