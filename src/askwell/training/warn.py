"""Warnings in words: a policy that collapses, or that learns nothing."""

import statistics
from collections.abc import Sequence
from typing import Any

from askwell.training.spec import TrainingSpec

WINDOW = 50
"""Updates that a warning looks back on; it falls once a kind."""

COPIES, FEW, SURE = 0.95, 1.5, 0.02


def warning(rows: Sequence[dict[str, Any]], spec: TrainingSpec) -> str:
    """The warning that falls at the last of one seed's rows; empty if none does."""
    if len(rows) < WINDOW:
        return ""
    recent = rows[-WINDOW:]
    told = " ".join(row.get("warning", "") for row in rows[:-1])
    mean = {
        name: sum(row[name] for row in recent) / WINDOW
        for name in recent[0]
        if isinstance(recent[0][name], float)
    }
    batch = max(source.batch for source in spec.sources)
    found = []
    if batch > 2 and "groups" in mean and (mean["groups"] < FEW or mean["redundancy"] > COPIES):
        found.append(
            f"Collapse: over {WINDOW} updates a batch of {batch} held {mean['groups']:.1f} effective groups, at a "
            f"redundancy of {mean['redundancy']:.2f}; raise the entropy bonus, add a prior penalty or lower the step."
        )
    if mean.get("entropy", SURE) < SURE:
        found.append(
            f"Certain: decisions have {mean['entropy']:.3f} nats of entropy left over {WINDOW} updates, so nothing "
            "new is tried; raise the entropy bonus or lower the step."
        )
    agreement = [row["agreement"] for row in recent if "agreement" in row]
    error = statistics.stdev(agreement) / WINDOW**0.5 if len(agreement) == WINDOW else -1.0
    if error >= 0 and mean["agreement"] <= error:
        found.append(
            f"No signal: over {WINDOW} updates two halves of the tasks agreed on the gradient to a cosine of "
            f"{mean['agreement']:.3f} ± {error:.3f} (standard error), which is chance; use more tasks or siblings, or "
            "a larger selection split, or stop, if validation has risen and rests."
        )
    return " ".join(sentence for sentence in found if sentence.split(":")[0] + ":" not in told)
