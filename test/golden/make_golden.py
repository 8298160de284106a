"""Golden values of a WGAN-GP made with PyTorch: python3 test/golden/make_golden.py writes wgan-gp.json beside itself.

Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", algorithm 1: n_critic 5, lambda 10, Adam(1e-4, 0, 0.9), on
networks small enough to keep. Everything random is drawn here and written down, so that another program can take the same
steps. Computed in double precision from numbers that float32 holds.

Also a critic with the logistic loss and the zero-centred penalty (docs/decisions/0007): one step's gradients.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

# Adam without momentum moves a weight whose gradient is zero but for rounding as far as any other. Such are the critic's last
# bias - whose derivatives for real and fake rows cancel, in a batch of a power of two exactly - and the bias of a unit that
# is on one side of its kink for all rows, of which there must be none: see check_units.
FEATURES, LATENT, HIDDEN, BATCH, ROWS = 5, 4, [8, 6], 16, 30
STEPS, N_CRITIC, LAMBDA, SLOPE = 10, 5, 10.0, 0.2
LOGISTIC_LAMBDA = 3.0
SEED = 19

random = np.random.default_rng(SEED)


def draw(*shape, kind="normal"):
    """Random numbers with few digits, as float32 rounds them."""
    values = {"normal": random.standard_normal, "uniform": random.random}[kind](shape)
    return torch.tensor(np.round(values, 4).astype(np.float32)).double()


def mlp(name, widths):
    """Weights [in, out] and biases, by name, in the order of the layers."""
    parameters = {}
    for index, (fan_in, units) in enumerate(zip(widths, widths[1:])):
        parameters[f"{name}.{index}.weight"] = draw(fan_in, units) * np.sqrt(2 / fan_in)
        parameters[f"{name}.{index}.bias"] = draw(units) * 0.1
    return {key: value.float().double().requires_grad_() for key, value in parameters.items()}


def apply(parameters, x):
    tensors = list(parameters.values())
    for index in range(0, len(tensors), 2):
        x = x @ tensors[index] + tensors[index + 1]
        if index < len(tensors) - 2:
            x = F.leaky_relu(x, SLOPE)
    return x


def input_gradient(critic, x):
    return torch.autograd.grad(apply(critic, x).sum(), x, create_graph=True)[0]


def two_sided_penalty(critic, x):
    return ((input_gradient(critic, x).norm(2, dim=1) - 1) ** 2).mean()


def critic_losses(critic, generator, rows, z, mix):
    fake = apply(generator, z).detach()
    wasserstein = apply(critic, rows).mean() - apply(critic, fake).mean()
    mixed = (mix * rows + (1 - mix) * fake).requires_grad_()
    penalty = two_sided_penalty(critic, mixed)
    return LAMBDA * penalty - wasserstein, wasserstein, penalty


def numbers(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().flatten().tolist()]


def inputs(tensor):
    """As short as float32 allows: to be rounded to float32 by the reader."""
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def named(keys, tensors):
    return {key: numbers(tensor) for key, tensor in zip(keys, tensors)}


def gradients(loss, parameters):
    derivatives = torch.autograd.grad(loss, list(parameters.values()), retain_graph=True)
    return named(parameters, derivatives)


def check_units(critic):
    biases = [parameter.grad for key, parameter in critic.items() if key.endswith("bias")]
    assert all(bias.abs().min() > 1e-7 for bias in biases[:-1]), "a unit is always on one side: take another seed"


def train(critic, generator, table, noise):
    adam = {"lr": 1e-4, "betas": (0.0, 0.9), "eps": 1e-8}
    critic_adam = torch.optim.Adam(critic.values(), **adam)
    generator_adam = torch.optim.Adam(generator.values(), **adam)
    history = {name: [] for name in ("criticLoss", "wassersteinEstimate", "penalty", "generatorLoss")}
    for step in range(STEPS):
        means = torch.zeros(3, dtype=torch.float64)
        for index in range(N_CRITIC):
            rows = table[noise[f"rowIndices.{index}"][step]]
            losses = critic_losses(critic, generator, rows, noise[f"latent.{index}"][step], noise[f"mix.{index}"][step])
            critic_adam.zero_grad()
            losses[0].backward()
            check_units(critic)
            critic_adam.step()
            means += torch.stack(losses).detach() / N_CRITIC
        generator_loss = -apply(critic, apply(generator, noise["latent"][step])).mean()
        generator_adam.zero_grad()
        generator_loss.backward()
        generator_adam.step()
        for name, value in zip(history, [*means, generator_loss]):
            history[name].append(value.item())
    return history


def one_step(critic, generator, table, noise):
    """The first critic update, the first generator update, and what they are made of, at the initial weights."""
    rows, z, mix = table[noise["rowIndices.0"][0]], noise["latent.0"][0], noise["mix.0"][0]
    loss, _, penalty = critic_losses(critic, generator, rows, z, mix)
    mixed = (mix * rows + (1 - mix) * apply(generator, z).detach()).requires_grad_()
    generator_loss = -apply(critic, apply(generator, noise["latent"][0])).mean()
    weights = [key for key in critic if key.endswith("weight")]
    return {
        "inputGradient": numbers(input_gradient(critic, mixed)),
        "penaltyGradients": gradients(penalty, {key: critic[key] for key in weights}),
        "criticGradients": gradients(loss, critic),
        "generatorGradients": gradients(generator_loss, generator),
    }


def logistic_step(critic, table, noise):
    """High on y, the moved copies: softplus(f(x)) + softplus(-f(y)) + lambda |grad f|^2 between them."""
    x = table[noise["rowIndices.0"][0]]
    y = (x + draw(BATCH, FEATURES)).float().double()
    mixed = (x + noise["mix.0"][0] * (y - x)).requires_grad_()
    penalty = (input_gradient(critic, mixed) ** 2).sum(1).mean()
    loss = F.softplus(apply(critic, x)).mean() + F.softplus(-apply(critic, y)).mean() + LOGISTIC_LAMBDA * penalty
    return {"y": inputs(y), "lambda": LOGISTIC_LAMBDA, "loss": loss.item(), "gradients": gradients(loss, critic)}


def main():
    table = draw(ROWS, FEATURES)
    critic = mlp("critic", [FEATURES, *HIDDEN, 1])
    generator = mlp("generator", [LATENT, *HIDDEN, FEATURES])
    noise = {"latent": draw(STEPS, BATCH, LATENT)}
    for index in range(N_CRITIC):
        noise[f"rowIndices.{index}"] = torch.tensor(random.integers(ROWS, size=(STEPS, BATCH)))
        noise[f"latent.{index}"] = draw(STEPS, BATCH, LATENT)
        noise[f"mix.{index}"] = draw(STEPS, BATCH, 1, kind="uniform")
    everything = {**critic, **generator}
    golden = {
        "madeBy": f"test/golden/make_golden.py, PyTorch {torch.__version__}",
        "features": FEATURES,
        "latent": LATENT,
        "hidden": HIDDEN,
        "batch": BATCH,
        "rows": ROWS,
        "steps": STEPS,
        "criticSteps": N_CRITIC,
        "lambda": LAMBDA,
        "slope": SLOPE,
        "table": inputs(table),
        "noise": {name: inputs(values) for name, values in noise.items()},
        "initial": {name: inputs(values) for name, values in everything.items()},
        "oneStep": one_step(critic, generator, table, noise),
        "logistic": logistic_step(critic, table, noise),
    }
    golden["losses"] = train(critic, generator, table, noise)
    golden["final"] = named(everything, everything.values())
    path = pathlib.Path(__file__).with_name("wgan-gp.json")
    path.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
