"""Reads a page of HTML strictly, for tests of what `berth` writes."""

import html.parser
import re

VOID = {"meta", "br", "wbr", "hr", "img", "input", "link"}

# What a reader could not see, or would be misled by.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class StrictPage(html.parser.HTMLParser):
    """What is opened is closed, in order; nothing is loaded, run or left; addresses lead to places in the page.

    `problems` holds what is wrong. A subclass says which tags and attributes its page may have, and sees each element
    through `begin`, `end` and `add`.
    """

    TAGS = {"html", "head", "meta", "title", "style", "body", "a", "header", "h1", "dl", "div", "dt", "dd", "p", "main",
            "nav", "ul", "li", "b", "span", "table", "caption", "thead", "tbody", "tr", "th", "td", "code", "wbr",
            "footer"}
    ATTRIBUTES = {"lang", "dir", "charset", "http-equiv", "content", "name", "class", "href", "id", "tabindex",
                  "aria-label", "aria-hidden", "scope"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.addresses = [], [], []
        self.text, self.styles, self.problems = [], [], []
        if not text.startswith("<!DOCTYPE html>\n"):
            self.problems.append("no doctype")
        if UNSEEN.search(text):
            self.problems.append("a character without a shape")
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append(f"left open: {self.open}")
        if len(set(self.ids)) != len(self.ids):
            self.problems.append("an id is there twice")
        self.problems += [f"`{address}` leads nowhere" for address in self.addresses
                          if not address.startswith("#") or address[1:] not in self.ids]
        if len(self.styles) != 1 or re.search(r"url\(|@import|expression|</", self.styles[0]):
            self.problems.append("the style")

    def begin(self, tag, named):
        """An element, before it is opened."""

    def end(self, tag):
        """An element, before it is closed."""

    def add(self, data):
        """A part of the text."""

    def handle_starttag(self, tag, attributes):
        if tag not in self.TAGS:
            self.problems.append(f"<{tag}>")
        for name, value in attributes:
            if name not in self.ATTRIBUTES:
                self.problems.append(f"{tag} {name}={value!r}")
        named = dict(attributes)
        if len(named) != len(attributes):
            self.problems.append(f"<{tag}> has an attribute twice")
        if "id" in named:
            self.ids.append(named["id"])
        if "href" in named:
            self.addresses.append(named["href"])
        if "aria-labelledby" in named:
            self.addresses.append("#" + named["aria-labelledby"])
        self.begin(tag, named)
        if tag not in VOID:
            self.open.append((tag, named))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.end(tag)
            self.open.pop()

    def inside(self, tag):
        return any(open_tag == tag for open_tag, _ in self.open)

    def handle_data(self, data):
        if self.inside("style"):
            self.styles.append(data)
            return
        self.text.append(data)
        self.add(data)

    def handle_comment(self, data):
        self.problems.append("a comment")
