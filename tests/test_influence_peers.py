"""What one label does, against the influence functions of captum (Koh and Liang 2017).

Neither it nor PyTorch is a dependency; `pip install captum` beside Askwell, and these tests run.
"""

import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
captum = pytest.importorskip("captum.influence", reason="captum is not installed")

from askwell.core.geometry import extended  # noqa: E402
from askwell.core.influence import SOFT, LabelInfluence  # noqa: E402
from test_influence import D, data, exact, moved  # noqa: E402


def theirs(weights, x, y, ridge, shown):
    """The change of every class's logit at `shown`, for each unit of weight of each labelled point: ``[b, m, c]``.

    Their curvature is the sum of the losses of a dataset. A row that is a unit vector and has the label -1 there is
    the penalty on a column of the weights.
    """
    c, wide = len(weights), lambda x: torch.as_tensor(np.append(x, np.ones((len(x), 1)), axis=1))
    model = torch.nn.Linear(D + 1, c, bias=False).double()
    model.weight.data = torch.as_tensor(np.ascontiguousarray(weights))

    def loss(logits, label):
        fit = torch.nn.functional.cross_entropy(logits, label, reduction="none", ignore_index=-1)
        return fit + torch.where(label == -1, ridge / 2 * (logits**2).sum(1), 0.0)

    def logit(k):
        shown = lambda logits, label: logits[:, k]
        shown.reduction = "none"
        return shown

    loss.reduction = "none"  # captum asks for it: a loss for each row
    labelled = wide(x), torch.as_tensor(y)
    penalty = torch.eye(D, D + 1).double(), torch.full((D,), -1)
    both = [torch.cat(pair) for pair in zip(labelled, penalty, strict=True)]
    columns = []
    for k in range(c):
        found = captum.NaiveInfluenceFunction(
            model,
            torch.utils.data.TensorDataset(*labelled),
            checkpoint="",
            checkpoints_load_func=lambda model, path: 1.0,  # it has its weights
            loss_fn=loss,
            test_loss_fn=logit(k),
            hessian_dataset=torch.utils.data.TensorDataset(*both),
            batch_size=len(both[0]),
            projection_dim=c * (D + 1),
            hessian_reg=SOFT,
        )
        columns.append(-found.influence((wide(shown), torch.zeros(len(shown), dtype=int))))
    return torch.stack(columns, -1).numpy().transpose(1, 0, 2)


@pytest.mark.parametrize(("classes", "n"), [(2, 40), (3, 60), (5, 100)])
def test_without_its_leverage_it_is_the_influence_function(classes, n):
    """A copy of a point, of a small weight, is added and taken away again: what bends is what was there before."""
    x, y = data(classes, n)
    weights, shown = exact(x, y), data(classes, 20, seed=1)[0]
    ridge, small = 2.0 if classes == 2 else 1.0, 1e-3
    penalty = jnp.array([ridge] * D + [0.0])
    places = range(0, n, 3)

    def change(place, copy, taken):
        """What taking a point away does to logits at `shown` when there is also a copy of one, of that weight."""
        rows = jnp.asarray(np.append(x, x[[place]], axis=0)), jnp.asarray(np.append(y, y[place]))
        heavy = jnp.append(jnp.ones(n), copy)
        fitted = jnp.asarray(weights, jnp.float32), jnp.ones(classes, bool)
        now = LabelInfluence.of(*fitted, *rows, heavy, penalty)
        return np.asarray(extended(jnp.asarray(shown)) @ now.removed(taken, steps=1).T)

    ours = np.array([-change(place, small, n) / small for place in places])
    peer = theirs(weights, x, y, ridge, shown)[::3]
    assert np.linalg.norm(ours - peer) < 1e-4 * np.linalg.norm(peer)  # 4e-6 when this was written
    # With its leverage it is something else, and nearer to a refit.
    off = lambda step, true: np.linalg.norm(step - step.mean(axis=2, keepdims=True) - true)
    true = np.array([moved(weights, np.delete(x, i, axis=0), np.delete(y, i), shown) for i in places])
    heeded = np.array([change(place, 0.0, place) for place in places])
    assert 1.2 * off(heeded, true) < off(-peer, true)
