"""Texts of made-up words, a few of which are everywhere and most hardly anywhere, as in a language."""

from collections.abc import Iterator
from itertools import accumulate
from random import Random

VOCABULARY = 20_000
_WORDS_A_TEXT = (20, 60)
_CONSONANTS, _VOWELS = "bdfghklmnprstv", "aeiou"


class Corpus:
    def __init__(self) -> None:
        self._random = Random(1)
        self.words = list(dict.fromkeys(self._word(rank) for rank in range(VOCABULARY)))
        """The most common ones first."""
        # Zipf's law: a word comes up in inverse proportion to its rank.
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self.words) + 1)))

    def texts(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield self.text(self._random.randint(*_WORDS_A_TEXT))

    def text(self, length: int) -> str:
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=length))

    def _word(self, rank: int) -> str:
        """What is common is short."""
        syllables = 2 + (rank >= 100) + (rank >= 2_000)
        letters = zip(
            self._random.choices(_CONSONANTS, k=syllables),
            self._random.choices(_VOWELS, k=syllables),
            strict=True,
        )
        return "".join(consonant + vowel for consonant, vowel in letters)
