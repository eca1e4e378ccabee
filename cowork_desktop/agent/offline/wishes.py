"""What a message asks for, by the words in it; in some languages."""

import re

_LOOK_OVER = re.compile(
    r"\b(summar|profil|analy[sz]|descri|overview|explor|chart|plot|graph|visuali[sz]|statistic|insight|trend"
    r"|tell me about|what('s| is) in|look (at|over|into))"
    r"|zusammenfass|\bfass\w*\b.*\bzusammen|analysier|auswert|\bwerte\b.*\baus\b|beschreib|überblick|übersicht"
    r"|diagramm|schaubild|résum|synthès|analys|décri|aperçu|graphique|resum|anali[sz]|descri[bv]|gráfico"
    r"|visi[oó]n general|visão geral|riassum|panoramica|grafic|samenvat|beschrijf|overzicht|grafiek|podsum"
    r"|opisz|wykres|przegląd|sammanfat|sammenfat|oppsummer|beskriv|översikt|oversigt|oversikt|özet|betimle|grafik|shrnut|yhteenve"
    r"|сводк|резюм|анализ|опиши|обзор|график|підсум|огляд|总结|總結|概括|概述|分析|描述|图表|圖表|摘要"
    r"|要約|まとめ|概要|グラフ|요약|분석|설명|개요|차트|그래프|لخص|تلخيص|حلل|تحليل|رسم|सारांश|विश्लेषण",
    re.I,
)
_THIS = re.compile(
    r"\b(this|these|it|data|dataset|table|file|spreadsheet|dies\w*|daten|tabelle|datei|ceci|données|fichier"
    r"|tableau|estos?|datos|archivo|tabla|questo|dati|dados|arquivo|gegevens)\b|данны|это|数据|データ|데이터",
    re.I,
)
_REPORT = re.compile(
    r"\b(report|bericht|rapport|informe|relat[oó]rio|relazione|raport|rapor)s?\b|отч[её]т|报告|報告|レポート|보고서",
    re.I,
)
_RECAP = re.compile(
    r"\b(summar(y|ize|ise)|recap|overview|zusammenfass\w*|résum\w*|resum\w*|riassum\w*|so far)\b", re.I
)
_CONVERSATION = re.compile(
    r"\b(conversation|chat|discussion|gespräch|unterhaltung|conversación|conversazione)", re.I
)
_CAPABILITIES = re.compile(
    r"^\W*(help|hi|hello|hey|hallo|test)\b|\bwhat (can|could) you do\b|\bwho are you\b|\bwhat are you\b", re.I
)
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for was what did you say said about tell with that this have has had from when where which"
        " who why how are were will would could should can our your they them then than there here again"
        " does into please",
    )
)
_CODE = re.compile(r"^```[ \t]*(python|py|sql)[ \t]*\n(.*?)^```[ \t]*$", re.M | re.S | re.I)


def asks_to_look_over(text: str, *, is_attached: bool) -> bool:
    """A table, that is; with one attached, "what is this?" and saying nothing are enough."""
    return bool(_LOOK_OVER.search(text)) or (
        is_attached and (bool(_THIS.search(text)) or not any(letter.isalnum() for letter in text))
    )


def asks_for_report(text: str) -> bool:
    return bool(_REPORT.search(text))


def asks_for_recap(text: str) -> bool:
    """Of this conversation, and not of something else."""
    return bool(_RECAP.search(text)) and (names_conversation(text) or len(text.split()) <= 4)


def names_conversation(text: str) -> bool:
    return bool(_CONVERSATION.search(text))


def asks_what_can_be_done(text: str) -> bool:
    return bool(_CAPABILITIES.search(text))


def code_in(text: str) -> list[tuple[str, str]]:
    """Language and source of each fenced block that a cell can run."""
    languages = {"python": "python", "py": "python", "sql": "sql"}
    return [(languages[found[1].lower()], found[2].strip("\n")) for found in _CODE.finditer(text)]


def telling_words(text: str) -> list[str]:
    """What a search goes by: the longer words, without the most common."""
    words = re.findall(r"[^\W_]{3,40}", text.lower())
    return [word for word in dict.fromkeys(words) if word not in _COMMON][:12]
