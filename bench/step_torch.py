"""The WGAN-GP critic step of `npm run bench:step` in PyTorch eager: rows and noise drawn, generator forward, double
backward for the penalty, Adam. Reads numbers of steps on standard input and answers each with its time as JSON.
"""

import json
import resource
import sys
import time

import torch
import torch.nn as nn


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def mlp(widths):
    layers = []
    for fan_in, units in zip(widths, widths[1:]):
        layers += [nn.Linear(fan_in, units), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def make_step(size, device):
    """The step as a function, which answers the loss."""
    batch, features, latent, rows = size["batch"], size["features"], size["latent"], size["rows"]
    critic = mlp([features, *size["hidden"], 1]).to(device)
    generator = mlp([latent, *size["hidden"], features]).to(device)
    table = torch.randn(rows, features, device=device)
    adam = torch.optim.Adam(critic.parameters(), lr=1e-4, betas=(0.0, 0.9))

    def step():
        x = table[torch.randint(rows, (batch,), device=device)]
        with torch.no_grad():
            fake = generator(torch.randn(batch, latent, device=device))
        mixed = torch.lerp(fake, x, torch.rand(batch, 1, device=device)).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        penalty = ((gradient.norm(2, dim=1) - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(x).mean() + 10 * penalty
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        return loss

    return step


def main():
    size = json.loads(sys.argv[1])
    torch.set_num_threads(size["threads"])
    torch.manual_seed(1)
    step = make_step(size, "cpu")
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        steps = int(line)
        wall, cpu = time.perf_counter(), cpu_seconds()
        for _ in range(steps):
            loss = step()
        loss.item()
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        print(json.dumps({"wallMs": 1000 * wall / steps, "cpuMs": 1000 * cpu / steps}), flush=True)


if __name__ == "__main__":
    main()
