"""What `npm run bench:device` measures, in PyTorch eager: the step of a table's critic (step_torch.py), that of a StyleGAN
(test/golden/make_stylegan.py, whose losses are the project's own, here in single precision), and a critic that scores. On CUDA where
PyTorch finds a GPU, else on one thread. Reads figures on standard input, a JSON line each, and answers each with its rate as JSON.
"""

import json
import pathlib
import statistics
import sys
import time

import torch

import step_torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "test/golden"))
import make_stylegan as style

torch.set_num_threads(1)
torch.manual_seed(1)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def per_second(run, for_ms):
    """Of `run(n)`: one to warm up, one to see how many there is time for, then those."""
    run(1)
    started = time.perf_counter()
    run(1)
    once = time.perf_counter() - started
    count = max(1, min(500, round(for_ms / 1000 / once)))
    started = time.perf_counter()
    run(count)
    return count / (time.perf_counter() - started)


def table_step(figure, for_ms):
    step = step_torch.make_step(figure["size"], DEVICE)

    def run(count):
        for _ in range(count):
            loss = step()
        loss.item()
        wait()

    return per_second(run, for_ms)


class Game(style.Run):
    """The game with noise, images and weights that are drawn on the device."""

    def __init__(self, game):
        style.CHANNELS = {int(size): channels for size, channels in game["channels"].items()}
        style.LATENT, style.MAPPING_LAYERS = game["latent"], game["mappingLayers"]
        style.COUNT, style.BATCH = game["count"], game["batch"]
        style.numbers = lambda name, shape, scale=1.0, step=0: torch.randn(shape, device=DEVICE) * scale
        style.BLUR = style.BLUR.float().to(DEVICE)
        super().__init__(game["case"])

    def ends(self, turn, step, layers):
        drawn = torch.randint(1, layers, (style.BATCH,), device=DEVICE)
        is_mixed = torch.rand(style.BATCH, device=DEVICE) < self.case["mixing"]
        return torch.where(is_mixed, drawn, layers)

    def real(self, turn, step, fade):
        return self.table[torch.randint(style.COUNT, (style.BATCH,), device=DEVICE)]


def style_step(figure, for_ms):
    game = Game(figure["game"])

    def run(count):
        style.STEPS = count
        game.losses(lambda step: None)
        wait()

    return per_second(run, for_ms)


def scoring(figure, for_ms):
    critic = step_torch.mlp(figure["widths"]).to(DEVICE)
    rows = torch.randn(figure["rows"], figure["widths"][0])
    times, end = [], time.perf_counter() + for_ms / 1000
    with torch.inference_mode():
        critic(rows.to(DEVICE)).cpu()
        while not times or time.perf_counter() < end:
            started = time.perf_counter()
            critic(rows.to(DEVICE)).cpu()
            times.append(time.perf_counter() - started)
    return figure["rows"] / statistics.median(times)


MEASURES = {"step": table_step, "style": style_step, "score": scoring}


def main():
    name = torch.cuda.get_device_name() if DEVICE == "cuda" else None
    print(json.dumps({"version": torch.__version__, "gpu": name}), flush=True)
    for line in sys.stdin:
        figure = json.loads(line)
        print(json.dumps({"perSecond": MEASURES[figure["kind"]](figure, figure["forMs"])}), flush=True)


main()
