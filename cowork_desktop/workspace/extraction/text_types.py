"""Which kind of text a text file is, by its content and by the name that its user gave it."""

import re

TEXT = "text/plain"
# RFC 4180, 7763, 8259, 9512, IANA's registry; what is not registered is as Debian's media-types names it.
_BY_EXTENSION = {
    "text/asciidoc": "adoc asciidoc",
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "htm html xhtml",
    "text/javascript": "cjs js mjs",
    "text/markdown": "markdown md mdown",
    "text/plain": "cfg conf env ini log text txt",
    "text/tab-separated-values": "tab tsv",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/x-c": "c h",
    "text/x-c++": "cc cpp cxx hh hpp hxx",
    "text/x-csharp": "cs",
    "text/x-diff": "diff patch",
    "text/x-go": "go",
    "text/x-haskell": "hs",
    "text/x-java": "java",
    "text/x-jsx": "jsx",
    "text/x-kotlin": "kt kts",
    "text/x-lua": "lua",
    "text/x-perl": "pl pm",
    "text/x-php": "php",
    "text/x-powershell": "ps1",
    "text/x-python": "py pyi pyw",
    "text/x-r": "r rmd",
    "text/x-rst": "rst",
    "text/x-ruby": "rb",
    "text/x-rust": "rs",
    "text/x-scala": "scala",
    "text/x-scss": "sass scss",
    "text/x-sh": "bash fish sh zsh",
    "text/x-swift": "swift",
    "text/x-tex": "bib cls sty tex",
    "text/x-typescript": "ts tsx",
    "text/x-vue": "vue",
    "application/json": "geojson json map",
    "application/jsonl": "jsonl ndjson",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/x-ipynb+json": "ipynb",
    "application/x-subrip": "srt",
    "application/xml": "xml xsd xsl xslt",
    "application/yaml": "yaml yml",
    "image/svg+xml": "svg",
    "message/rfc822": "eml",
}
EXTENSIONS = {
    extension: type for type, extensions in _BY_EXTENSION.items() for extension in extensions.split()
}

_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|script|title)[\s>]", re.I | re.S)
_SVG = re.compile(r"\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*|<!doctype svg[^>]*>\s*)*<svg[\s>]", re.I | re.S)
_XML = re.compile(r"\s*<\?xml\s")
_JSON = re.compile(r"\s*(?:[{\[\"\d-]|(?:true|false|null)\b)")
_MAIL = re.compile(r"(?:[A-Za-z][A-Za-z-]*:[ \t].*\n(?:[ \t].*\n)*)+")
# A name says so, but the content would have to be so, too.
_MUST_MATCH = {
    "application/json": _JSON,
    "application/x-ipynb+json": re.compile(r"\s*\{"),
    "image/svg+xml": _SVG,
    "message/rfc822": _MAIL,
}


def text_type(text: str, name: str) -> str:
    """The type of a file that begins with this text."""
    by_name = EXTENSIONS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if by_name and (by_name not in _MUST_MATCH or not text or _MUST_MATCH[by_name].match(text)):
        return "image/svg+xml" if by_name == "application/xml" and _SVG.match(text) else by_name
    for pattern, type in ((_SVG, "image/svg+xml"), (_HTML, "text/html"), (_XML, "application/xml")):
        if pattern.match(text):
            return type
    return TEXT
