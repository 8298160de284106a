"""Ten steps of StyleGAN made with PyTorch: python3 test/golden/make_stylegan.py writes stylegan.json beside itself.

Written from the papers (Karras et al. 2018 and 2019), in double precision. Weights, images and noise are not kept in the file: both
sides make them by `number`, from their names. Kept are the losses, an image by the averaged generator, the tracked mean of w, and the
critic's answers.
"""

import functools
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
LATENT, MAPPING_LAYERS, COUNT, BATCH, STEPS, RATE = 6, 2, 7, 4, 10, 2e-3
CHANNELS = {4: 5, 8: 3, 16: 2}  # at most 5, 24 / size below
CASES = [
    dict(size=8, fading=True, colours=1, objective="non-saturating", regulariser="r1", weight=10, interval=2, mixing=0.9, average=0.9),
    dict(size=16, fading=False, colours=3, objective="wasserstein", regulariser="gradient-penalty", weight=10, interval=1, mixing=0, average=0, drift=0.01),
    dict(size=8, fading=False, colours=3, objective="non-saturating", regulariser="r1", weight=1, interval=1, mixing=0.5, average=0.99),
    dict(size=8, fading=False, colours=1, objective="non-saturating", regulariser="r1", weight=10, interval=2, mixing=0.5, average=0.9, labels=3),
    dict(size=8, fading=True, colours=1, objective="wasserstein", regulariser="gradient-penalty", weight=10, interval=1, mixing=0, average=0, labels=2),
]


@functools.cache
def seed_of(name):
    seed = 0
    for character in name:
        seed = (seed * 31 + ord(character)) % 2003
    return seed


def whole(name, index):
    """0 .. 2002, the same in TypeScript: test/support/golden-stylegan.ts."""
    seed = seed_of(name)
    return (seed + index * index * 37 + index * 1009 + 7 * seed * index) % 2003


def numbers(name, shape, scale=1.0, step=0):
    size = int(np.prod(shape))
    values = [scale * (whole(name, step * size + index) / 500 - 2) for index in range(size)]
    return torch.tensor(np.array(values, dtype=np.float32).reshape(shape)).double()


class Parameters(dict):
    def get(self, name, shape, deviation=0.0):
        if name not in self:
            self[name] = numbers(name, shape, deviation or 0.1).requires_grad_()
        return self[name]


def dense(p, name, x, to, gain, factor=1.0):
    weight = p.get(f"{name}.weight", (x.shape[1], to), 1 / factor)
    bias = p.get(f"{name}.bias", (to,))
    return x @ (weight * gain / np.sqrt(x.shape[1]) * factor) + bias * factor


def convolve(p, name, x, to, kernel, gain):
    weight = p.get(f"{name}.weight", (to, x.shape[1], kernel, kernel), 1)
    scale = gain / np.sqrt(x.shape[1] * kernel**2)
    return F.conv2d(x, weight * scale, p.get(f"{name}.bias", (to,)), padding=kernel // 2)


def rectify(x):
    return F.leaky_relu(x, 0.2)


BLUR = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])).double() / 16


def blur(x):
    return F.conv2d(x, BLUR.expand(x.shape[1], 1, 3, 3), padding=1, groups=x.shape[1])


def double(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def pixel_norm(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


def mapping(p, z, labels=None):
    h = pixel_norm(z)
    if labels is not None:
        h = torch.cat([h, pixel_norm(dense(p, "mapping.label", labels, LATENT, 1))], 1)
    for layer in range(MAPPING_LAYERS):
        h = rectify(dense(p, f"mapping.{layer}", h, LATENT, np.sqrt(2), 0.01))
    return h


def synthesis(p, case, styles, noise, fade):
    h = p.get("synthesis.start", (1, CHANNELS[4], 4, 4), 1)
    features = []
    for layer in range(2 * int(np.log2(case["size"] / 2) + 0.5)):
        name, to = f"synthesis.{layer}", CHANNELS[4 * 2 ** (layer // 2)]
        if layer > 0 and layer % 2 == 0:
            h = blur(double(h))
        if layer > 0:
            h = convolve(p, name, h, to, 3, np.sqrt(2))
        h = rectify(h + p.get(f"{name}.noise", (1, to, 1, 1)) * noise(layer, h.shape[2]))
        y = dense(p, f"{name}.style", styles(layer), 2 * to, 1)
        h = F.instance_norm(h, eps=1e-5) * (1 + y[:, :to, None, None]) + y[:, to:, None, None]
        features.append(h)
    size = case["size"]
    image = convolve(p, f"synthesis.image.{size}", features[-1], case["colours"], 1, 1)
    if fade is None:
        return image
    old = double(convolve(p, f"synthesis.image.{size // 2}", features[-3], case["colours"], 1, 1))
    return torch.lerp(old, image, fade)


def critic(p, case, x, labels, fade, batches):
    from_image = lambda at, picture: rectify(convolve(p, f"critic.image.{at}", picture, CHANNELS[at], 1, np.sqrt(2)))
    at = case["size"]
    h = from_image(at, x)
    while at > 4:
        h = rectify(convolve(p, f"critic.{at}.0", h, CHANNELS[at], 3, np.sqrt(2)))
        h = rectify(convolve(p, f"critic.{at}.1", h, CHANNELS[at // 2], 3, np.sqrt(2)))
        h = F.avg_pool2d(blur(h), 2)
        if at == case["size"] and fade is not None:
            h = torch.lerp(from_image(at // 2, F.avg_pool2d(x, 2)), h, fade)
        at //= 2
    spread = lambda part: (part.var(0, unbiased=False) + 1e-8).sqrt().mean().expand(len(part), 1, 4, 4)
    h = torch.cat([h, torch.cat([spread(part) for part in h.chunk(batches)])], 1)
    h = rectify(convolve(p, "critic.4", h, CHANNELS[4], 3, np.sqrt(2)))
    h = rectify(dense(p, "critic.dense", h.flatten(1), CHANNELS[4], np.sqrt(2)))
    f = dense(p, "critic.last", h, 1, 1)
    if labels is None:
        return f
    projection = p.get("critic.label", (labels.shape[1], h.shape[1]), 1)
    return f + (labels @ projection * h).sum(1, keepdim=True) / np.sqrt(h.shape[1])


class Run:
    def __init__(self, case):
        self.case, self.p = case, Parameters()
        self.mean_style, self.averages, self.generated = None, {}, 0
        labels = case.get("labels", 0)
        places = torch.tensor([whole("label", image) % labels for image in range(COUNT)]) if labels else None
        self.labels = F.one_hot(places, labels).double() if labels else None
        self.table = numbers("table", (COUNT, case["colours"], case["size"], case["size"]), 0.5)

    def rows(self, turn, step):
        return [whole(f"rowIndices.{turn}", step * BATCH + image) % COUNT for image in range(BATCH)]

    def labels_of(self, turn, step):
        return None if self.labels is None else self.labels[self.rows(turn, step)]

    def generate(self, turn, step, fade, labels):
        p, case = self.p, self.case
        style = lambda of: mapping(p, numbers(f"{of}.{turn}", (BATCH, LATENT), step=step), labels)
        w, layers = style("latent"), 2 * int(np.log2(case["size"] / 2) + 0.5)
        if turn == "generator":
            self.track(w)
        noise = lambda layer, at: numbers(f"noise.{layer}.{turn}", (BATCH, 1, at, at), step=step)
        if case["mixing"] == 0:
            return synthesis(p, case, lambda layer: w, noise, fade)
        other = style("otherLatent")
        ends = self.ends(turn, step, layers)
        return synthesis(p, case, lambda layer: torch.where((layer < ends)[:, None], w, other), noise, fade)

    def ends(self, turn, step, layers):
        """The layer from which on each image takes its other style."""
        return torch.tensor([1 + whole(f"shares.{turn}", step * BATCH + image) % layers for image in range(BATCH)])

    def track(self, w):
        decay = min(0.995, 0.5 ** (1 / (0.05 * self.step))) if self.step else 0.0
        now = w.detach().mean(0, keepdim=True)
        self.mean_style = now if self.mean_style is None else decay * self.mean_style + (1 - decay) * now

    def real(self, turn, step, fade):
        x = self.table[self.rows(turn, step)]
        return x if fade is None else torch.lerp(double(F.avg_pool2d(x, 2)), x, fade)

    def penalty(self, turn, step, fade, real, fake, labels):
        case = self.case
        if case["regulariser"] == "r1":
            at, target, share = real, 0.0, 0.5
        else:
            mix = torch.tensor([np.float32(whole(f"mix.{turn}", step * BATCH + image) / 2003) for image in range(BATCH)])
            at, target, share = fake + mix.double()[:, None, None, None] * (real - fake), 1.0, 1.0
        at = at.detach().requires_grad_()
        slope = torch.autograd.grad(critic(self.p, case, at, labels, fade, 1).sum(), at, create_graph=True)[0].flatten(1)
        penalty = slope.square().sum(1).mean() if target == 0 else ((slope.square().sum(1) + 1e-12).sqrt() - 1).square().mean()
        return penalty, case["weight"] * share * case["interval"]

    def losses(self, fade_of):
        case, p = self.case, self.p
        rounds = case["interval"]  # one update of the critic in each
        wasserstein = case["objective"] == "wasserstein"
        names = ["criticLoss", "penalty", "wassersteinEstimate", "generatorLoss"]
        series = {name: [] for name in names}
        optimisers = None
        for self.step in range(STEPS):
            seen = {name: [] for name in names}
            fade = fade_of(self.step)
            for index in range(rounds):
                turn = str(index)
                real = self.real(turn, self.step, fade)
                labels = self.labels_of(turn, self.step)
                fake = self.generate(turn, self.step, fade, labels).detach()
                both = None if labels is None else torch.cat([labels, labels])
                f_real, f_fake = critic(p, case, torch.cat([real, fake]), both, fade, 2).chunk(2)
                loss = f_fake.mean() - f_real.mean() if wasserstein else F.softplus(f_fake).mean() + F.softplus(-f_real).mean()
                loss = loss + case.get("drift", 0) * f_real.square().mean()
                if index % case["interval"] == 0:
                    penalty, weight = self.penalty(turn, self.step, fade, real, fake, labels)
                    loss = loss + weight * penalty
                    seen["penalty"].append(penalty.item())
                if optimisers is None:
                    optimisers = [self.optimiser("critic"), self.optimiser("mapping", "synthesis")]
                self.update(optimisers[0], loss)
                seen["criticLoss"].append(loss.item())
                seen["wassersteinEstimate"].append((f_real.mean() - f_fake.mean()).item())
                turn = "generator" if index == 0 else f"generator.{index}"
                labels = self.labels_of(turn, self.step)
                f = critic(p, case, self.generate(turn, self.step, fade, labels), labels, fade, 1)
                loss = -f.mean() if wasserstein else F.softplus(-f).mean()
                self.update(optimisers[1], loss)
                self.renew_averages()
                seen["generatorLoss"].append(loss.item())
            for name in names:
                series[name].append(float(np.mean(seen[name])))
        return series

    def optimiser(self, *prefixes):
        chosen = [value for name, value in self.p.items() if name.split(".")[0] in prefixes]
        return torch.optim.Adam(chosen, lr=RATE, betas=(0.0, 0.99), eps=1e-8)

    @staticmethod
    def update(optimiser, loss):
        parameters = optimiser.param_groups[0]["params"]
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
            parameter.grad = gradient
        optimiser.step()

    def renew_averages(self):
        average = self.case["average"]
        decay = min(average, 0.5 ** (1 / (0.05 * self.generated))) if self.generated else 0.0
        self.generated += 1
        for name, value in self.p.items():
            if not name.startswith("critic"):
                old = self.averages.get(name, value.detach())
                self.averages[name] = (decay * old + (1 - decay) * value.detach()).clone()

    def after(self):
        """What is exported: an image by the averages, half-way to the mean style, and the critic's answers without a batch."""
        p = Parameters({name: value for name, value in self.averages.items()}) if self.case["average"] else self.p
        with torch.no_grad():
            labels = None if self.labels is None else self.labels[:2]
            w = mapping(p, numbers("latent.after", (2, LATENT)), labels)
            w = self.mean_style + 0.5 * (w - self.mean_style)
            noise = lambda layer, at: numbers(f"noise.{layer}.after", (2, 1, at, at))
            images = synthesis(p, self.case, lambda layer: w, noise, None)
        return {"meanStyle": self.mean_style.flatten().tolist(), "images": images.flatten().tolist()}


def main():
    cases = []
    for case in CASES:
        torch.manual_seed(0)
        run = Run(case)
        losses = run.losses((lambda step: (step + 1) / STEPS) if case["fading"] else (lambda step: None))
        cases.append({"case": case, "losses": losses, **run.after()})
    shared = dict(latent=LATENT, mappingLayers=MAPPING_LAYERS, count=COUNT, batch=BATCH, steps=STEPS, learningRate=RATE)
    made_by = f"torch {torch.__version__.split('+')[0]}, float64, by test/golden/make_stylegan.py"
    (HERE / "stylegan.json").write_text(json.dumps({"madeBy": made_by, **shared, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
