"""Golden losses of RadialGAN made with PyTorch: python3 test/golden/make_radialgan.py writes radialgan.json beside itself.

Yoon, Jordon and van der Schaar 2018, "RadialGAN", in the three forms of the family's presets (src/models/families/radialgan.ts), on
networks small enough to keep: three sources, five columns of numbers and time, a flag, and categories of three and four levels, of
which each source lacks some. Everything random is drawn here and written down, so that another program can take the same
steps. Computed in double precision from numbers that float32 holds.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

# A batch of a power of two: the derivatives of a Wasserstein critic's last bias cancel exactly (see make_golden.py).
SOURCES, NUMBERS, CYCLES, FLAGS, LEVELS = 3, 3, 1, 1, [3, 4]
CONTINUOUS = NUMBERS + 2 * CYCLES
WIDTH = CONTINUOUS + FLAGS + sum(LEVELS)
BATCH, STEPS, HIDDEN, LATENT, RATE = 16, 10, [6, 4], 3, 1e-3
COUNTS = [[9, 12], [14, 7], [5, 11]]
SEED = 23

PRESETS = {
    "residual": dict(residual=True, act="leaky", wasserstein=True, critics=1, balanced=True, drawn=True, average=0.98,
                     adversarial=1.0, cycle=1.0, latent=1.0, identity=10.0, root=False),
    "paper": dict(residual=False, act="tanh", wasserstein=False, critics=1, balanced=False, drawn=False, average=0.0,
                  adversarial=0.1, cycle=1.0, latent=1.0, identity=0.0, root=True),
    "wgan-gp": dict(residual=False, act="leaky", wasserstein=True, critics=2, balanced=False, drawn=False, average=0.0,
                    adversarial=1.0, cycle=1.0, latent=1.0, identity=0.0, root=False),
}

random = np.random.default_rng(SEED)


def draw(*shape, kind="normal"):
    """Random numbers with few digits, as float32 rounds them."""
    values = {"normal": random.standard_normal, "uniform": random.random}[kind](shape)
    return torch.tensor(np.round(values, 4).astype(np.float32)).double()


def make_masks():
    """1 where the source has the column or the level."""
    masks = torch.ones(SOURCES, WIDTH, dtype=torch.float64)
    masks[1, 0] = 0  # the second source lacks a number,
    masks[2, 3:5] = 0  # the third one the time,
    masks[0, 5] = 0  # the first one the flag,
    masks[1, 9:13] = 0  # the second one the second category,
    masks[2, 8] = 0  # and the third one a level of the first category.
    return masks


def make_table(masks):
    """Rows by source and class, each followed by its class as -1 or 1."""
    rows = []
    for source, counts in enumerate(COUNTS):
        for label, count in enumerate(counts):
            x = torch.zeros(count, WIDTH, dtype=torch.float64)
            x[:, :CONTINUOUS] = draw(count, CONTINUOUS) + 0.5 * label
            x[:, CONTINUOUS] = torch.tensor(random.integers(2, size=count)).double()
            start = CONTINUOUS + FLAGS
            for size in LEVELS:
                allowed = [level for level in range(size) if masks[source, start + level] > 0] or [0]
                x[torch.arange(count), start + torch.tensor(random.choice(allowed, size=count))] = 1
                start += size
            rows.append(torch.cat([x * masks[source], torch.full((count, 1), 2.0 * label - 1).double()], 1))
    return torch.cat(rows).float().double()


def bank(name, widths, last):
    parameters = {}
    for index, (fan_in, units) in enumerate(zip(widths, widths[1:])):
        scale = (last if index == len(widths) - 2 else 1.0) / np.sqrt(fan_in)
        parameters[f"{name}.{index}.weight"] = draw(SOURCES, fan_in, units) * scale
        parameters[f"{name}.{index}.bias"] = draw(SOURCES, 1, units) * 0.1
    return {key: value.float().double().requires_grad_() for key, value in parameters.items()}


def apply(parameters, x, act):
    tensors = list(parameters.values())
    for index in range(0, len(tensors), 2):
        x = torch.matmul(x, tensors[index]) + tensors[index + 1]
        if index < len(tensors) - 2:
            x = torch.tanh(x) if act == "tanh" else F.leaky_relu(x, 0.2)
    return x


def exchange(x, sign=1):
    """Part m of source k's rows is that of source k + m; with -1, back again."""
    parts = x.chunk(SOURCES - 1, 1)
    return torch.cat([part.roll(-sign * (m + 1), 0) for m, part in enumerate(parts)], 1)


class Radial:
    def __init__(self, options, masks, table):
        self.o, self.masks, self.table = options, masks, table
        latent = LATENT + (WIDTH if options["residual"] else 0)
        last = 0.1 if options["residual"] else 1.0
        self.encoder = bank("encoder", [WIDTH + 1, *HIDDEN, latent], last)
        self.decoder = bank("decoder", [latent + 1, *HIDDEN, WIDTH], last)
        self.critic = bank("critic", [WIDTH + 1, *HIDDEN, 1], 1.0)
        while options["act"] == "leaky" and not self.is_two_sided():
            self.critic = bank("critic", [WIDTH + 1, *HIDDEN, 1], 1.0)

    def is_two_sided(self):
        """Whether no critic's unit is on one side of its kink for nearly all rows. The bias of such a unit has a derivative of
        zero but for rounding, and Adam would move it as far as any other."""
        starts = np.cumsum([0] + [sum(counts) for counts in COUNTS])
        for source in range(SOURCES):
            h = self.table[starts[source] : starts[source + 1]]
            tensors = [value[source].detach() for value in self.critic.values()]
            for index in range(0, len(tensors) - 2, 2):
                h = h @ tensors[index] + tensors[index + 1]
                share = (h > 0).double().mean(0)
                if share.min() < 0.2 or share.max() > 0.8:
                    return False
                h = F.leaky_relu(h, 0.2)
        return True

    def encode(self, x, y):
        e = apply(self.encoder, torch.cat([x, y], -1), self.o["act"])
        return torch.cat([x + e[..., :WIDTH], e[..., WIDTH:]], -1) if self.o["residual"] else e

    def decode(self, z, y, noise=None):
        a = apply(self.decoder, torch.cat([z, y], -1), self.o["act"])
        if self.o["residual"]:
            a = a + z[..., :WIDTH]
        u = None if noise is None else noise.clamp(1e-6, 1 - 1e-6)
        flags = 6 * (2 * a[..., CONTINUOUS : CONTINUOUS + FLAGS] - 1)
        if u is not None:
            flags = flags + torch.log(u[..., :FLAGS]) - torch.log(1 - u[..., :FLAGS])
        p = torch.sigmoid(flags)
        parts = [a[..., :CONTINUOUS], p if u is None else (p > 0.5).double() + p - p.detach()]
        start = CONTINUOUS + FLAGS
        for size in LEVELS:
            allowed = self.masks[:, None, start : start + size]
            logits = 6 * a[..., start : start + size] - 1e4 * (1 - allowed)
            if u is not None:
                logits = logits - torch.log(-torch.log(u[..., start - CONTINUOUS : start - CONTINUOUS + size]))
            p = torch.softmax(logits, -1)
            parts.append(p if u is None else F.one_hot(p.argmax(-1), size).double() + p - p.detach())
            start += size
        return torch.cat(parts, -1) * self.masks[:, None]

    def batch(self, noise, name, step):
        u = noise[f"place.{name}"][step].numpy().astype(np.float32)
        index = np.zeros((SOURCES, BATCH), dtype=int)
        start = 0
        for source, counts in enumerate(COUNTS):
            for place in range(BATCH):
                label = int(noise[f"class.{name}"][step][place]) if self.o["balanced"] else None
                count = sum(counts) if label is None else counts[label]
                skipped = 0 if label is None else sum(counts[:label])
                index[source, place] = start + skipped + int(np.floor(u[source, place] * np.float32(count)))
            start += sum(counts)
        rows = self.table[index]
        return rows[..., :WIDTH], rows[..., WIDTH:]

    def translate(self, x, y, noise):
        z = self.encode(x, y)
        return self.decode(exchange(z), exchange(y), noise), exchange(y), z

    def critic_losses(self, noise, step, index):
        o = self.o
        x, y = self.batch(noise, f"from.{index}", step)
        fake, classes, _ = self.translate(x, y, noise[f"levels.critic.{index}"][step] if o["drawn"] else None)
        fake = torch.cat([fake, classes], -1).detach()
        real = torch.cat(self.batch(noise, f"real.{index}", step), -1)
        f_real, f_fake = apply(self.critic, real, o["act"]), apply(self.critic, fake, o["act"])
        estimate = f_real.mean() - f_fake.mean()
        if not o["wasserstein"]:
            loss = (F.softplus(-f_real) + F.softplus(f_fake)).mean(1).sum()
            return {"criticLoss": loss, "criticEstimate": estimate}
        mixed = (real + noise[f"mix.{index}"][step] * (fake - real)).requires_grad_()
        (slope,) = torch.autograd.grad(apply(self.critic, mixed, o["act"]).sum(), mixed, create_graph=True)
        penalty = ((slope.norm(dim=-1) - 1) ** 2).mean(1).sum()
        loss = (f_fake.mean(1) - f_real.mean(1)).sum() + 10 * penalty
        return {"criticLoss": loss, "penalty": penalty, "criticEstimate": estimate}

    def coder_losses(self, noise, step):
        o, columns = self.o, self.masks.sum(1)
        x, y = self.batch(noise, "coder", step)
        fake, classes, z = self.translate(x, y, noise["levels.coder"][step] if o["drawn"] else None)
        again = self.encode(fake, classes)
        f = apply(self.critic, torch.cat([fake, classes], -1), o["act"])
        adversarial = (-f if o["wasserstein"] else F.softplus(-f)).mean(1).sum()
        norm = (lambda v: torch.sqrt(v + 1e-8)) if o["root"] else (lambda v: v)
        back = [self.decode(z, y), self.decode(exchange(again, -1), y)]
        cycle = sum(norm(((each - x) ** 2).sum(-1).mean(1) / columns).sum() for each in back)
        latent = norm(((again - exchange(z)) ** 2).mean((1, 2))).sum()
        shared = self.masks[:, None] * exchange(self.masks[:, None].expand(SOURCES, BATCH, WIDTH))
        identity = (((fake - exchange(x)) ** 2 * shared).sum(-1).mean(1) / columns).sum()
        loss = o["adversarial"] * adversarial + o["cycle"] * cycle + o["latent"] * latent + o["identity"] * identity
        return loss, {"adversarialLoss": adversarial, "cycleLoss": cycle, "latentLoss": latent, "identityLoss": identity}


def draw_noise(options):
    names = [name for index in range(options["critics"]) for name in (f"from.{index}", f"real.{index}")] + ["coder"]
    noise = {f"place.{name}": draw(STEPS, SOURCES, BATCH, kind="uniform") for name in names}
    if options["balanced"]:
        noise |= {f"class.{name}": torch.tensor(random.integers(2, size=(STEPS, BATCH))).double() for name in names}
    if options["drawn"]:
        decoded = [f"critic.{index}" for index in range(options["critics"])] + ["coder"]
        width = FLAGS + sum(LEVELS)
        noise |= {f"levels.{name}": draw(STEPS, SOURCES, BATCH, width, kind="uniform") for name in decoded}
    if options["wasserstein"]:
        noise |= {f"mix.{index}": draw(STEPS, SOURCES, BATCH, 1, kind="uniform") for index in range(options["critics"])}
    return noise


def train(radial, noise):
    coders = {**radial.encoder, **radial.decoder}
    adam = {"lr": RATE, "betas": (0.5, 0.9), "eps": 1e-8}
    critic_adam = torch.optim.Adam(radial.critic.values(), **adam)
    coder_adam = torch.optim.Adam(coders.values(), **adam)
    averages = {key: value.detach().clone() for key, value in coders.items()}
    history = {}
    for step in range(STEPS):
        for index in range(radial.o["critics"]):
            losses = radial.critic_losses(noise, step, index)
            critic_adam.zero_grad()
            losses["criticLoss"].backward(inputs=list(radial.critic.values()))
            critic_adam.step()
        loss, more = radial.coder_losses(noise, step)
        coder_adam.zero_grad()
        loss.backward(inputs=list(coders.values()))
        coder_adam.step()
        keep = min(radial.o["average"], 1 - 1 / (step + 1))
        for key, value in coders.items():
            averages[key].lerp_(value.detach(), 1 - keep)
        for name, value in {**losses, **more}.items():
            history.setdefault(name, []).append(value.item())
    return history, {f"{key}.average": value for key, value in averages.items()} if radial.o["average"] > 0 else {}


def inputs(tensor):
    """As short as float32 allows: to be rounded to float32 by the reader."""
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def numbers(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().flatten().tolist()]


def main():
    masks = make_masks()
    table = make_table(masks)
    golden = {
        "madeBy": f"make_radialgan.py, PyTorch {torch.__version__}, seed {SEED}",
        **{"batch": BATCH, "steps": STEPS, "hidden": HIDDEN, "latent": LATENT, "learningRate": RATE, "counts": COUNTS},
        "masks": [inputs(mask) for mask in masks],
        "table": inputs(table),
        "presets": {},
    }
    for name, options in PRESETS.items():
        radial = Radial(options, masks, table)
        everything = {**radial.critic, **radial.encoder, **radial.decoder}
        initial = {key: inputs(value) for key, value in everything.items()}
        noise = draw_noise(options)
        losses, averages = train(radial, noise)
        final = {key: numbers(value) for key, value in {**everything, **averages}.items()}
        drawn = {key: inputs(value) for key, value in noise.items()}
        golden["presets"][name] = {"initial": initial, "noise": drawn, "losses": losses, "final": final}
    path = pathlib.Path(__file__).with_name("radialgan.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
