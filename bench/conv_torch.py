"""The convolutions of `npm run bench:conv` in PyTorch eager: forward, both derivatives, layers of them in one run, and a whole
R1 critic step (logistic loss on real and generated images, R1 by double backward, Adam). Reads cases on standard input, a JSON
line each, and answers each with its time as JSON.
"""

import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Critic(nn.Module):
    def __init__(self, size, channels):
        super().__init__()
        self.first = nn.Conv2d(3, channels, 1)
        self.layers = nn.ModuleList()
        while size > 4:
            self.layers.append(nn.Conv2d(channels, channels, 3, padding=1))
            size //= 2
        self.last = nn.Linear(channels * 16, 1)

    def forward(self, x):
        x = F.leaky_relu(self.first(x), 0.2)
        for layer in self.layers:
            x = F.avg_pool2d(F.leaky_relu(layer(x), 0.2), 2)
        return self.last(x.flatten(1))


def make_step(batch, channels, size, layout):
    critic = Critic(size, channels).to(memory_format=layout)
    adam = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.99))
    real, fake = (torch.randn(batch, 3, size, size).contiguous(memory_format=layout) for _ in range(2))

    def step():
        x = real.detach().requires_grad_()
        f = critic(x)
        (gradient,) = torch.autograd.grad(f.sum(), x, create_graph=True)
        loss = F.softplus(-f).mean() + F.softplus(critic(fake)).mean() + 5 * gradient.square().sum((1, 2, 3)).mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return step


def make_layers(case, x, layout):
    """Layers in one run: the image of each through its convolution, what comes out taken for its derivative, and the derivative
    by the image as the next one's image. Keeps the derivatives by all kernels, and the last image."""
    out, channels, kernel, stride, padding = (case[key] for key in ("out", "channels", "kernel", "stride", "padding"))
    deviation = (stride / (kernel**2 * (channels * out) ** 0.5)) ** 0.5
    kernels = [
        deviation * torch.randn(out, channels, kernel, kernel).contiguous(memory_format=layout)
        for _ in range(case["layers"])
    ]

    def layers():
        image, by_kernel = x, []
        for w in kernels:
            y = F.conv2d(image, w, stride=stride, padding=padding)
            image, derivative, _ = torch.ops.aten.convolution_backward(
                y, image, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [True, True, False]
            )
            by_kernel.append(derivative)
        return by_kernel, image

    return layers


def make_work(case, layout):
    batch, channels, size = case["batch"], case["channels"], case["size"]
    if case["kind"] == "step":
        return make_step(batch, channels, size, layout)
    kernel, stride, padding = case["kernel"], case["stride"], case["padding"]
    x = torch.randn(batch, channels, size, size).contiguous(memory_format=layout)
    w = torch.randn(case["out"], channels, kernel, kernel).contiguous(memory_format=layout)
    if case["kind"] == "layers":
        return make_layers(case, x, layout)
    y = torch.randn_like(F.conv2d(x, w, stride=stride, padding=padding)).contiguous(memory_format=layout)
    derivative = lambda mask: torch.ops.aten.convolution_backward(
        y, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, mask
    )
    return {
        "forward": lambda: F.conv2d(x, w, stride=stride, padding=padding),
        "byImage": lambda: derivative([True, False, False]),
        "byKernel": lambda: derivative([False, True, False]),
    }[case["kind"]]


def main():
    torch.set_num_threads(json.loads(sys.argv[1])["threads"])
    torch.manual_seed(1)
    layouts = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    works = {}
    for line in sys.stdin:
        request = json.loads(line)
        case, layout, runs = request["of"], request["layout"], request["runs"]
        key = json.dumps([case, layout])
        if key not in works:
            works = {key: make_work(case, layouts[layout])} | {k: w for k, w in list(works.items())[-3:]}
        work = works[key]
        with torch.set_grad_enabled(case["kind"] == "step"):
            wall, cpu = time.perf_counter(), cpu_seconds()
            for _ in range(runs):
                work()
            wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        print(json.dumps({"wallMs": 1000 * wall / runs, "cpuMs": 1000 * cpu / runs}), flush=True)


main()
