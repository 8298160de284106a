"""Golden values of a convolutional critic made with PyTorch: python3 test/golden/make_convolutions.py writes
convolutions.json beside itself.

Two layers with a leaky ReLU - a 4x4 convolution by 2 and a 3x3 transposed convolution by 2 -, a blur, average pooling and a dense
layer. Kept are the output, its derivative by the image, and the derivatives by every weight of R1, mean |d f / d x|^2 (Mescheder
2018, equation 9), which are second derivatives. Computed in double precision from numbers that float32 holds.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.default_rng(23)
SLOPE = 0.2


def draw(*shape):
    return torch.tensor(np.round(random.standard_normal(shape), 3).astype(np.float32)).double()


BLUR = torch.tensor([1.0, 2.0, 1.0]).double()
BLUR = torch.outer(BLUR, BLUR) / 16


def critic(x, w):
    h = F.leaky_relu(F.conv2d(x, w["first"], stride=2, padding=1), SLOPE)
    h = F.conv_transpose2d(h, w["second"], stride=2, padding=1, output_padding=1)
    h = F.conv2d(h, BLUR.expand(h.shape[1], 1, 3, 3), padding=1, groups=h.shape[1])
    h = F.avg_pool2d(torch.tanh(h), 2)
    h = F.interpolate(h, scale_factor=2, mode="nearest")
    return h.flatten(1) @ w["last"]


def main():
    x = draw(2, 3, 8, 6).requires_grad_()
    w = {"first": draw(4, 3, 4, 4) * 0.2, "second": draw(4, 2, 3, 3) * 0.3, "last": draw(2 * 8 * 6, 1) * 0.2}
    w = {name: value.float().double().requires_grad_() for name, value in w.items()}
    y = critic(x, w)
    (gradient,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    penalty = gradient.square().sum((1, 2, 3)).mean()
    derivatives = dict(zip(w, torch.autograd.grad(penalty, list(w.values()))))
    flat = lambda tensor: [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]
    golden = {
        "madeBy": f"PyTorch {torch.__version__}, double precision",
        "image": flat(x),
        "weights": {name: {"shape": list(value.shape), "values": flat(value)} for name, value in w.items()},
        "output": flat(y),
        "inputGradient": flat(gradient),
        "penalty": penalty.item(),
        "penaltyGradients": {name: flat(value) for name, value in derivatives.items()},
    }
    path = pathlib.Path(__file__).with_name("convolutions.json")
    path.write_text(json.dumps(golden) + "\n")


main()
