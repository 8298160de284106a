"""Ten-step losses of critic and generator, made with PyTorch: python3 test/golden/make_games.py writes games.json beside itself.

Every objective with every regulariser by Adam, then every optimiser, lazy intervals, a falling rate, an average of the
generator's weights, and every layer that a critic may have. Networks, rows and noise are those of wgan-gp.json, with what
layers need beside them drawn here; computed in double precision.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

import make_golden as base

HERE = pathlib.Path(__file__).parent
GOLDEN = json.loads((HERE / "wgan-gp.json").read_text())
STEPS, BATCH = GOLDEN["steps"], GOLDEN["batch"]


def critic_loss(objective, real, fake):
    if objective == "wasserstein":
        return fake.mean() - real.mean()
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    return F.binary_cross_entropy_with_logits(real, ones) + F.binary_cross_entropy_with_logits(fake, zeros)


def generator_loss(objective, fake):
    if objective == "wasserstein":
        return -fake.mean()
    if objective == "minimax":
        return torch.log(1 - torch.sigmoid(fake)).mean()
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


class Critic:
    """A multilayer perceptron with the layers of a case; `extra` has what is drawn for them, and goes into the file."""

    def __init__(self, parameters, layers, random):
        self.parameters, self.layers, self.random = parameters, layers, random
        self.extra = {"initial": {}, "noise": {}}
        self.kept, self.update = {}, 0
        hidden = [parameters[f"critic.{index}.bias"].numel() for index in range(2)]
        if layers["norm"] == "layer":
            for index, units in enumerate(hidden):
                self.start(f"critic.{index}.gain", 0.1, units)
                self.start(f"critic.{index}.offset", 0.1, units)
        if layers["norm"] == "spectral":
            for index, units in enumerate([*hidden, 1]):
                self.kept[f"critic.{index}.singular"] = self.draw_initial(f"critic.{index}.singular", 1.0, 1, units)
        more = {"none": 0, "discrimination": layers["kernels"], "deviation": 1}[layers["batch"]]
        if more > 0:
            name = "critic.2.weight"
            wider = torch.cat([parameters[name].detach(), self.draw_initial(name, 0.5, more, 1)])
            self.extra["initial"][name] = base.inputs(wider)
            parameters[name] = wider.requires_grad_()
            self.kept["critic.batch.usual"] = torch.zeros(1, more, dtype=torch.float64)
        if layers["batch"] == "discrimination":
            self.start("critic.batch.kernel", 0.5, hidden[-1], layers["kernels"] * layers["kernelWidth"])

    def draw_initial(self, name, scale, *shape):
        value = torch.tensor(np.round(scale * self.random.standard_normal(shape), 4).astype(np.float32)).double()
        self.extra["initial"][name] = base.inputs(value)
        return value

    def start(self, name, scale, *shape):
        self.parameters[name] = self.draw_initial(name, scale, *shape).requires_grad_()

    def __call__(self, x, pass_name, step, batches=1, renews=False):
        get = self.parameters.get
        for index in range(3):
            if index == 2:
                x = self.see_batch(x, batches, renews)
            weight = get(f"critic.{index}.weight")
            if self.layers["norm"] == "spectral":
                weight = weight / self.sigma(f"critic.{index}.singular", weight, renews)
            x = x @ weight + get(f"critic.{index}.bias")
            if index == 2:
                return x
            if self.layers["norm"] == "layer":
                gain, offset = get(f"critic.{index}.gain"), get(f"critic.{index}.offset")
                x = F.layer_norm(x, x.shape[1:], 1 + gain, offset, eps=1e-5)
            x = F.leaky_relu(x, GOLDEN["slope"])
            if self.layers["dropout"] > 0:
                x = x * self.mask(f"{pass_name}.golden.critic.{index}.dropout", step, x.shape)

    def mask(self, name, step, shape):
        """Drawn for all steps when it is first asked for."""
        if name not in self.extra["noise"]:
            drawn = self.random.integers(8, size=(STEPS, *shape)) / 8  # few digits: the file is short
            self.extra["noise"][name] = base.inputs(torch.tensor(drawn))
        u = torch.tensor(self.extra["noise"][name]).reshape(STEPS, *shape)[step]
        return (u > self.layers["dropout"]).double() / (1 - self.layers["dropout"])

    def sigma(self, name, weight, renews):
        unit = lambda vector: vector / vector.norm()
        with torch.no_grad():
            u = self.kept[name]
            if renews:
                u = self.kept[name] = unit(unit(u @ weight.T) @ weight)
            u, v = unit(u), unit(u @ weight.T)
        return (v @ weight @ u.T).squeeze()

    def see_batch(self, h, batches, renews):
        kind = self.layers["batch"]
        if kind == "none":
            return h
        parts = h.chunk(batches)
        seen = torch.cat([self.closeness(part) if kind == "discrimination" else self.deviation(part) for part in parts])
        if renews:
            d = min(0.99, 0.5 ** (1 / (0.05 * self.update))) if self.update > 0 else 0.0
            usual = self.kept["critic.batch.usual"]
            self.kept["critic.batch.usual"] = d * usual + (1 - d) * seen[: len(parts[0])].detach().mean(0, keepdim=True)
            self.update += 1
        return torch.cat([h, seen], 1)

    def closeness(self, h):
        """Salimans et al. 2016, section 3.2, over the other rows."""
        m = (h @ self.parameters["critic.batch.kernel"]).reshape(len(h), self.layers["kernels"], -1)
        alike = torch.exp(-(m[:, None] - m[None]).abs().sum(3))
        return (alike.sum(1) - 1) / (len(h) - 1)

    def deviation(self, h):
        """Karras et al. 2018, section 3."""
        return torch.sqrt(h.var(0, unbiased=False) + 1e-8).mean().expand(len(h), 1)


def penalty_of(kind, critic, real, fake, mix, turn, step):
    """What is penalised, and by which share of the weight."""
    name, rows, target, share = {
        "gradient-penalty": ("mixed", mix * real + (1 - mix) * fake, 1.0, 1.0),
        "zero-centred": ("mixed", mix * real + (1 - mix) * fake, 0.0, 1.0),
        "r1": ("real", real, 0.0, 0.5),
        "r2": ("fake", fake, 0.0, 0.5),
    }[kind]
    rows = rows.detach().clone().requires_grad_()
    f = critic(rows, f"slope.{name}.{turn}", step)
    gradient = torch.autograd.grad(f.sum(), rows, create_graph=True)[0]
    if target == 0.0:
        return (gradient**2).sum(1).mean(), share
    return ((gradient.norm(2, dim=1) - target) ** 2).mean(), share


def optimiser(parameters, case):
    lr, beta1, beta2 = case["learningRate"], case["beta1"], case["beta2"]
    if case["optimiser"] == "adam":
        return torch.optim.Adam(parameters, lr=lr, betas=(beta1, beta2), eps=1e-8)
    if case["optimiser"] == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=lr, alpha=beta2, eps=1e-8, momentum=beta1)
    return torch.optim.SGD(parameters, lr=lr, momentum=beta1)


def set_rate(optimiser_, case, update, updates):
    rates = {"constant": 1.0, "cosine": 0.5 * (1 + math.cos(math.pi * update / updates))}
    for group in optimiser_.param_groups:
        group["lr"] = case["learningRate"] * rates[case["schedule"]]


def starting_networks():
    tensors = {
        name: torch.tensor(values, dtype=torch.float32).double() for name, values in GOLDEN["initial"].items()
    }
    shaped = {}
    for name, tensor in tensors.items():
        units = tensors[name.replace("weight", "bias")].numel()
        shaped[name] = (tensor.reshape(-1, units) if name.endswith("weight") else tensor).clone().requires_grad_()
    part = lambda prefix: {name: value for name, value in shaped.items() if name.startswith(prefix)}
    return part("critic."), part("generator.")


def noise(name, width, step):
    values = torch.tensor(GOLDEN["noise"][name], dtype=torch.float32).double()
    return values.reshape(STEPS, BATCH, width)[step]


PLAIN_LAYERS = {"norm": "none", "dropout": 0, "batch": "none", "kernels": 1, "kernelWidth": 1}


def play(case):
    parameters, generator = starting_networks()
    critic = Critic(parameters, {**PLAIN_LAYERS, **case.get("layers", {})}, np.random.default_rng(23))
    table = torch.tensor(GOLDEN["table"], dtype=torch.float32).double().reshape(GOLDEN["rows"], -1)
    of_critic, of_generator = optimiser(parameters.values(), case), optimiser(generator.values(), case)
    regulariser, interval, k = case["regulariser"], case["interval"], case["criticSteps"]
    has_penalty = regulariser not in ("none", "clip")
    rounds = math.lcm(interval, k) // k if has_penalty else 1
    history = {"criticLoss": [], "wassersteinEstimate": [], "generatorLoss": []}
    if has_penalty:
        history["penalty"] = []
    average = None
    for step in range(STEPS):
        seen = {name: [] for name in history}
        for turn in range(rounds * k):
            rows = table[torch.tensor(GOLDEN["noise"][f"rowIndices.{turn}"]).long().reshape(STEPS, BATCH)[step]]
            z, mix = noise(f"latent.{turn}", GOLDEN["latent"], step), noise(f"mix.{turn}", 1, step)
            fake = base.apply(generator, z).detach()
            of_real, of_fake = critic(torch.cat([rows, fake]), f"critic.{turn}", step, batches=2, renews=True).chunk(2)
            loss = critic_loss(case["objective"], of_real, of_fake)
            if has_penalty and turn % interval == 0:
                penalty, share = penalty_of(regulariser, critic, rows, fake, mix, turn, step)
                loss = loss + penalty * share * case["weight"] * interval
                seen["penalty"].append(penalty.item())
            seen["criticLoss"].append(loss.item())
            seen["wassersteinEstimate"].append((of_real.mean() - of_fake.mean()).item())
            set_rate(of_critic, case, step * rounds * k + turn, STEPS * rounds * k)
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
            if regulariser == "clip":
                with torch.no_grad():
                    for parameter in parameters.values():
                        parameter.clamp_(-case["weight"], case["weight"])
            if (turn + 1) % k == 0:
                number = turn // k
                # The second generator's turn of a step takes noise that no critic's turn takes.
                name = "latent" if number == 0 else "latent.4"
                made = base.apply(generator, noise(name, GOLDEN["latent"], step))
                lost = generator_loss(case["objective"], critic(made, f"critic.generator{'' if number == 0 else '.1'}", step))
                seen["generatorLoss"].append(lost.item())
                set_rate(of_generator, case, step * rounds + number, STEPS * rounds)
                of_generator.zero_grad()
                lost.backward()
                of_generator.step()
                if case["average"] > 0:
                    update = step * rounds + number
                    d = min(case["average"], 0.5 ** (1 / (0.05 * update))) if update > 0 else 0.0
                    now = {name: value.detach().clone() for name, value in generator.items()}
                    average = {name: d * average[name] + (1 - d) * now[name] if average else now[name] for name in now}
        for name in history:
            history[name].append(sum(seen[name]) / len(seen[name]))
    kept = {name: base.numbers(value) for name, value in critic.kept.items()}
    averages = {"averages": base.named(average, average.values())} if average else {}
    return {"case": case, "losses": history, **averages, **(critic.extra | {"kept": kept} if "layers" in case else {})}


def cases():
    plain = {"optimiser": "adam", "beta1": 0.0, "beta2": 0.9, "learningRate": 1e-3, "schedule": "constant"}
    plain |= {"criticSteps": 2, "interval": 1, "average": 0}
    weights = {"none": 0, "gradient-penalty": 10, "zero-centred": 10, "r1": 10, "r2": 10, "clip": 0.3}
    for objective in ("minimax", "non-saturating", "wasserstein"):
        for regulariser, weight in weights.items():
            yield {**plain, "objective": objective, "regulariser": regulariser, "weight": weight}
    pairs = [("wasserstein", "gradient-penalty", 10), ("non-saturating", "r1", 10), ("wasserstein", "clip", 0.3)]
    optimisers = [("adam", 0.5, 0.99), ("rmsprop", 0.0, 0.99), ("rmsprop", 0.5, 0.9), ("sgd", 0.0, 0.9), ("sgd", 0.5, 0.9)]
    for objective, regulariser, weight in pairs:
        for name, beta1, beta2 in optimisers:
            changed = {"optimiser": name, "beta1": beta1, "beta2": beta2}
            yield {**plain, **changed, "objective": objective, "regulariser": regulariser, "weight": weight}
    r1 = {**plain, "objective": "non-saturating", "regulariser": "r1", "weight": 10}
    yield {**r1, "interval": 4}
    yield {**r1, "interval": 5, "criticSteps": 5}
    yield {**r1, "schedule": "cosine"}
    yield {**r1, "average": 0.9, "criticSteps": 1}
    # By SGD: where dropout leaves a unit on one side of its kink for all rows, its bias has a gradient of rounding only.
    sgd = {"optimiser": "sgd", "learningRate": 1e-3}
    gp = {**plain, **sgd, "objective": "wasserstein", "regulariser": "gradient-penalty", "weight": 10}
    kernels = {"batch": "discrimination", "kernels": 3, "kernelWidth": 2}
    several = [{"norm": "layer"}, {"norm": "spectral"}, {"dropout": 0.3}, kernels, {"batch": "deviation"}]
    for layers in several:
        for game in (gp, {**r1, "criticSteps": 1, "learningRate": 5e-4}):
            yield {**game, "layers": {**PLAIN_LAYERS, **layers}}
    yield {**r1, "layers": {**kernels, "norm": "spectral", "dropout": 0.3}}


def main():
    games = [play(case) for case in cases()]
    golden = {"madeBy": f"test/golden/make_games.py, PyTorch {torch.__version__}", "games": games}
    (HERE / "games.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
