"""Pages that a server sends in place of a file: logins, quotas, Google Drive's question about viruses.

Seen at drive.google.com in 2026: for files above some 100 MB `uc?export=download` answers with a page whose form leads to the
file, and with another page once a file was asked for too often within 24 hours.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

_PAGE = re.compile(rb"^(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_QUOTA = ("quota exceeded", "too many users have viewed or downloaded", "download quota", "bandwidth limit exceeded")
_LOGIN = re.compile(r"\b(sign|log)[ -]?in\b|\banmelden\b|\baccounts\.google\.com\b", re.I)
_TAG = re.compile(rb"<(html|head|body|title|meta|script|form|div|p|h1|a)\b[^<]*>", re.I)


@dataclass(frozen=True)
class Page:
    """What a page is instead of a file."""

    what: str
    """In words, for the user."""
    advice: str
    """What to do."""
    goes_on_at: str | None = None
    """Address of the file, where the page has a form that leads there."""


def is_page(start: bytes, content_type: str | None) -> bool:
    """Whether an answer is a page: by its first bytes, whatever it says it is; or if it says so and is text with tags.

    Servers send files that they do not know, a table or an archive, as text/html, too.
    """
    start = start[:4096]
    if _PAGE.match(start):
        return True
    kind = (content_type or "").split(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") and b"\0" not in start and _TAG.search(start) is not None


def describe_page(address: str, content: bytes) -> Page:
    """What kind of page `content` is, which came from `address`."""
    form = _Form()
    form.feed(content.decode("utf-8", "replace"))
    said = " ".join(form.words.split()).lower()
    title = " ".join(form.title.split()) or "without a title"
    if any(words in said for words in _QUOTA):
        return Page(
            f"the server's page of a used-up quota ({title})",
            "run again in some hours (24 at Google Drive), or fetch the file by hand",
        )
    if form.action is not None and "confirm" in form.fields:
        query = urlencode(form.fields)
        return Page("the page that asks whether to go on", "", f"{urljoin(address, form.action)}?{query}")
    if _LOGIN.search(f"{title} {urlsplit(address).hostname}") or form.asks_password:
        return Page(f"a page to log in at ({title})", "fetch the file by hand, or name an address that is open to all")
    return Page(f"a web page ({title})", "mend the address, or fetch the file by hand")


class _Form(HTMLParser):
    """Title, words, and the first form with its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.words, self.action = "", "", None
        self.fields: dict[str, str] = {}
        self.asks_password = False
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_title = tag == "title"
        if tag == "form" and self.action is None:
            self.action = values.get("action") or ""
        if tag == "input":
            self.asks_password |= values.get("type") == "password"
            if values.get("type") == "hidden" and values.get("name"):
                self.fields[values["name"]] = values.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"
        if self._in_title:
            self.title += data
