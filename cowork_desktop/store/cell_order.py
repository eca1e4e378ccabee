"""The order of a scratchpad's cells: dense from 0, an output cell right behind its code cell."""

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.store.database import Tx


class Order:
    """The cells of a scratchpad in their order, as (id, type)."""

    def __init__(self, cells: list[tuple[str, str]]) -> None:
        self.cells = list(cells)
        self._stored = {id: n for n, (id, _) in enumerate(cells)}

    @classmethod
    def read(cls, tx: Tx, scratchpad_id: str) -> "Order":
        rows = tx.execute("SELECT id, type FROM cells WHERE scratchpad_id = ? ORDER BY n", (scratchpad_id,))
        return cls(rows.fetchall())

    def write(self, tx: Tx) -> None:
        moved = [(n, id) for n, (id, _) in enumerate(self.cells) if self._stored.get(id) != n]
        tx.executemany("UPDATE cells SET n = ? WHERE id = ?", moved)

    def has(self, id: str) -> bool:
        return any(one == id for one, _ in self.cells)

    def index_of(self, id: str) -> int:
        """It must be there."""
        return [one for one, _ in self.cells].index(id)

    def output_of(self, id: str) -> str | None:
        below = self.cells[self.index_of(id) + 1 :]
        return below[0][0] if below and below[0][1] == "output" and not self._is_output(id) else None

    def with_output(self, id: str) -> list[tuple[str, str]]:
        output = self.output_of(id)
        return [cell for cell in self.cells if cell[0] in (id, output)]

    def place(self, index: int) -> int:
        """Where something can be put: not beyond the end, nor between a code cell and its output."""
        index = min(index, len(self.cells))
        return index + (index < len(self.cells) and self.cells[index][1] == "output")

    def place_of_output(self, index: int) -> int:
        index = min(index, len(self.cells))
        follows_code = index > 0 and self.cells[index - 1][1] == "code"
        if not follows_code or (index < len(self.cells) and self.cells[index][1] == "output"):
            raise misplaced("body.type")
        return index

    def move(self, id: str, index: int) -> None:
        group = self.with_output(id)
        self.cells = [cell for cell in self.cells if cell not in group]
        place = self.place(index)
        self.cells[place:place] = group

    def _is_output(self, id: str) -> bool:
        return (id, "output") in self.cells


def misplaced(param: str) -> InvalidRequest:
    return InvalidRequest("An output cell can only follow a code cell that has none.", param=param)
