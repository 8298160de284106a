"""Ten-step losses of critic and generator, made with PyTorch: python3 test/golden/make_games.py writes games.json beside itself.

Every objective with every regulariser by Adam, then every optimiser, lazy intervals, a falling rate and an average of the
generator's weights. Networks, rows and noise are those of wgan-gp.json, computed in double precision.
"""

import json
import math
import pathlib

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


def penalty_of(kind, critic, real, fake, mix):
    """What is penalised, and by which share of the weight."""
    rows, target, share = {
        "gradient-penalty": (mix * real + (1 - mix) * fake, 1.0, 1.0),
        "zero-centred": (mix * real + (1 - mix) * fake, 0.0, 1.0),
        "r1": (real, 0.0, 0.5),
        "r2": (fake, 0.0, 0.5),
    }[kind]
    gradient = base.input_gradient(critic, rows.detach().clone().requires_grad_())
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


def play(case):
    critic, generator = starting_networks()
    table = torch.tensor(GOLDEN["table"], dtype=torch.float32).double().reshape(GOLDEN["rows"], -1)
    of_critic, of_generator = optimiser(critic.values(), case), optimiser(generator.values(), case)
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
            of_real, of_fake = base.apply(critic, rows), base.apply(critic, fake)
            loss = critic_loss(case["objective"], of_real, of_fake)
            if has_penalty and turn % interval == 0:
                penalty, share = penalty_of(regulariser, critic, rows, fake, mix)
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
                    for parameter in critic.values():
                        parameter.clamp_(-case["weight"], case["weight"])
            if (turn + 1) % k == 0:
                number = turn // k
                # The second generator's turn of a step takes noise that no critic's turn takes.
                name = "latent" if number == 0 else "latent.4"
                lost = generator_loss(case["objective"], base.apply(critic, base.apply(generator, noise(name, GOLDEN["latent"], step))))
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
    return {"case": case, "losses": history, **({"averages": base.named(average, average.values())} if average else {})}


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


def main():
    games = [play(case) for case in cases()]
    golden = {"madeBy": f"test/golden/make_games.py, PyTorch {torch.__version__}", "games": games}
    (HERE / "games.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
