"""``nla``: what a verbalizer says of the feature's own vector, as a label.

No language model reads any example. The vector is no activation, and verbalizers were
trained on nothing else: a hypothesis for a person to judge.
"""

from dataclasses import dataclass

from glossator.labelers.label import Label, NoLabel, Scored
from glossator.labelers.newest_verbalizer import of_newest, on_one_line


@dataclass(frozen=True)
class Nla:
    name: str = "nla"

    def label(self, scored: Scored) -> Label | NoLabel:
        own = [one for one in scored.verbalizations if one.about == "feature"]
        newest = of_newest(own)
        if not newest:
            return NoLabel(
                self.name,
                "its own vector is not put into words yet: run Verbalize first.",
            )
        said = newest[0]
        cut = (
            " The text was cut at its longest length."
            if said.ending == "truncated"
            else ""
        )
        return Label(
            on_one_line(said.text),
            self.name,
            f"what {said.origin} says of the feature's own vector: a hypothesis.{cut}",
            model=said.origin,
        )
