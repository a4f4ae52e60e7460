"""What the protocol found besides the window scores: senses and comparators."""

from glossator.protocol.decision import Comparators, Senses
from glossator_gui.views.feature_panel.fact_table import FactTable
from glossator_gui.views.plain_text import MINUS

NOTHING = "–"


def fixed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", MINUS)


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


class SenseTable(FactTable):
    """The senses of a feature, the largest first."""

    def __init__(self) -> None:
        super().__init__(
            (
                "Examples that agree among themselves and not with the others",
                "Scored examples of the sense",
                "Mean cosine over all pairs of its windows",
                "Standard deviations above as many unrelated windows",
            )
        )

    def show_senses(self, senses: Senses | None) -> None:
        if senses is None:
            self.show_rows((), ())
            return
        header = (f"senses in {senses.window} windows", "n", "raw", "z")
        rows = [
            (
                f"sense {at}",
                str(len(sense.examples)),
                fixed(sense.raw),
                fixed(sense.z, 1),
            )
            for at, sense in enumerate(senses.senses, 1)
        ]
        split = f"Unrelated windows fall apart as clearly with p {p_text(senses.p)}"
        self.show_rows(header, rows, [split] * len(rows))


class ComparatorTable(FactTable):
    """Simpler measures, a row each."""

    def __init__(self) -> None:
        super().__init__(
            ("To hold the correlation scores against; no tier rests on them", ""),
            small=True,
        )

    def show_comparators(self, found: Comparators | None) -> None:
        if found is None:
            self.show_rows((), ())
            return
        shown = (
            (
                "same top token",
                _share(found.top_token_share),
                "Share of the scored examples that have the commonest top token",
            ),
            (
                "same next token",
                _share(found.next_token_share),
                "Share of the scored examples that have the commonest next token",
            ),
            (
                "top token in logits",
                _share(found.top_in_logits),
                "Share of the scored examples whose top token the feature promotes",
            ),
            (
                "next token in logits",
                _share(found.next_in_logits),
                "Share of the scored examples whose next token the feature promotes",
            ),
            (
                "logits alike",
                NOTHING
                if found.logit_coherence is None
                else fixed(found.logit_coherence),
                "Mean cosine over all pairs of the promoted tokens",
            ),
        )
        self.show_rows(
            ("simpler measures", ""),
            [(name, value) for name, value, _ in shown],
            [tip for _, _, tip in shown],
        )


def _number(value: float | None) -> str:
    return NOTHING if value is None else fixed(value)


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.0f} %"
