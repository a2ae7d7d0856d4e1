// Multi-step problems in sentences of our own, in three languages.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/error.h"
#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

// In `text`, A to D are numbers, N and M people, T things. `program` reckons from left to right.
struct Skeleton {
  std::string_view text;
  std::string_view program;
};

// The last kHeldOut skeletons of each language are for the held-out part alone.
constexpr std::size_t kHeldOut = 3;
constexpr std::size_t kSkeletons = 12;

struct Language {
  std::string_view code;
  std::array<Skeleton, kSkeletons> skeletons;
  std::array<std::string_view, 8> names;
  std::array<std::string_view, 6> things;
};

constexpr Language kEnglish = {
    "en",
    {{{"N has A T. M gives N B more. How many T does N have now?", "A+B"},
      {"N had A T and lost B of them. How many T are left?", "A-B"},
      {"There are A boxes with B T in each. How many T are there in all?", "A*B"},
      {"N buys A bags with B T each, and already had C T. How many T does N have?", "A*B+C"},
      {"N packs A T into every box and fills B boxes. Then C T are sold. How many T remain?",
       "A*B-C"},
      {"N found A T on Monday, B on Tuesday, and gave C to M. How many T does N still have?",
       "A+B-C"},
      {"N and M have A and B T. They put them together and each T is worth C coins. How many coins "
       "are all T worth?",
       "A+B*C"},
      {"A shelf holds A T. B shelves are full, and C more T lie on the floor. How many T are "
       "there?",
       "A*B+C"},
      {"N reads A pages a day for B days and has C pages left. How many pages has the book?",
       "A*B+C"},
      {"A bus carries A people. B get on and C get off at the next stop. How many people are on "
       "the "
       "bus?",
       "A+B-C"},
      {"N saves A coins every week. After B weeks N spends C coins on T. How many coins are left?",
       "A*B-C"},
      {"M picked A T in the morning and B in the evening, then shared out C. How many T has M?",
       "A+B-C"}}},
    {"Nora", "Sam", "Lina", "Omar", "Ella", "Yusuf", "Maya", "Tom"},
    {"apples", "books", "stamps", "pencils", "shells", "cards"}};

constexpr Language kArabic = {
    "ar",
    {{{"لدى N عدد A من T، وأعطاها صديق B أخرى. كم عدد T الآن؟", "A+B"},
      {"كان لدى N عدد A من T وضاع منها B. كم بقي من T؟", "A-B"},
      {"هناك A صناديق في كل منها B من T. كم عدد T كلها؟", "A*B"},
      {"اشترت N عدد A أكياس في كل كيس B من T، وكان لديها C. كم عدد T لديها؟", "A*B+C"},
      {"تملأ N عدد B صناديق، في كل صندوق A من T، ثم تبيع C. كم بقي من T؟", "A*B-C"},
      {"وجدت N عدد A من T يوم الأحد و B يوم الاثنين وأهدت C إلى M. كم بقي لديها من T؟", "A+B-C"},
      {"جمعت N و M عدد A و B من T، وثمن كل واحدة C دراهم. كم درهما ثمن T كلها؟", "A+B*C"},
      {"يتسع الرف لعدد A من T. امتلأ B رفوف وبقي C على الأرض. كم عدد T؟", "A*B+C"},
      {"تقرأ N كل يوم A صفحات مدة B أيام وبقي C صفحات. كم صفحة في الكتاب؟", "A*B+C"},
      {"في الحافلة A راكبا. صعد B ونزل C في المحطة. كم راكبا في الحافلة؟", "A+B-C"},
      {"توفر N كل أسبوع A دراهم. بعد B أسابيع أنفقت C دراهم. كم درهما بقي؟", "A*B-C"},
      {"قطفت M في الصباح A من T وفي المساء B ثم وزعت C. كم بقي لديها من T؟", "A+B-C"}}},
    {"ليلى", "سلمى", "مريم", "هدى", "نور", "سارة", "ريم", "دانة"},
    {"التفاح", "الكتب", "الأقلام", "الطوابع", "البطاقات", "البرتقال"}};

constexpr Language kChinese = {
    "zh",
    {{{"N有A个T，M又给了N B个。N现在有多少个T？", "A+B"},
      {"N原来有A个T，丢了B个。还剩多少个T？", "A-B"},
      {"有A个盒子，每个盒子里有B个T。一共有多少个T？", "A*B"},
      {"N买了A袋T，每袋B个，原来还有C个。N一共有多少个T？", "A*B+C"},
      {"N每箱装A个T，装满了B箱，然后卖掉C个。还剩多少个T？", "A*B-C"},
      {"N星期一找到A个T，星期二找到B个，送给M C个。N还有多少个T？", "A+B-C"},
      {"N和M分别有A个和B个T，每个T值C元。这些T一共值多少元？", "A+B*C"},
      {"一个架子放A个T，放满了B个架子，地上还有C个。一共有多少个T？", "A*B+C"},
      {"N每天读A页书，读了B天，还剩C页。这本书有多少页？", "A*B+C"},
      {"车上有A个人，到站上来B个人，下去C个人。车上现在有多少人？", "A+B-C"},
      {"N每星期存A元，存了B个星期，花掉C元。还剩多少元？", "A*B-C"},
      {"M上午摘了A个T，下午摘了B个，分给别人C个。M还有多少个T？", "A+B-C"}}},
    {"小明", "小红", "小华", "小丽", "小军", "小芳", "小强", "小玲"},
    {"苹果", "本子", "贝壳", "橘子", "卡片", "气球"}};

std::string in_arabic_digits(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      result += '\xD9';
      result += static_cast<char>(0xA0 + (c - '0'));
    } else {
      result += c;
    }
  }
  return result;
}

std::string fill(std::string_view text, const std::array<std::int64_t, 4>& numbers,
                 std::string_view name, std::string_view other, std::string_view things) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // A placeholder is a capital letter alone; "There" is a word.
    const auto letter = [&](std::size_t at) {
      return at < text.size() &&
             ((text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z'));
    };
    const bool alone = !letter(i + 1) && (i == 0 || !letter(i - 1));
    const bool article =
        text.substr(i).starts_with("A shelf") || text.substr(i).starts_with("A bus");
    if (!alone || article) {
      result += c;
    } else if (c >= 'A' && c <= 'D') {
      result += std::to_string(numbers[static_cast<std::size_t>(c - 'A')]);
    } else if (c == 'N') {
      result += name;
    } else if (c == 'M') {
      result += other;
    } else if (c == 'T') {
      result += things;
    } else {
      result += c;
    }
  }
  return result;
}

// The steps of a program such as "A+B*C", from left to right; nothing when one goes below zero.
std::optional<WorkedStep> run(std::string_view program,
                              const std::array<std::int64_t, 4>& numbers) {
  const auto number = [&](char c) { return numbers[static_cast<std::size_t>(c - 'A')]; };
  WorkedStep result{number(program[0]), ""};
  for (std::size_t i = 1; i + 1 < program.size(); i += 2) {
    const WorkedStep step = work_out(result.value, program[i], number(program[i + 1]));
    if (step.value < 0) return std::nullopt;
    result.value = step.value;
    result.text += (result.text.empty() ? "" : " ") + step.text + ".";
  }
  return result;
}

Question draw_problem(const Draw& draw, const Language& language) {
  const bool held_out = draw.part == Part::held_out;
  const std::size_t first = held_out ? kSkeletons - kHeldOut : 0;
  const std::size_t count = held_out ? kHeldOut : kSkeletons - kHeldOut;
  const std::int64_t most = draw.level == Level::easy ? 9 : draw.level == Level::normal ? 30 : 400;
  for (;;) {
    const Skeleton& skeleton = language.skeletons[first + draw.rng.below(count)];
    std::array<std::int64_t, 4> numbers{};
    for (std::int64_t& value : numbers) value = draw.between(2, most);
    const std::size_t name = draw.rng.below(language.names.size());
    const std::size_t other =
        (name + 1 + draw.rng.below(language.names.size() - 1)) % language.names.size();
    const std::optional<WorkedStep> worked = run(skeleton.program, numbers);
    if (!worked) continue;
    Question question;
    question.language = language.code;
    question.text = fill(skeleton.text, numbers, language.names[name], language.names[other],
                         draw.choose(language.things));
    question.answer = std::to_string(worked->value);
    question.solution = worked->text;
    return question;
  }
}

}  // namespace

Question draw_english_problem(const Draw& draw) { return draw_problem(draw, kEnglish); }
Question draw_chinese_problem(const Draw& draw) { return draw_problem(draw, kChinese); }

// Half of them in Arabic-Indic digits, the answer too.
Question draw_arabic_problem(const Draw& draw) {
  const bool indic = draw.rng.below(2) == 0;
  Question question = draw_problem(draw, kArabic);
  if (indic) {
    question.text = in_arabic_digits(question.text);
    question.answer = in_arabic_digits(question.answer);
  }
  return question;
}

}  // namespace frugal::tasks
