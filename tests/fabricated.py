"""Training runs as `askwell train` leaves them, with decisions that collapse or do not."""

import numpy as np
import polars as pl


def write_training(root, collapsed=False, updates=60, seeds=2, groups=8, classes=4, rounds=5, every=10):
    """Fill a directory. A collapsed policy ends up asking in group 3 and class 2 alone."""
    rng = np.random.default_rng(0)
    rows, decisions, validation = [], [], []
    for seed in range(seeds):
        ends = {"group": np.full(groups, 1 / groups), "class": np.full(classes, 1 / classes)}
        if collapsed:
            ends = {"group": np.eye(groups)[3], "class": np.eye(classes)[2]}
        warned = False
        for update in range(updates):
            t = 1 - np.exp(-5 * update / updates)
            shares = {kind: (1 - t) / len(end) + t * end for kind, end in ends.items()}
            many = {kind: float(np.exp(-np.sum(p * np.log(p + 1e-12)))) for kind, p in shares.items()}
            warn = collapsed and not warned and many["group"] < 2
            warned = warned or warn
            rows.append(
                {
                    "seed": seed,
                    "update": update,
                    "seconds": 0.5,
                    "reward": 0.6 + 0.1 * t + rng.normal(0, 0.01),
                }
                | {"spread": 0.03, "entropy": np.log(many["group"]) + 1, "groups": many["group"]}
                | {
                    "classes": many["class"],
                    "largest": float(shares["group"].max()),
                    "redundancy": 0.3 + 0.4 * t,
                }
                | {"gradient": 1.0, "shuffled": 0.5, "agreement": 0.2, "chance": 0.0}
                | {"warning": "Collapse: a batch asks in fewer than 2 groups." if warn else ""}
            )
            if update % every == 0 or update == updates - 1:
                decisions += [
                    {
                        "seed": seed,
                        "update": update,
                        "round": r,
                        "kind": kind,
                        "index": i,
                        "share": float(share),
                    }
                    | {"prior": 1 / len(p)}
                    for r in range(rounds)
                    for kind, p in shares.items()
                    for i, share in enumerate(p)
                ]
                validation += [
                    {"seed": seed, "update": update, "against": name}
                    | {"difference": d, "low": d - 0.01, "high": d + 0.01}
                    for name, d in (("random", 0.05 * t), ("margin-herding", -0.002))
                ]  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    for name, table in (("training", rows), ("decisions", decisions), ("validation", validation)):
        pl.DataFrame(table).write_parquet(root / f"{name}.parquet")
    (root / "spec.toml").write_text('trainer = "siblings"\nupdates = 60\n')
    (root / "policy.json").write_text('{"head": "pointwise", "seed": 0, "nothing": null}')
    (root / "policy.safetensors").write_bytes(b"")
    return root
