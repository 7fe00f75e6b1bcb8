"""What is set against what, and the ratio that is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who else does it.

    Attributes
    ----------
    name : str
        A task of peers.R or of ``tasks.PEERS``.
    bar : float or None
        How many times our processor seconds its own are asked to be.
    takes : float
        Seconds, about: what takes over a minute is left to the long form.
    """

    name: str
    bar: float | None = None
    takes: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A piece of work of ours (a task), on how many answers, and the peers that do the same."""

    part: str
    ours: str
    n: int
    peers: tuple[Peer, ...]

    @property
    def name(self) -> str:
        """What results.json calls it."""
        return f"{self.part}: {self.ours}, {self.n}"


LONG = 60.0  # seconds
POLR, CLM, CLMM = "MASS::polr", "ordinal::clm", "ordinal::clmm on cells"
CASES = (
    Case(part="fixed", ours="from files", n=10_000, peers=(
        Peer(name="statsmodels OrderedModel", bar=1000, takes=50),
    )),
    Case(part="fixed", ours="from files", n=100_000, peers=(
        Peer(name=POLR, bar=100, takes=20), Peer(name=CLM, bar=30),
    )),
    Case(part="fixed", ours="from files", n=1_000_000, peers=(
        Peer(name=POLR, bar=1000, takes=200), Peer(name=CLM, bar=300, takes=62),
    )),
    Case(part="fixed", ours="on cells", n=100_000, peers=(
        Peer(name="ordinal::clm on cells", bar=10),
    )),
    Case(part="fixed", ours="standings", n=100_000, peers=(Peer(name="emmeans", bar=100),)),
    Case(part="mixed", ours="ordinal mixed", n=10_000, peers=(Peer(name=CLMM, bar=50, takes=55),)),
    Case(part="mixed", ours="ordinal mixed", n=100_000, peers=(
        Peer(name=CLMM, bar=200, takes=170),
    )),
    Case(part="mixed", ours="binary mixed", n=100_000, peers=(
        Peer(name="lme4::glmer on cells", bar=15), Peer(name="glmmTMB on cells", bar=6),
    )),
    Case(part="mixed", ours="linear mixed", n=10_000, peers=(
        Peer(name="statsmodels MixedLM", takes=160),
    )),
    Case(part="mixed", ours="linear mixed", n=100_000, peers=(
        Peer(name="lme4::lmer", bar=30, takes=16),
    )),
    Case(part="mixed", ours="InstEval", n=73_421, peers=(
        Peer(name="lme4::lmer, InstEval", bar=3, takes=12),
    )),
    Case(part="design", ours="domain means", n=100_000, peers=(Peer(name="survey::svyby"),)),
    Case(part="design", ours="domain means", n=1_000_000, peers=(
        Peer(name="svy", bar=20, takes=12),
    )),
    Case(part="design", ours="jackknife", n=10_000, peers=(
        Peer(name="svy, jackknife", bar=20, takes=20),
    )),
    Case(part="counts", ours="counts", n=1_000_000, peers=(
        Peer(name="pandas groupby"), Peer(name="data.table"),
    )),
)  # fmt: skip
SIZES = (10_000, 100_000, 1_000_000)
MOST = 10_000_000  # answers; only in the long form
STREAMED = (10_000_000, 100_000_000)  # respondents; only in the long form
