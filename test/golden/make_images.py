"""Image files of all kinds made with Pillow, and their pixels as Pillow reads them: python3 test/golden/make_images.py writes
images.json beside itself. Also what PyTorch makes of warps: affine_grid and grid_sample, and bicubic interpolation.
"""

import base64
import io
import json
import math
import pathlib

import numpy as np
import PIL
import torch
import torch.nn.functional as F
from PIL import Image

random = np.random.default_rng(5)
WIDTH, HEIGHT = 7, 5
rgb = random.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
smooth = np.stack([np.add.outer(np.arange(16) * 8, np.arange(24) * 4 + 20 * c) for c in range(3)], 2).astype(np.uint8)
grey = rgb[..., 0]
alpha = random.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)


def save(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def on_white(colours, opacity):
    share = opacity[..., None] / 255.0
    return colours * share + 255 * (1 - share)


def thrice(plane):
    return np.repeat(plane[..., None], 3, axis=2)


def rotated(orientation, kind, **options):
    """A smooth picture whose EXIF says how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(Image.fromarray(smooth), kind, exif=exif, **options)


def upright(data):
    from PIL import ImageOps

    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


wide = random.integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16)
palette = Image.fromarray(rgb).quantize(6)
bits = Image.fromarray((grey > 128).astype(np.uint8) * 255).convert("1")
frames = [Image.fromarray(rgb), Image.fromarray(255 - rgb)]
lossy = save(Image.fromarray(smooth), "WEBP", quality=90)
good = {
    "PNG, RGB": (save(Image.fromarray(rgb), "PNG"), rgb, 0),
    "PNG, grey": (save(Image.fromarray(grey), "PNG"), thrice(grey), 0),
    "PNG, RGB and alpha": (save(Image.fromarray(np.dstack([rgb, alpha])), "PNG"), on_white(rgb, alpha), 1e-3),
    "PNG, grey and alpha": (save(Image.fromarray(np.dstack([grey, alpha]), "LA"), "PNG"), on_white(thrice(grey), alpha), 1e-3),
    "PNG, palette": (save(palette, "PNG"), np.asarray(palette.convert("RGB")), 0),
    "PNG, 1 bit": (save(bits, "PNG"), thrice(np.asarray(bits.convert("L"))), 0),
    "PNG, 16 bits": (save(Image.fromarray(wide), "PNG"), thrice(wide / 257.0), 1e-3),
    "JPEG, colour": (save(Image.fromarray(smooth), "JPEG", quality=95), smooth, 6),
    "JPEG, grey": (save(Image.fromarray(smooth[..., 0]), "JPEG", quality=95), thrice(smooth[..., 0]), 6),
    "WebP, lossless": (save(Image.fromarray(rgb), "WEBP", lossless=True), rgb, 0),
    "WebP, lossy": (lossy, np.asarray(Image.open(io.BytesIO(lossy)).convert("RGB")), 2),
}
for orientation in range(1, 9):
    data = rotated(orientation, "JPEG", quality=95)
    good[f"JPEG, orientation {orientation}"] = (data, upright(data), 6)
for orientation in (3, 6, 8):
    for kind, options in (("PNG", {}), ("WebP", {"lossless": True})):
        data = rotated(orientation, kind, **options)
        good[f"{kind}, orientation {orientation}"] = (data, upright(data), 0)
bad = {
    "animated PNG": save(frames[0], "PNG", save_all=True, append_images=frames[1:]),
    "animated WebP": save(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
    "GIF": save(frames[0], "GIF"),
}

image = torch.tensor(random.uniform(-1, 1, (2, 8, 8)).round(3)).float()
angle = 0.6
theta = torch.tensor([[[math.cos(angle) * 1.2, -math.sin(angle), 0.3], [math.sin(angle), math.cos(angle) * 0.8, -0.5]]])
grid = F.affine_grid(theta, (1, 2, 8, 8), align_corners=False)
cells = torch.tensor(random.uniform(-1, 1, (4, 4)).round(3)).float()
flat = lambda tensor: [float(f"{value:.7g}") for value in torch.as_tensor(tensor).flatten().tolist()]
warps = {
    "image": flat(image),
    "theta": flat(theta),
    "border": flat(F.grid_sample(image[None], grid, padding_mode="border", align_corners=False)),
    "mirror": flat(F.grid_sample(image[None], grid, padding_mode="reflection", align_corners=False)),
    "cells": flat(cells),
    "enlarged": flat(F.interpolate(cells[None, None], size=(11, 11), mode="bicubic", align_corners=False)),
}


def entry(data, pixels, tolerance):
    pixels = np.asarray(pixels, dtype=np.float64)
    height, width = pixels.shape[:2]
    return {
        "file": base64.b64encode(data).decode(),
        "width": width,
        "height": height,
        "rgb": [round(float(value), 3) for value in pixels.flatten()],
        "tolerance": tolerance,
    }


golden = {
    "madeBy": f"Pillow {PIL.__version__}, PyTorch {torch.__version__}",
    "good": {name: entry(*each) for name, each in good.items()},
    "bad": {name: base64.b64encode(data).decode() for name, data in bad.items()},
    "warps": warps,
}
pathlib.Path(__file__).with_name("images.json").write_text(json.dumps(golden) + "\n")
