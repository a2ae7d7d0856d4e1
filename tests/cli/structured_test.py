"""Answers by a schema: what a model of random weights writes under each schema is valid, by Python's
jsonschema."""

import json
import pathlib
import tempfile
import unittest

import serving
import support
import tiny_model

try:
    import jsonschema
except ImportError:
    jsonschema = None

WORD = {"type": "string", "maxLength": 6}
SCHEMAS = {
    "object": {
        "type": "object",
        "properties": {"a": WORD, "b": {"type": "integer"}, "c": {"type": ["boolean", "null"]}},
        "required": ["b"],
        "additionalProperties": False,
    },
    "array": {"type": "array", "items": {"enum": ["x", 1, None]}, "minItems": 2, "maxItems": 5},
    "recursive": {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "v": {"type": "number"},
                    "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]},
                },
                "required": ["v", "next"],
                "additionalProperties": False,
            }
        },
    },
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-(\\d{2}|x+)$"},
    "format": {"type": "object", "properties": {"on": {"type": "string", "format": "date"},
               "id": {"type": "string", "format": "uuid"}}, "required": ["on", "id"]},
    "length": {"type": "string", "minLength": 3, "maxLength": 5},
    "map": {"type": "object", "additionalProperties": {"const": {"k": [True]}}},
    "nested": {"type": "array", "maxItems": 2, "items": {"type": "array", "maxItems": 2,
               "items": {"type": "object", "properties": {"q": WORD}, "required": ["q"]}}},
}


@unittest.skipIf(jsonschema is None, "Python's jsonschema is not installed (python3-jsonschema)")
class StructuredTest(support.ProgramTest):
    def test_answers_are_valid(self):
        with tempfile.TemporaryDirectory() as scratch:
            model = tiny_model.make(pathlib.Path(scratch) / "tiny", context=4096)
            with serving.serving("-m", model, "--data", scratch) as server:
                for name, schema in SCHEMAS.items():
                    with self.subTest(name):
                        self.check(server, name, schema)

    def check(self, server, name, schema):
        request = {
            "messages": [{"role": "user", "content": "Go"}],
            "max_tokens": 2000,
            "temperature": 1.5,
            "seed": 1,
            "n": 8,
            "response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema}},
        }
        status, _, reply = server.post("/chat/completions", request)
        self.assertEqual(status, 200, reply)
        done = [c["message"]["content"] for c in reply["choices"] if c["finish_reason"] == "stop"]
        self.assertTrue(done)
        for text in done:
            checker = jsonschema.FormatChecker()
            jsonschema.validate(json.loads(text), schema, format_checker=checker)


if __name__ == "__main__":
    support.main()
