"""Compares random templates: what build-test/tests/text/jinja_render makes of them against jinja2,
set up as transformers does for chat templates. Prints each difference and exits with 1 if there was
any.

    python tools/jinja_fuzz.py [--seed N] [--count N]

Where Python gives integers beyond 64 bits, or prints an address, there is nothing to compare.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import warnings

from transformers.utils import chat_template_utils

ROOT = pathlib.Path(__file__).resolve().parents[1]

VARIABLES = {
    "n": 7, "x": 2.5, "s": "Hello", "e": "", "u": "hé wörld 世界 🌍", "z": None, "t": True, "f": False,
    "l": [3, 1, 2], "w": ["b", "A", "c"], "nested": [[1, 2], [3], []],
    "d": {"b": 1, "a": [1, 2.5, None], "items": "own", "c": {"k": "v"}},
    "m": [{"role": "user", "content": "hi", "n": 2}, {"role": "assistant", "content": "yo", "n": 1},
          {"role": "tool", "content": "Bye\n", "n": 3}],
}
NAMES = [*VARIABLES, "q", "i", "a", "ns", "loop"]
WORDS = ["", "a", "A", "ab", " a b ", "x,y,,z", "a\\nb", "Hello", "42", "4.5", "-7", "é", "世", "{}",
         "%s", "<b>", "k", "role", "b", "aa", "\\t", "'", '\\"']
TEXT_METHODS = {
    "upper": "", "lower": "", "title": "", "capitalize": "", "strip": "t", "lstrip": "t",
    "rstrip": "t", "split": "tn", "rsplit": "tn", "splitlines": "b", "startswith": "tn",
    "endswith": "tnn", "replace": "TTn", "find": "Tnn", "rfind": "Tnn", "index": "Tnn",
    "rindex": "T", "count": "Tnn", "join": "S", "isdigit": "", "isalpha": "", "isupper": "",
    "islower": "", "isspace": "", "partition": "T", "rpartition": "T", "zfill": "N",
    "center": "Nc", "ljust": "Nc", "rjust": "Nc", "removeprefix": "T", "removesuffix": "T",
    "swapcase": "", "format": "aa", "expandtabs": "n", "istitle": "", "isalnum": "",
    "isidentifier": "", "casefold": "", "isnumeric": "", "isascii": "", "isprintable": "",
    "nope": "", "isdecimal": "",
}
DICT_METHODS = {"get": "Aa", "items": "", "keys": "", "values": "", "copy": "", "pop": "A",
                "update": "a"}
LIST_METHODS = {"index": "Ann", "count": "A", "copy": "", "append": "A"}
TEXT_FILTERS = {
    "upper": "", "lower": "", "title": "", "capitalize": "", "trim": "t", "replace": "TTn",
    "length": "", "first": "", "last": "", "join": "a", "list": "", "reverse": "", "int": "an",
    "float": "a", "string": "", "indent": "nbb", "escape": "", "safe": "", "truncate": "nbtn",
    "wordcount": "", "urlencode": "", "center": "n", "format": "aa", "forceescape": "", "e": "",
    "tojson": "b", "default": "ab", "sort": "bb", "unique": "b", "batch": "N", "max": "", "min": "b",
}
LIST_FILTERS = {
    "length": "", "first": "", "last": "", "join": "ta", "list": "", "reverse": "", "sort": "bb",
    "unique": "b", "min": "", "max": "", "sum": "", "batch": "Na", "slice": "Na", "count": "",
    "tojson": "b", "string": "", "upper": "", "default": "a", "wordcount": "",
}
NUMBER_FILTERS = {"int": "", "float": "", "string": "", "round": "n", "abs": "", "tojson": "",
                  "default": "ab", "upper": "", "e": ""}
DICT_FILTERS = {"length": "", "dictsort": "b", "items": "", "list": "", "tojson": "b",
                "string": "", "first": "", "last": "", "join": "t", "urlencode": "",
                "default": "a", "sort": ""}
FILTERS = TEXT_FILTERS | LIST_FILTERS | NUMBER_FILTERS | DICT_FILTERS
TESTS = {
    "defined": 0, "undefined": 0, "none": 0, "string": 0, "number": 0, "integer": 0, "float": 0,
    "mapping": 0, "sequence": 0, "iterable": 0, "boolean": 0, "true": 0, "false": 0, "odd": 0,
    "even": 0, "callable": 0, "lower": 0, "upper": 0, "escaped": 0, "divisibleby": 1, "eq": 1,
    "ne": 1, "lt": 1, "le": 1, "gt": 1, "ge": 1, "in": 1,
}


class Generator:
    """Writes templates that mostly mean something. Each kind of value has a function of its own; a
    letter stands for one in the tables above, a small one for an argument that may be left out.
    """

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def choice(self, options):
        return self.random.choice(list(options))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def arguments(self, letters: str, depth: int) -> str:
        kinds = {"t": self.text_value, "n": self.number, "s": self.sequence, "b": self.boolean,
                 "a": self.expression, "c": lambda _: self.choice(['"*"', '"é"', '" "'])}
        parts = []
        for letter in letters:
            if letter.islower() and self.chance(0.6):
                break
            kind = self.expression if self.chance(0.04) else kinds[letter.lower()]
            parts.append(kind(depth - 1))
        return ", ".join(parts)

    def boolean(self, depth: int) -> str:
        return self.choice(["true", "false"]) if depth <= 0 or self.chance(0.5) else self.condition(depth)

    def condition(self, depth: int) -> str:
        kind = self.random.randrange(5)
        if kind == 0:
            comparison = self.choice(["==", "!=", "<", "<=", ">", ">="])
            value = self.choice([self.number, self.text_value])
            chain = f" {self.choice(['<', '=='])} {value(depth - 1)}" if self.chance(0.2) else ""
            return f"{value(depth - 1)} {comparison} {value(depth - 1)}{chain}"
        if kind == 1:
            return f"{self.text_value(depth - 1)} {self.choice(['in', 'not in'])} {self.choice([self.text_value, self.sequence, self.dict])(depth - 1)}"
        if kind == 2:
            return f"{self.choice(['not ', ''])}{self.expression(depth - 1)} {self.choice(['and', 'or'])} {self.expression(depth - 1)}"
        test = self.choice(TESTS)
        argument = ""
        if TESTS[test]:
            argument = f"({self.choice([self.number, self.expression])(depth - 1)})"
        return f"{self.expression(depth - 1)} is {self.choice(['', 'not '])}{test}{argument}"

    def filtered(self, value: str, filters: dict, depth: int) -> str:
        name = self.choice(filters)
        arguments = self.arguments(filters[name], depth)
        return f"{value}|{name}({arguments})" if arguments or self.chance(0.1) else f"{value}|{name}"

    def text_value(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.3):
            return self.choice(["s", "u", "e", "a", "i", f'"{self.choice(WORDS)}"', f'"{self.choice(WORDS)}"'])
        kind = self.random.randrange(9)
        inner = self.text_value(depth - 1)
        if kind < 2:
            name = self.choice(TEXT_METHODS)
            return f"({inner}).{name}({self.arguments(TEXT_METHODS[name], depth)})"
        if kind < 4:
            return self.filtered(inner, TEXT_FILTERS, depth)
        if kind == 4:
            return f"{inner} {self.choice('~+')} {self.text_value(depth - 1)}"
        if kind == 5:
            return f"({inner})[{self.index(depth)}]"
        if kind == 6:
            form = self.choice(["%s", "%d|", "%5.1f", "%-4s|", "%05d", "%r", "%x", "%.3s", "%+d", "%e", "%g"])
            return f'"{form}" % {self.choice([self.number, self.number, self.expression])(depth - 1)}'
        if kind == 7:
            field = self.choice(["{}", "{0}", "{:>5}", "{:.2f}", "{:d}", "{!r}", "{:,}", "{:x}", "{:^7}",
                                 "{:+}", "{:05}", "{:.3}", "{:e}", "{:%}", "{:g}", "{:<6}|", "{:*^9}"])
            return f'"{field}".format({self.choice([self.number, self.text_value, self.expression])(depth - 1)})'
        return f'm[{self.choice("012")}].{self.choice(["role", "content"])}'

    def index(self, depth: int) -> str:
        if self.chance(0.5):
            return self.number(depth - 1)
        return ":".join(self.choice(["n", "0", "1", "2", "-1", "-2", "7", "i"]) if self.chance(0.5)
                        else "" for _ in range(self.choice([2, 2, 3])))

    def number(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.4):
            return self.choice(["n", "x", "0", "1", "2", "3", "-1", "-2", "7", "10", "1.5", "0.1", "2.0",
                                "1e3", "1e16", "0.00001", "255", "true", "i"])
        kind = self.random.randrange(5)
        if kind < 2:
            operator = self.choice(["+", "-", "*", "/", "//", "%", "**"])
            return f"{self.number(depth - 1)} {operator} {self.number(depth - 1)}"
        if kind == 2:
            return self.filtered(self.number(depth - 1), NUMBER_FILTERS, depth)
        if kind == 3:
            return f"{self.choice([self.sequence, self.text_value])(depth - 1)}|length"
        return f"{self.choice('-+')}{self.number(depth - 1)}"

    def sequence(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.3):
            return self.choice(["l", "w", "nested", "m", "range(3)", "range(1, 8, 3)", "[]", "[1, 2]", '("a", "b")'])
        kind = self.random.randrange(8)
        inner = self.sequence(depth - 1)
        if kind < 3:
            return self.filtered(inner, LIST_FILTERS, depth)
        if kind == 3:
            return f"{inner}|{self.selection(depth)}" + self.choice(["", "|list", "|list", "|join"])
        if kind == 4:
            return f"({inner})[{self.index(depth)}]"
        if kind == 5:
            items = ", ".join(self.expression(depth - 1) for _ in range(self.random.randrange(4)))
            return f"[{items}]"
        if kind == 6:
            name = self.choice(LIST_METHODS)
            return f"({inner}).{name}({self.arguments(LIST_METHODS[name], depth)})"
        return f"{inner} + {self.sequence(depth - 1)}"

    def selection(self, depth: int) -> str:
        kind = self.random.randrange(6)
        if kind == 0:
            return f'map(attribute={self.choice(["0", chr(34) + "role" + chr(34), chr(34) + "n" + chr(34)])})'
        if kind == 1:
            name = self.choice(FILTERS)
            rest = self.arguments(FILTERS[name], 1)
            return f'map("{name}"{", " if rest else ""}{rest})'
        if kind == 2:
            return f'groupby({self.choice(["0", chr(34) + "role" + chr(34)])})'
        test = self.choice(TESTS)
        rest = f", {self.expression(0)}" if TESTS[test] else ""
        if kind < 5:
            return f'{self.choice(["select", "reject"])}("{test}"{rest})'
        return f'{self.choice(["selectattr", "rejectattr"])}("{self.choice(["n", "role", "zz"])}", "{test}"{rest})'

    def dict(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.3):
            return self.choice(["d", "d.c", "m[0]", "{}", "dict(a=1)"])
        kind = self.random.randrange(4)
        if kind == 0:
            pairs = ", ".join(f'{self.choice([self.text_value, self.number])(depth - 2)}: {self.expression(depth - 1)}'
                              for _ in range(self.random.randrange(3)))
            return "{" + pairs + "}"
        if kind == 1:
            return self.filtered(self.dict(depth - 1), DICT_FILTERS, depth)
        name = self.choice(DICT_METHODS)
        return f"({self.dict(depth - 1)}).{name}({self.arguments(DICT_METHODS[name], depth)})"

    def expression(self, depth: int = 1) -> str:
        if depth <= 0 or self.chance(0.08):
            return self.choice(NAMES)
        kind = self.random.randrange(14)
        if kind == 0:
            tail = f" else {self.expression(depth - 1)}" if self.chance(0.8) else ""
            return f"{self.expression(depth - 1)} if {self.condition(depth - 1)}{tail}"
        if kind == 1:
            return f"({self.expression(depth - 1)})"
        if kind == 2:
            return f"{self.choice(NAMES)}.{self.choice(['role', 'n', 'a', 'b', 'c', 'k', 'items', 'index', 'first'])}"
        if kind == 3:
            return f"{self.choice(NAMES)}[{self.expression(depth - 1)}]"
        if kind == 4:
            return f"{self.choice(['m', 'm2', 'dict', 'namespace', 'caller', 'loop.cycle'])}({self.arguments('aa', 2)})"
        if kind == 5:
            return self.filtered(self.expression(depth - 1), FILTERS, depth)
        if kind == 6:
            return self.boolean(depth)
        return self.choice([self.text_value, self.text_value, self.number, self.sequence, self.sequence,
                            self.dict])(depth)

    def tag(self, inside: str) -> str:
        before = self.choice(["", "", "", "-", "+"])
        after = self.choice(["", "", "", "-"])
        return f"{{%{before} {inside} {after}%}}"

    def text(self) -> str:
        return self.choice(["", " ", "\n", "\n\n", "a", " b\n", "\n  c", "  ", "\t", "é\n  "])

    def block(self, depth: int, loop: bool = False) -> str:
        return "".join(self.text() + self.statement(depth, loop)
                       for _ in range(self.random.randint(1, 3))) + self.text()

    def statement(self, depth: int, loop: bool) -> str:
        kind = self.random.randrange(16) if depth > 0 else self.random.randrange(4)
        if kind < 3:
            minus = self.choice(["", "", "-"])
            return f"{{{{{minus} {self.expression(3)} }}}}"
        if kind == 3:
            target = self.choice(["a", "i", "s", "n", "a, i", "ns.a"])
            return self.tag(f"set {target} = {self.expression(3)}")
        deeper = depth - 1
        if kind < 7:
            test = f" if {self.expression(2)}" if self.chance(0.2) else ""
            target = self.choice(["i", "i", "a", "s", "i, a"])
            other = self.tag("else") + self.block(deeper, loop) if self.chance(0.3) else ""
            return (self.tag(f"for {target} in {self.sequence(2)}{test}") + self.block(deeper, True)
                    + other + self.tag("endfor"))
        if kind < 10:
            other = self.tag("else") + self.block(deeper, loop) if self.chance(0.4) else ""
            return (self.tag(f"if {self.expression(3)}") + self.block(deeper, loop) + other
                    + self.tag("endif"))
        if kind == 10:
            name = self.choice(["m", "m2"])
            parameters = self.choice(["", "a", "a, s=1", "a, i=n", "n=2"])
            return self.tag(f"macro {name}({parameters})") + self.block(deeper) + self.tag("endmacro")
        if kind == 11:
            return self.tag(f"set {self.choice('ais')}") + self.block(deeper, loop) + self.tag("endset")
        if kind == 12:
            return self.tag(f"filter {self.filtered(chr(0), TEXT_FILTERS, 2)[2:]}") + self.block(deeper, loop) + self.tag("endfilter")
        if kind == 13:
            return (self.tag(f"with {self.choice('ais')} = {self.expression(2)}")
                    + self.block(deeper, loop) + self.tag("endwith"))
        if kind == 14:
            return (self.tag(f"call{self.choice(['', '(i)'])} {self.choice(['m', 'm2'])}({self.number(0)})")
                    + self.block(deeper) + self.tag("endcall"))
        if loop:
            return self.tag(f"if {self.expression(1)}") + self.tag(self.choice(["break", "continue"])) + self.tag("endif")
        return self.choice(["{# c #}", "{#- c -#}\n", "{% set ns = namespace(a=0) %}",
                            "{% raw %} {{ x }} {% endraw %}", "{{ loop.index }}"])


def python_answer(template: str) -> dict:
    try:
        compiled = chat_template_utils._cached_compile_jinja_template(template)
        output = compiled.render(**json.loads(json.dumps(VARIABLES)))
        output.encode()
        return {"output": output}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def comparable(answer: dict) -> bool:
    text = answer.get("output", "")
    return not re.search(r" (?i:at) 0x[0-9a-f]+|<built-in|<function|<class|<Macro|\d{19}|<jinja2|<Loop|<Templ", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    generator = Generator(options.seed)
    ours = subprocess.Popen([ROOT / "build-test/tests/text/jinja_render"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    differences = outputs = 0
    for _ in range(options.count):
        template = (f"{{{{ {generator.expression(4)} }}}}" if generator.chance(0.5)
                    else generator.block(3))
        expected = python_answer(template)
        ours.stdin.write(json.dumps({"template": template, "variables": VARIABLES}) + "\n")
        ours.stdin.flush()
        answer = json.loads(ours.stdout.readline())
        outputs += "output" in expected
        if not comparable(expected) or "64 bits" in answer.get("error", ""):
            continue
        if expected.get("output") != answer.get("output"):
            differences += 1
            print(f"TEMPLATE {template!r}\n  jinja2 {expected}\n  ours   {answer}")
    print(f"{options.count} templates, {outputs} of them with output, {differences} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
