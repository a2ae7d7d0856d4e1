#include "text/json_grammar.h"

#include <map>
#include <set>
#include <span>

#include "base/error.h"

namespace frugal::text {

namespace {

using Rule = Grammar::Rule;

constexpr std::int64_t kMaxIndent = 24;
constexpr std::int64_t kMaxDigits = 17;   // models that repeat themselves would not end a number
constexpr std::int64_t kMaxCount = 5000;  // of minItems and the like
constexpr int kMaxDepth = 64;

// Patterns of formats (RFC 3339, RFC 1123). February has 28 days, whatever the year.
constexpr const char* kDate =
    "\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|"
    "02-(0[1-9]|1\\d|2[0-8]))";
constexpr const char* kTime = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
constexpr const char* kHostLabel = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";

ByteSet one_of(std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set.set(static_cast<unsigned char>(byte));
  return set;
}

// A character beyond ASCII in UTF-8 (RFC 3629).
Rule multibyte(Grammar& g) {
  const Rule tail = g.bytes(byte_range(0x80, 0xBF));
  const auto lead = [&](unsigned char first, unsigned char last) {
    return g.bytes(byte_range(first, last));
  };
  return g.choice({
      g.sequence({lead(0xC2, 0xDF), tail}),
      g.sequence({lead(0xE0, 0xE0), lead(0xA0, 0xBF), tail}),
      g.sequence({lead(0xE1, 0xEC), tail, tail}),
      g.sequence({lead(0xED, 0xED), lead(0x80, 0x9F), tail}),
      g.sequence({lead(0xEE, 0xEF), tail, tail}),
      g.sequence({lead(0xF0, 0xF0), lead(0x90, 0xBF), tail, tail}),
      g.sequence({lead(0xF1, 0xF3), tail, tail, tail}),
      g.sequence({lead(0xF4, 0xF4), lead(0x80, 0x8F), tail, tail}),
  });
}

}  // namespace

Rule json_character(Grammar& g) {
  ByteSet plain = byte_range(0x20, 0x7F);
  plain.reset('"');
  plain.reset('\\');
  const Rule hex = g.bytes(one_of("0123456789abcdefABCDEF"));
  const Rule low = g.bytes(one_of("01234567"));
  // Surrogates only in pairs: half of one is no character.
  const Rule not_surrogate =
      g.choice({g.sequence({g.bytes(one_of("0123456789abcefABCEF")), hex, hex, hex}),
                g.sequence({g.bytes(one_of("dD")), low, hex, hex})});
  const Rule pair =
      g.sequence({g.bytes(one_of("dD")), g.bytes(one_of("89abAB")), hex, hex, g.literal("\\u"),
                  g.bytes(one_of("dD")), g.bytes(one_of("cdefCDEF")), hex, hex});
  const Rule escape = g.choice({g.sequence({g.literal("\\"), g.bytes(one_of("\"\\/bfnrt"))}),
                                g.sequence({g.literal("\\u"), g.choice({not_surrogate, pair})})});
  return g.choice({g.bytes(plain), multibyte(g), escape});
}

JsonGrammar::JsonGrammar(Grammar& grammar) : grammar_(grammar) {
  Grammar& g = grammar_;
  const Rule indent = g.repeat(g.bytes(one_of(" \t")), 0, kMaxIndent);
  space_ = g.choice({g.sequence({}), g.literal(" "), g.sequence({g.literal("\n"), indent})});
  comma_ = g.sequence({g.literal(","), space_});
  colon_ = g.sequence({g.literal(":"), space_});
  character_ = json_character(g);
  string_ = g.sequence({g.literal("\""), g.repeat(character_, 0, -1), g.literal("\"")});
  const Rule digit = g.bytes(one_of("0123456789"));
  const Rule digits = g.repeat(digit, 1, kMaxDigits);
  const Rule whole = g.choice(
      {g.literal("0"), g.sequence({g.bytes(one_of("123456789")), g.repeat(digit, 0, kMaxDigits)})});
  integer_ = g.sequence({g.optional(g.literal("-")), whole});
  const Rule exponent =
      g.sequence({g.bytes(one_of("eE")), g.optional(g.bytes(one_of("+-"))), g.repeat(digit, 1, 2)});
  number_ = g.sequence(
      {integer_, g.optional(g.sequence({g.literal("."), digits})), g.optional(exponent)});
  define_values();
}

void JsonGrammar::define_values() {
  Grammar& g = grammar_;
  value_ = g.declare();
  const auto list = [&](const char* open, Rule element, const char* close) {
    return g.sequence(
        {g.literal(open), space_, g.repeat(element, 0, -1, comma_), space_, g.literal(close)});
  };
  object_ = list("{", g.sequence({string_, colon_, value_}), "}");
  array_ = list("[", value_, "]");
  g.define(value_, g.choice({object_, array_, string_, number_, g.literal("true"),
                             g.literal("false"), g.literal("null")}));
}

/// One schema with its definitions.
class SchemaCompiler {
 public:
  SchemaCompiler(JsonGrammar& json, const Json& root)
      : json_(json), g_(json.grammar_), root_(root) {}

  Rule compile(const Json& schema, const std::string& place, int depth = 0);

 private:
  static void check_keywords(const Json& schema, const std::string& place);
  Rule reference(const Json& target, const std::string& place, int depth);
  Rule any_of(const Json& choices, const std::string& place, int depth);
  Rule typed(const Json& schema, const std::string& type, const std::string& place, int depth);
  Rule object(const Json& schema, const std::string& place, int depth);
  Rule members(std::span<const std::pair<Rule, bool>> list);
  Rule array(const Json& schema, const std::string& place, int depth);
  Rule string(const Json& schema, const std::string& place);
  Rule literal(const Json& value) { return g_.literal(value.dump()); }
  static std::int64_t count(const Json& schema, const char* key, std::int64_t otherwise,
                            const std::string& place);

  JsonGrammar& json_;
  Grammar& g_;
  const Json& root_;
  std::map<std::string, Rule> references_;  // by their text
};

void SchemaCompiler::check_keywords(const Json& schema, const std::string& place) {
  static const std::set<std::string, std::less<>> known = {
      "type",        "properties",  "required",  "additionalProperties",
      "items",       "minItems",    "maxItems",  "enum",
      "const",       "anyOf",       "allOf",     "$ref",
      "$defs",       "definitions", "minLength", "maxLength",
      "pattern",     "format",      "nullable",  "title",
      "description", "default",     "examples",  "example",
      "$schema",     "$id",         "$comment",  "deprecated",
      "readOnly",    "writeOnly",   "strict"};
  require(schema.is_object(), "{}: a schema is an object", place);
  for (const auto& [key, value] : schema.items()) {
    require(known.contains(key), "{}: the keyword {} is not supported", place, printable(key));
  }
  // Grammars cannot say "both"; what would have to hold besides these is refused.
  for (const char* alone : {"$ref", "anyOf", "allOf"}) {
    if (!schema.contains(alone)) continue;
    for (const char* key :
         {"$ref", "anyOf", "allOf", "type", "properties", "items", "enum", "const", "pattern",
          "format", "minLength", "maxLength", "minItems", "maxItems"}) {
      require(std::string_view(key) == alone || !schema.contains(key),
              "{}: {} beside {} is not supported", place, key, alone);
    }
  }
}

std::int64_t SchemaCompiler::count(const Json& schema, const char* key, std::int64_t otherwise,
                                   const std::string& place) {
  const auto found = schema.find(key);
  if (found == schema.end()) return otherwise;
  require(found->is_number_integer() && *found >= 0 && *found <= kMaxCount,
          "{}: {} is no whole number from 0 to {}", place, key, kMaxCount);
  return found->get<std::int64_t>();
}

Rule SchemaCompiler::compile(const Json& schema, const std::string& place, int depth) {
  require(depth < kMaxDepth, "{}: nested deeper than {}", place, kMaxDepth);
  if (schema.is_boolean() && schema.get<bool>()) return json_.value_;
  check_keywords(schema, place);
  if (schema.contains("$ref")) return reference(schema["$ref"], place, depth);
  if (schema.contains("const")) return literal(schema["const"]);
  if (schema.contains("enum")) {
    const Json& values = schema["enum"];
    require(values.is_array() && !values.empty(), "{}: enum is no list of values", place);
    std::vector<Rule> rules;
    for (const Json& value : values) rules.push_back(literal(value));
    return g_.choice(rules);
  }
  if (schema.contains("anyOf")) return any_of(schema["anyOf"], place + ".anyOf", depth);
  if (schema.contains("allOf")) {
    require(schema["allOf"].is_array() && schema["allOf"].size() == 1,
            "{}: allOf is supported for one schema only", place);
    return compile(schema["allOf"][0], place + ".allOf", depth + 1);
  }
  const auto type = schema.find("type");
  if (type == schema.end()) {
    if (schema.contains("properties")) return object(schema, place, depth);
    return json_.value_;
  }
  std::vector<Rule> rules;
  for (const Json& name : type->is_array() ? *type : Json::array({*type})) {
    require(name.is_string(), "{}: type is no string", place);
    rules.push_back(typed(schema, name.get<std::string>(), place, depth));
  }
  require(!rules.empty(), "{}: type is empty", place);
  if (schema.value("nullable", Json(false)) == true) rules.push_back(g_.literal("null"));
  return rules.size() == 1 ? rules.front() : g_.choice(rules);
}

Rule SchemaCompiler::typed(const Json& schema, const std::string& type, const std::string& place,
                           int depth) {
  if (type == "object") return object(schema, place, depth);
  if (type == "array") return array(schema, place, depth);
  if (type == "string") return string(schema, place);
  if (type == "number") return json_.number_;
  if (type == "integer") return json_.integer_;
  if (type == "boolean") return g_.choice({g_.literal("true"), g_.literal("false")});
  require(type == "null", "{}: there is no type {}", place, printable(type));
  return g_.literal("null");
}

// "#", "#/$defs/name": a JSON pointer into the whole schema.
Rule SchemaCompiler::reference(const Json& target, const std::string& place, int depth) {
  require(target.is_string() && target.get_ref<const std::string&>().starts_with('#'),
          "{}: $ref is supported within the schema only (#/...)", place);
  const auto text = target.get<std::string>();
  if (const auto known = references_.find(text); known != references_.end()) return known->second;
  const Rule rule = g_.declare();  // before its meaning, which may refer to it
  references_.emplace(text, rule);
  try {
    const Json& found = root_.at(Json::json_pointer(text.substr(1)));
    g_.define(rule, compile(found, text, depth + 1));
  } catch (const Json::exception&) {
    fail("{}: $ref {} leads nowhere", place, printable(text));
  }
  return rule;
}

Rule SchemaCompiler::any_of(const Json& choices, const std::string& place, int depth) {
  require(choices.is_array() && !choices.empty(), "{}: expected a list of schemas", place);
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    rules.push_back(compile(choices[i], fmt::format("{}[{}]", place, i), depth + 1));
  }
  return g_.choice(rules);
}

Rule SchemaCompiler::object(const Json& schema, const std::string& place, int depth) {
  const Json none = Json::object();
  const Json& properties = schema.contains("properties") ? schema["properties"] : none;
  require(properties.is_object(), "{}: properties is no object", place);
  std::set<std::string> required;
  for (const Json& name : schema.value("required", Json::array())) {
    require(name.is_string(), "{}: required is no list of names", place);
    required.insert(name.get<std::string>());
    require(properties.contains(name.get<std::string>()),
            "{}: required names {}, which is not a property", place,
            printable(name.get<std::string>()));
  }
  if (properties.empty()) {
    const Json more = schema.value("additionalProperties", Json(true));
    if (more == true) return json_.object_;
    if (more == false) return g_.sequence({g_.literal("{"), json_.space_, g_.literal("}")});
    const Rule value = compile(more, place + ".additionalProperties", depth + 1);
    const Rule member = g_.sequence({json_.string_, json_.colon_, value});
    return g_.sequence({g_.literal("{"), json_.space_, g_.repeat(member, 0, -1, json_.comma_),
                        json_.space_, g_.literal("}")});
  }
  std::vector<std::pair<Rule, bool>> list;
  for (const auto& [name, value] : properties.items()) {
    const Rule rule = compile(value, place + "." + printable(name), depth + 1);
    list.emplace_back(g_.sequence({literal(name), json_.colon_, rule}), required.contains(name));
  }
  return g_.sequence({g_.literal("{"), json_.space_, members(list), json_.space_, g_.literal("}")});
}

// Members in order; those that are not required may be left out. Built from the end, so that each
// suffix is made once for each case: behind no member, and behind some, with a comma.
Rule SchemaCompiler::members(std::span<const std::pair<Rule, bool>> list) {
  Rule after_none = g_.sequence({});
  Rule after_some = g_.sequence({});
  for (std::size_t i = list.size(); i-- > 0;) {
    const auto& [member, required] = list[i];
    const Rule with = g_.sequence({member, after_some});
    const Rule with_comma = g_.sequence({json_.comma_, member, after_some});
    after_none = required ? with : g_.choice({with, after_none});
    after_some = required ? with_comma : g_.choice({with_comma, after_some});
  }
  return after_none;
}

Rule SchemaCompiler::array(const Json& schema, const std::string& place, int depth) {
  const std::int64_t least = count(schema, "minItems", 0, place);
  const std::int64_t most = count(schema, "maxItems", -1, place);
  require(most < 0 || least <= most, "{}: minItems is more than maxItems", place);
  const Rule item = schema.contains("items") ? compile(schema["items"], place + ".items", depth + 1)
                                             : json_.value_;
  return g_.sequence({g_.literal("["), json_.space_, g_.repeat(item, least, most, json_.comma_),
                      json_.space_, g_.literal("]")});
}

Rule SchemaCompiler::string(const Json& schema, const std::string& place) {
  static const std::map<std::string, std::string> formats = {
      {"date", fmt::format("^{}$", kDate)},
      {"time", fmt::format("^{}$", kTime)},
      {"date-time", fmt::format("^{}T{}$", kDate, kTime)},
      {"email",
       fmt::format("^[A-Za-z0-9_+-]{{1,32}}(\\.[A-Za-z0-9_+-]{{1,16}}){{0,3}}@{0}(\\.{0}){{1,3}}$",
                   kHostLabel)},
      {"hostname", fmt::format("^{0}(\\.{0}){{0,3}}$", kHostLabel)},
      {"ipv4", "^((25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(25[0-5]|2[0-4]\\d|1?\\d?\\d)$"},
      {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
  };
  const std::int64_t least = count(schema, "minLength", 0, place);
  const std::int64_t most = count(schema, "maxLength", -1, place);
  require(most < 0 || least <= most, "{}: minLength is more than maxLength", place);
  const auto pattern = schema.find("pattern");
  const auto format = schema.find("format");
  const bool has_length = least > 0 || most >= 0;
  require((pattern != schema.end()) + (format != schema.end()) + (has_length ? 1 : 0) <= 1,
          "{}: of pattern, format and lengths only one is supported", place);
  Rule text = g_.repeat(json_.character_, least, most);
  if (pattern != schema.end()) {
    require(pattern->is_string(), "{}: pattern is no string", place);
    text = pattern_rule(g_, pattern->get<std::string>());
  } else if (format != schema.end()) {
    const auto known =
        format->is_string() ? formats.find(format->get<std::string>()) : formats.end();
    require(known != formats.end(), "{}: the format {} is not supported", place,
            printable(format->dump()));
    text = pattern_rule(g_, known->second);
  }
  return g_.sequence({g_.literal("\""), text, g_.literal("\"")});
}

Rule JsonGrammar::schema(const Json& schema) {
  return SchemaCompiler(*this, schema).compile(schema, "schema");
}

}  // namespace frugal::text
