"""The kind of import-linter contract that the table of rooms in ``pyproject.toml`` is written in.

Its own kinds list what is forbidden, so a new room starts with every right and each rule repeats
all other rooms. Here each line lists what one room may import, as ARCHITECTURE.md does, and a room
without a line is an error, as is a line that names a room which isn't there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

EVERYTHING = "*"


@dataclass(frozen=True)
class Rule:
    """A line ``room: rooms it may import | third-party packages it may import``."""

    room: str
    rooms: frozenset[str]
    packages: frozenset[str]

    @classmethod
    def parse(cls, line: str) -> Rule:
        room, _, allowed = line.partition(":")
        rooms, _, packages = allowed.partition("|")
        return cls(room.strip(), frozenset(rooms.split()), frozenset(packages.split()))

    def allows(self, imported: str, package: str) -> bool:
        top, _, rest = imported.partition(".")
        if top == package:
            room = rest.partition(".")[0]
            return room == self.room or not {room, EVERYTHING}.isdisjoint(self.rooms)
        return top in sys.stdlib_module_names or not {top, EVERYTHING}.isdisjoint(self.packages)


class RoomsContract(Contract):
    """What each room may import directly; together that binds the indirect imports as well."""

    rooms = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        package = self.session_options["root_packages"][0]
        rules = {rule.room: rule for rule in map(Rule.parse, self.rooms)}
        there = {name.split(".")[1] for name in graph.modules if name.startswith(f"{package}.")}
        named = set(rules).union(*(rule.rooms for rule in rules.values())) - {EVERYTHING}
        broken = [f"there is no room {room}: no rule needs it" for room in sorted(named - there)]
        for importer in sorted(graph.modules):
            top, _, rest = importer.partition(".")
            if top != package or not rest:
                continue
            rule = rules.get(rest.partition(".")[0])
            if rule is None:
                broken.append(f"{importer} is in no room: add a line for it to pyproject.toml")
                continue
            broken += [
                f"{importer}:{_line(graph, importer, imported)} imports {imported}"
                for imported in sorted(graph.find_modules_directly_imported_by(importer))
                if not rule.allows(imported, package)
            ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)


def _line(graph: ImportGraph, importer: str, imported: str) -> object:
    details = graph.get_import_details(importer=importer, imported=imported)
    return details[0]["line_number"] if details else "?"
