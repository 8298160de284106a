"""Takes ONNX Runtime's CUDA provider out of the wheel of onnxruntime-gpu: unpack.py WHEEL FOLDER VERSION FILE LIBRARY...

The wheel must be of that version, and each library have the SHA-256 that the wheel's own RECORD says. They appear in FOLDER all, or none
of them, and after them FILE, which says what was laid: the version, the wheel, and the SHA-256 of each library by name, as JSON.
"""

import base64
import csv
import hashlib
import io
import json
import os
import sys
import zipfile


def find(names, ending):
    return next(name for name in names if name.endswith(ending))


def copy(wheel, member, target):
    digest = hashlib.sha256()
    with wheel.open(member) as source, open(target, "wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.digest()


def main(path, folder, version, file, *libraries):
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(find(names, ".dist-info/METADATA")).decode()
        if f"\nVersion: {version}\n" not in metadata.replace("\r\n", "\n"):
            sys.exit(f"the wheel {os.path.basename(path)} is not of version {version}")
        record = csv.reader(io.StringIO(wheel.read(find(names, ".dist-info/RECORD")).decode()))
        expected = {row[0]: row[1] for row in record if row}
        digests = {}
        try:
            for library in libraries:
                member = find(names, f"/capi/{library}")
                digest = copy(wheel, member, os.path.join(folder, f"{library}.part"))
                said = "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if expected.get(member) != said:
                    sys.exit(f"{library} has not the SHA-256 that the wheel's RECORD says: {expected.get(member)}")
                digests[library] = digest.hex()
            with open(os.path.join(folder, f"{file}.part"), "w") as out:
                json.dump({"version": version, "wheel": os.path.basename(path), "sha256": digests}, out, indent=2)
            for name in (*libraries, file):
                os.replace(os.path.join(folder, f"{name}.part"), os.path.join(folder, name))
        finally:
            for name in (*libraries, file):
                if os.path.exists(part := os.path.join(folder, f"{name}.part")):
                    os.remove(part)


main(*sys.argv[1:])
