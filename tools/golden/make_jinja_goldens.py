"""Fills in tests/golden/jinja/*.json: what jinja2, set up as transformers does for chat templates,
makes of our own small templates. Each file has "variables" and "cases"; a case has a "template" of
ours, to which this adds the "output", or "raises" with the name of Python's exception.
"""

import datetime
import json
import pathlib
import warnings

from transformers.utils import chat_template_utils

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/jinja"


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 1, 20, 8, 5, 9)


def render(template: str, variables: dict) -> dict:
    try:
        compiled = chat_template_utils._cached_compile_jinja_template(template)
        output = compiled.render(**json.loads(json.dumps(variables)))
        output.encode()  # raises on halves of surrogate pairs, which only Python's strings can hold
        return {"output": output}
    except Exception as error:  # templates may raise anything
        return {"raises": type(error).__name__}


def main() -> None:
    warnings.simplefilter("ignore")  # invalid escapes
    chat_template_utils.datetime = FixedClock
    for path in sorted(FOLDER.glob("*.json")):
        golden = json.loads(path.read_text())
        cases = []
        for case in golden["cases"]:
            template = case if isinstance(case, str) else case["template"]
            cases.append({"template": template} | render(template, golden["variables"]))
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        path.write_text(f'{{"variables": {json.dumps(golden["variables"], ensure_ascii=False)},\n'
                        f'"cases": [\n{lines}\n]}}\n')
        print(f"{path.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
