"""The chat models of one job: each opened once, all on one budget and one account."""

from dataclasses import dataclass, field

from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.call import Call
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.prices import GivenPrice, price_of
from glossator.llm.recorded_model import RecordedModel


@dataclass
class ChatModels:
    """Every answer is stored, and what it cost is told of."""

    answers: AnswerStore
    budget: Budget
    account: str
    """Project that asks, see `Project.id`."""
    at_once: int = 8
    """Requests under way at a time."""
    patience: float = 120.0
    """Seconds that a server has for an answer."""
    _opened: dict[tuple[str, str], RecordedModel] = field(default_factory=dict)

    def opened(
        self, named: str, model: str = "", price: GivenPrice | None = None
    ) -> RecordedModel:
        """Open a model, unless it is open.

        Parameters
        ----------
        named, model : see `open_chat_model`.
        price : the person's own, where the model's is not known.

        Raises
        ------
        InputError, WebError
            if it cannot be opened, or its price is to be known and is not.
        """
        if (named, model) not in self._opened:
            chat = open_chat_model(
                named,
                model,
                at_once=self.at_once,
                patience=self.patience,
                refused=self.answers,
            )
            known = price_of(chat.model, chat.address, price)
            self._opened[named, model] = RecordedModel(
                chat,
                self.answers,
                self.budget,
                known,
                self.account,
                thinking=chat.thinking,
            )
        return self._opened[named, model]

    def take_calls(self) -> tuple[Call, ...]:
        """Calls that ended since the last time, for the project's log."""
        opened = self._opened.values()
        return tuple(call for model in opened for call in model.take_calls())
