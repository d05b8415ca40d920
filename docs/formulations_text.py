"""What docs/formulations.py says in words; figures are computed there."""

INTRODUCTION = """# Other formulations

Written by `python docs/formulations.py --runs runs` from the runs that the commands below made.

The batch game chooses rows of the pool. The same pool, learner and budget can be asked in other ways: for a class,
through a labeller who looks for a point of it and may be wrong; or one point after the other, label or skip; or with
a price for each label, so that one must say when to stop ([stopping](stopping.md)). And the choice among rows can be
learned in other ways than by policy gradient. Each is a game or a trainer of its own, played on the same splits.
"""

CLASSES_TEXT = """## Ask for a class
`askwell compare digits --game class-queries --setting error=0.2`

A batch is a list of classes. For each place in it a labeller, who guesses every point's class and is wrong with
probability `error`, finds a random point that seems to be of that class; its true label is bought. `by=group` puts
k-means groups in the place of classes, and `within=uncertain` or `within=centre` lets the labeller choose better
within the class.

| rule | shares of a batch |
| --- | --- |
| `pool-shares` | as the pool has them, by the labeller's guesses: random sampling, stratified (the baseline) |
| `equal-shares` | the same of each class ("uniform" of Lomasky et al. 2007, *Active class selection*) |
| `filling-shares` | what each class lacks of an equal share of all labels so far |
| `needed-shares` | the sum of the margin uncertainties of a class's points |

The head `groups` learns such shares: `joint` has outputs for each place of the batch and each class (q × c,
reshaped), `shared` one for each class, `repeated` one decision for the whole batch, `autoregressive` decides each
place anew. In Gymnasium the game is `askwell/ClassQueries-v0`, with the action `MultiDiscrete([c] * q)`.

A labeller who is never wrong knows all classes. What comes of that is no rule's merit, but a bound on what knowing
the classes is worth: in the tables below, compare players with the same error `p`.
"""

CORRELATION_TEXT = """## Does the action decide the outcome?
`python studies/correlation.py --out runs/correlation.json`

The notes ask for the "perfect" game first, one in which the action determines what comes of it. On six sets, at
three moments of an episode, 32 random actions are tried from one state, each twice; what the action leaves open is
drawn anew. The second column is the standard deviation of a round's reward (accuracy). "decided by the action" is
the share of that variance that the action decides, "of the return" its share of the variance of all that is earned
until the end of the episode if the later rounds are played at random. "foreseen" is the share that a linear model
of what a policy sees foretells on sets that it was not fitted to.
"""

ACTOR_TEXT = """### An actor and critics
`askwell train studies/td3.toml --out runs/td3`  
`python studies/point_path.py --runs runs --out runs/point-path.json`

The trainer `td3` (Fujimoto et al. 2018) learns a deterministic choice. The head `point-actor` rates the rows with a
small network, and the point is their mean, weighted by a softmax of the ratings. So one actor serves any pool in any
number of dimensions, and the point has a slope in the actor's weights. How sharp the softmax may be is bounded: without
that it left one row alone within twenty updates, and the actor had no slope any more.

Two critics learn the return of a point (reward and 0.9 times what follows) from a replay buffer, with slowly following
targets and noise on the target's point; the actor climbs the first of them. What the critics see at a point is what is
seen of the rows near it, softly: the features of `point-gain` have poles at each row, and slopes only where the learner
has them. It also makes a move small enough to be remembered: rows enter by their features and their distances from
each other alone. Eight episodes are played on each task, so half as many labels are tried as by `point-gain`.

"""

DQN_TEXT = """## Returns beyond the round
`askwell train studies/dqn.toml --out runs/dqn`

`regression` looks at one round only. The trainer `dqn` (LAL-RL, Konyushkova et al. 2018) teaches the same head `gain`
the return: the reward of a label, and 0.9 times that of the best of 16 candidates in the next state, until the end of
the episode. With rewards of accuracy that is the area under the learning curve, discounted. It has a replay buffer and
double targets: the network chooses the next action, its copy from before the update values it. In a game of two labels,
in which every episode can be written down, it converges to the returns of the best play
(`tests/test_training_dqn.py`). Eight episodes are played on each task, so half as many labels are tried as by
`regression`. In play it picks batches as `regression` does.

"""

SYNTHESIS_TEXT = """### Points that are no rows
`askwell compare --spec studies/point-synthesis.toml --out runs/formulations/synthesis`  
`askwell compare --spec studies/point-synthesis.toml --game point-queries --out runs/formulations/nearest`

In the game `point-synthesis` the learner is fitted to the point itself, with the label of the nearest row of the pool
as what an annotator would say of it (`askwell/PointSynthesis-v0`). Where truth is a function of the point (twonorm,
ring) that is nearly the truth. AULC of each rule, and of the same rule where the nearest row is bought; differences
paired by split:
"""

POINTS_TEXT = """## Ask in the data space
`askwell compare digits --game point-queries`

The action is a list of points of the data space, `float [q, d]`; for each the nearest row that was not asked is
labelled. So an action has as many numbers for a pool of a million as for one of a hundred.

| rule | where it asks |
| --- | --- |
| `row-points` | where random rows lie: random sampling (the baseline) |
| `random-points` | anywhere, from a normal distribution with the pool's mean and deviations |
| `uncertain-points` | at peaks of margin uncertainty, which may lie where no row is |
| `herding-points` | at peaks of margin uncertainty times coverage gain: margin-herding, but in the space |

Peaks are climbed to from eight random rows, by trying neighbours in steps that get shorter, so that no learner has
to give a gradient. The head `point-gain` is Q-learning on the choice of the data point: the trainer `regression`
fits a network to what points near random rows gained, and the best point is climbed to in the same way. All its
inputs are defined anywhere in the space, so one network serves spaces of any dimension. Each round's gain is all
that it looks at (no discounting of later rounds), so it needs no target network. In Gymnasium the game is
`askwell/PointQueries-v0`, with a `Box` of actions.

"""

REGRESSION_TEXT = """## Regression instead of a policy gradient
`askwell train studies/regression.toml --out runs/regression`

LAL (Konyushkova et al. 2017) learns from simulated rounds what each label brings, and asks where it foretells most.
The trainer `regression` tries 16 random points in each state, each alone, by exact refits, keeps what was seen and
gained in a buffer of 8,192 states, and fits the network of the head `gain` to it. In play a batch is picked one
point at a time; what is in it already counts as labelled in the features of the others.

`python studies/gain.py --run runs/regression --out runs/gain.json`

What foretells the gain of a single label best? Linear model and boosted trees (scikit-learn's) learn from 3,168
states of random play, the network from its own training; all are judged on fresh synthetic tasks and on the
meta-validation sets. "rank" is the mean rank correlation, within a state, of the 16 gains and what was foretold of
them; "won" is the gain of the point that was foretold to be the best, as a share of the best one's, both less the
mean.
"""

VERDICT = """## Verdict

- **Rows of the pool stay the best thing to choose.** A batch of rows decides its round's reward wholly (the
  classifier has no luck of its own), and good rules are far above random ones. What it decides of the whole
  episode's return is next to nothing: that is why siblings of one round teach a policy something and whole episodes
  do not.
- **Asking for classes is too weak a choice.** Even with a labeller who is never wrong, most of the reward depends
  on which point of the class turns up. Knowing all classes and asking them in the best shares stays far below
  asking the right rows. Filling up what is missing helps most where there are many classes. Learned shares do not
  beat the rules: a null result.
- **The data space works**, and one small network serves spaces of any dimension. Climbing to a peak and taking the
  nearest row loses some of what scoring the rows themselves gains, since a peak lies where no row is. Points from a
  normal distribution are much worse than random rows on all sets but one: in many dimensions their nearest rows are
  the odd ones.
- **Regression comes far without a probability.** From random weights, with coverage gain in cold rounds, it is in
  minutes well above margin and far above random, and where it was chosen not told from the best rule; on the other
  sets that rule and the shipped policy stay a little ahead.
- **Label or skip** says little with each decision: it is one of ten in its round, and the order of the stream does the
  rest, so that rules can hardly be told apart.
- Questions about half-spaces, and the end of an episode as an action, have pages of their own:
  [half-spaces](half-spaces.md), [when to stop](stopping.md). So have LAL on its own tasks and a value network as
  baseline: [learning values](values.md).
- **A made-up point is no better than the row beside it.** Rules that climb to peaks lose a little, since what lies
  between the rows has a guessed label; points from a normal distribution lose most where there are many dimensions.
- **An actor and critics for points learned next to nothing**: a null result. TD3 cannot be told from random rows,
  neither where it was judged nor on the held-out sets, and is worse than point-gain and herding-points. It is trained
  with single labels, and the ten points of its batch lie at nearly one place: a mean of rows moves little when a point
  is added to the batch, where point-gain's search jumps to another peak (see the figure). How it does where batches are
  of one label was not measured.
- **Q-learning beyond the round brings nothing here.** DQN is better than margin, and worse than uherding and the
  shipped policy. On the meta-validation sets it stays far behind `regression`; on the held-out sets that lead is not
  certain. It tried half as many labels, and it sees one action in each state, where `regression` compares sixteen.
  What of that, or of the longer view itself, costs the most was not taken apart.
"""
