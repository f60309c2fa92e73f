"""The directive ``{commands}``: every command of ``mirage``, from its own parsers."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mirage.cli import COMMANDS
from mirage.track import _parser as track_parser


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Returns command, as one types it after ``mirage``, -> its parser.

    ``mirage`` itself makes that of one command at a time, so that each starts fast.
    """
    made: dict[str, argparse.ArgumentParser] = {}
    for word, about in COMMANDS.items():
        if word == "track":  # its options stand beside what needs MLflow
            own = track_parser()
        else:
            own = argparse.ArgumentParser(prog=f"mirage {word}")
            importlib.import_module(f"mirage.cli.{word}").add_options(own)
        own.description = about
        made |= _whole_commands(word, own)
    return made


def _whole_commands(
    word: str, parser: argparse.ArgumentParser
) -> dict[str, argparse.ArgumentParser]:
    """Returns a parser, or in its place those of the words that follow."""
    for action in parser._actions:  # argparse has no public list
        if isinstance(action, argparse._SubParsersAction):
            for pseudo in action._choices_actions:
                action.choices[pseudo.dest].description = pseudo.help
            return {f"{word} {second}": own for second, own in action.choices.items()}
    return {word: parser}


class Commands(SphinxDirective):
    """Writes the commands as ``option`` entries, so that each has an address of its own."""

    def run(self) -> list[nodes.Node]:
        """Returns a section for each command."""
        text = "\n".join(line for word, own in parsers().items() for line in reference(word, own))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def reference(word: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yields the lines of one command's reference, as MyST."""
    usage = parser.format_usage().removeprefix("usage: ").replace(" [-h]", "").rstrip()
    yield from (f"## mirage {word}", "", _sentence(parser.description or ""), "")
    yield from ("```{code-block} text", usage, "```", "")
    yield from (f"```{{program}} mirage {word}", "```", "")
    for action in parser._actions:
        if action.dest != "help":
            value = action.metavar or action.dest
            takes = f" {value}" if action.nargs != 0 else ""
            names = ", ".join(f"{option}{takes}" for option in action.option_strings)
            yield from (f"```{{option}} {names or value}", "", *_about(action), "```", "")


def _about(action: argparse.Action) -> Iterator[str]:
    words = (action.help or "").replace("%%", "%")
    yield _sentence(words)
    if action.choices:
        yield f"One of {', '.join(f'`{choice}`' for choice in action.choices)}."
    told = action.default not in (None, False, argparse.SUPPRESS, [])
    if told and "default" not in words and action.dest != "cores":  # cores: of this machine
        yield f"Default: `{action.default}`."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
