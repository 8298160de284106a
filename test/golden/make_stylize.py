"""Ten steps of a stylizer's decoder and of Gatys' optimisation made with PyTorch: python3 test/golden/make_stylize.py writes
stylize.json beside itself.

Written from the papers (Huang and Belongie 2017; Gatys et al. 2015), in double precision. Weights and images are not kept in the file: both
sides make them from their names, as make_stylegan.py does.
"""

import json
import math

import torch
import torch.nn.functional as F
from make_stylegan import HERE, numbers

CHANNELS, WIDTH, LAYERS, SLOPE = 3, 4, 2, 0.2
SIZE, BATCH, STEPS, RATE, STYLE_WEIGHT, GRAM_WEIGHT = 8, 2, 10, 2e-3, 10.0, 100.0
WIDTHS = [WIDTH * 2**layer for layer in range(LAYERS)]


def he(fan_in, slope):
    return math.sqrt(2 / ((1 + slope**2) * fan_in))


def layer(name, out, channels, kernel, slope):
    weight = numbers(f"{name}.weight", (out, channels, kernel, kernel), he(channels * kernel**2, slope))
    return weight, numbers(f"{name}.bias", (out,), 0.1)


ENCODER = [layer(f"{i}", out, ([CHANNELS] + WIDTHS)[i], 4, SLOPE) for i, out in enumerate(WIDTHS)]
DECODER = [
    layer("decoder.first", WIDTHS[1], WIDTHS[1], 3, SLOPE),
    layer("decoder.0", WIDTHS[0], WIDTHS[1], 3, SLOPE),
    layer("decoder.1", WIDTH, WIDTHS[0], 3, SLOPE),
    layer("decoder.last", CHANNELS, WIDTH, 3, 1),
]


def convolve(x, parameters, stride=1):
    weight, bias = parameters
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias, stride=stride)


def encode(x):
    features = []
    for parameters in ENCODER:
        x = F.leaky_relu(convolve(x, parameters, 2), SLOPE)
        features.append(x)
    return features


def decode(t):
    first, *blocks, last = DECODER
    h = F.leaky_relu(convolve(t, first), SLOPE)
    for block in blocks:
        h = F.leaky_relu(convolve(F.interpolate(h, scale_factor=2, mode="nearest"), block), SLOPE)
    return convolve(h, last)


def statistics(x, floor=0.0):
    variance = x.var((2, 3), unbiased=False, keepdim=True)
    return x.mean((2, 3), keepdim=True), (variance + floor).sqrt()


def adapt(content, style):
    """Equation 8."""
    (mean, deviation), (style_mean, style_deviation) = statistics(content), statistics(style)
    return style_deviation * (content - mean) / deviation + style_mean


def style_loss(has, wants):
    """Equation 13, with mean squares; the floor is that of the product, which keeps the root differentiable."""
    parts = [F.mse_loss(a, b) for x, s in zip(has, wants) for a, b in zip(statistics(x, 1e-5), statistics(s, 1e-5))]
    return sum(parts)


def gram(x):
    b, c, h, w = x.shape
    return torch.einsum("bchw,bdhw->bcd", x, x) / (h * w)


def gram_loss(has, wants):
    return sum(F.mse_loss(gram(x), gram(s)) for x, s in zip(has, wants)) / len(has)


def rate_at(step):
    return RATE * min(1.0, 2 * (1 - step / STEPS))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99), eps=1e-8)


def decoder_steps():
    shape = (BATCH, CHANNELS, SIZE, SIZE)
    parameters = [p.requires_grad_() for pair in DECODER for p in pair]
    optimiser = adam(parameters)
    losses = {"loss": [], "contentLoss": [], "styleLoss": []}
    for step in range(STEPS):
        c, s = numbers("contents", shape, 0.4, step), numbers("styles", shape, 0.4, step)
        wanted = encode(s)
        t = adapt(encode(c)[-1], wanted[-1])
        image = decode(t)
        features = encode(image)
        content, style = F.mse_loss(features[-1], t), style_loss([image, *features], [s, *wanted])
        loss = content + STYLE_WEIGHT * style
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for name, value in zip(losses, (loss, content, style)):
            losses[name].append(value.item())
    return losses


def gatys_steps():
    content, style = numbers("content", (1, CHANNELS, 12, 8), 0.4), numbers("style", (1, CHANNELS, 8, 16), 0.4)
    target, wanted = encode(content)[-1], [style, *encode(style)]
    image = content.clone().requires_grad_()
    optimiser = adam([image])
    losses = []
    for step in range(STEPS):
        features = encode(image)
        loss = F.mse_loss(features[-1], target) + GRAM_WEIGHT * gram_loss([image, *features], wanted)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        image.data.clamp_(-1, 1)
        losses.append(loss.item())
    return losses, image.flatten().tolist()


def main():
    content, style = numbers("content", (1, CHANNELS, 12, 8), 0.4), numbers("style", (1, CHANNELS, 8, 16), 0.4)
    with torch.no_grad():
        f, wanted = encode(content)[-1], encode(style)
        adapted = adapt(f, wanted[-1])
        image = decode(f + 0.7 * (adapted - f))
        features = encode(image)
        measured = {
            "content": F.mse_loss(features[-1], adapted).item(),
            "style": style_loss([image, *features], [style, *wanted]).item(),
            "contentFeatures": F.mse_loss(features[-1], f).item(),
            "gram": gram_loss([image, *features], [style, *wanted]).item(),
        }
    gatys, optimised = gatys_steps()
    made_by = f"torch {torch.__version__.split('+')[0]}, float64, by test/golden/make_stylize.py"
    shared = dict(channels=CHANNELS, width=WIDTH, layers=LAYERS, slope=SLOPE, size=SIZE, batch=BATCH, steps=STEPS)
    weights = dict(learningRate=RATE, styleWeight=STYLE_WEIGHT, gramWeight=GRAM_WEIGHT)
    found = dict(adapted=adapted.flatten().tolist(), image=image.flatten().tolist(), measured=measured)
    steps = dict(decoder=decoder_steps(), gatys=gatys, optimised=optimised)
    (HERE / "stylize.json").write_text(json.dumps({"madeBy": made_by, **shared, **weights, **found, **steps}) + "\n")


if __name__ == "__main__":
    main()
